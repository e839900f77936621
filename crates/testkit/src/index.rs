//! Indexes and Docker manifest lists over images, artifacts and other indexes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::blob::Blob;
use crate::builder::Builder;
use crate::image::{Image, image};
use crate::json::{Edits, Object, annotations, array};
use crate::manifest::manifest;
use crate::media_type::{DOCKER_LIST, OCI_INDEX};
use crate::platform::Platform;

/// An index with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The index document.
    pub manifest: Blob,
    /// What its entries name, in their order; entries made by [`Entry::absent`] have nothing here.
    pub entries: Vec<Blob>,
    /// All that lies below the entries (configs, layers, nested manifests), once each, by digest.
    pub blobs: Vec<Blob>,
}

/// What only the builder of indexes has.
#[derive(Clone, Debug)]
pub struct IndexParts {
    entries: Vec<Entry>,
}

/// A descriptor in an index, together with the content behind it.
///
/// Made from a borrowed [`Image`] (with its platform), [`Index`] or [`Blob`], then changed at will.
#[derive(Clone, Debug)]
#[must_use = "an entry is nothing until an index or a layout takes it"]
pub struct Entry {
    descriptor: Object,
    annotations: BTreeMap<String, String>,
    edits: Edits,
    pub(crate) content: Option<Blob>,
    pub(crate) below: Vec<Blob>,
}

/// Starts an OCI index without entries; [`Builder::docker`] makes it a Docker manifest list.
///
/// ```
/// use umbel_testkit::{Entry, image, index};
/// let odd = image("linux/arm64").build();
/// let list = index().entry(Entry::from(&odd).without("platform").annotation("k", "v")).build();
/// assert_eq!(list.entries, [odd.manifest]);
/// ```
pub fn index() -> Builder<IndexParts> {
    Builder::new(IndexParts { entries: Vec::new() })
}

/// An OCI index of `count` distinct images for `linux/amd64` that share their config and their layer.
///
/// The manifests differ by an annotation that counts them from 0, and so this takes milliseconds where
/// packing as many images would take seconds.
pub fn many_entries(count: usize) -> Index {
    let shared = image("linux/amd64").build();
    let [layer] = &shared.layers[..] else { unreachable!("a plain image has one layer") };
    let numbered = (0..count).map(|number| Image {
        platform: shared.platform.clone(),
        ..manifest(shared.config.clone())
            .layer(layer.clone())
            .annotation("org.example.number", &number.to_string())
            .build()
    });
    numbered.fold(index(), |index, image| index.entry(&image)).build()
}

impl Builder<IndexParts> {
    /// Adds an entry at the end.
    pub fn entry(mut self, entry: impl Into<Entry>) -> Self {
        self.parts.entries.push(entry.into());
        self
    }

    /// Writes the index.
    pub fn build(self) -> Index {
        let descriptors = array(self.parts.entries.iter().map(Entry::object));
        let own_fields = Object::default().with("manifests", descriptors);
        let manifest = self.document(self.flavor.pick(OCI_INDEX, DOCKER_LIST), own_fields);

        let mut entries = Vec::new();
        let mut blobs = BTreeMap::new();
        for entry in self.parts.entries {
            entries.extend(entry.content);
            blobs.extend(entry.below.into_iter().map(|blob| (blob.digest.clone(), blob)));
        }
        Index { manifest, entries, blobs: blobs.into_values().collect() }
    }
}

impl Entry {
    /// An entry of which only the descriptor exists, here as any JSON object.
    ///
    /// # Panics
    ///
    /// If `descriptor` is not an object.
    pub fn absent(descriptor: &Value) -> Self {
        let fields = descriptor.as_object().unwrap_or_else(|| panic!("not an object: {descriptor}"));
        let object = fields.iter().fold(Object::default(), |object, (key, value)| object.with(key, value));
        Self::new(object, None, Vec::new())
    }

    /// Annotates the entry (not what it names).
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Sets a field of the descriptor to any JSON, which may be a lie about the content.
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.edits.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Leaves out a field of the descriptor.
    pub fn without(mut self, name: &str) -> Self {
        self.edits.push((name.to_owned(), None));
        self
    }

    fn new(descriptor: Object, content: Option<Blob>, below: Vec<Blob>) -> Self {
        Self { descriptor, annotations: BTreeMap::new(), edits: Edits::new(), content, below }
    }

    /// The descriptor as it will be written.
    pub(crate) fn object(&self) -> Object {
        self.descriptor.clone().with_some("annotations", annotations(&self.annotations)).edited(&self.edits)
    }
}

impl From<&Blob> for Entry {
    fn from(blob: &Blob) -> Self {
        Self::new(blob.descriptor(), Some(blob.clone()), Vec::new())
    }
}

impl From<&Image> for Entry {
    fn from(image: &Image) -> Self {
        let platform = image.platform.as_ref().map(Platform::object);
        let below = [&image.config].into_iter().chain(&image.layers).cloned().collect();
        let descriptor = image.manifest.descriptor().with_some("platform", platform);
        Self::new(descriptor, Some(image.manifest.clone()), below)
    }
}

impl From<&Index> for Entry {
    fn from(index: &Index) -> Self {
        let below = index.entries.iter().chain(&index.blobs).cloned().collect();
        Self::new(index.manifest.descriptor(), Some(index.manifest.clone()), below)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;
    use crate::blob::digest;

    fn parsed(blob: &Blob) -> Value {
        serde_json::from_slice(&blob.bytes).unwrap()
    }

    #[test]
    fn entries_carry_platform_annotations_and_any_field() {
        let arm = image("linux/arm/v7").build();
        let entry = Entry::from(&arm).annotation("k", "v").field("urls", vec!["https://example.org/a"]);
        let list =
            index().entry(entry).annotation("top", "1").field("x-unknown", json!({"deep": [1]})).build();
        assert_eq!(
            parsed(&list.manifest),
            json!({
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": [{
                    "mediaType": arm.manifest.media_type,
                    "digest": digest(&arm.manifest.bytes),
                    "size": arm.manifest.bytes.len(),
                    "platform": { "architecture": "arm", "os": "linux", "variant": "v7" },
                    "annotations": { "k": "v" },
                    "urls": ["https://example.org/a"],
                }],
                "annotations": { "top": "1" },
                "x-unknown": { "deep": [1] },
            })
        );
    }

    #[test]
    fn docker_list_has_its_media_type_in_and_outside() {
        let list = index().docker().entry(&image("linux/386").docker().build()).build();
        assert_eq!(list.manifest.media_type, DOCKER_LIST);
        assert_eq!(parsed(&list.manifest)["mediaType"], DOCKER_LIST);
    }

    #[test]
    fn nested_index_brings_all_that_lies_below_it() {
        let image = image("linux/amd64").build();
        let inner = index().entry(&image).build();
        let outer = index().entry(&inner).entry(Entry::absent(&json!({"digest": "sha256:0"}))).build();
        assert_eq!(outer.entries, [inner.manifest]);
        let below: BTreeSet<&str> = outer.blobs.iter().map(|blob| blob.digest.as_str()).collect();
        let expected = [&image.manifest, &image.config, &image.layers[0]].map(|blob| blob.digest.as_str());
        assert_eq!(below, BTreeSet::from(expected));
    }

    #[test]
    fn many_entries_are_distinct_and_quick() {
        let started = Instant::now();
        let list = many_entries(5000);
        assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
        let digests: BTreeSet<&str> = list.entries.iter().map(|blob| blob.digest.as_str()).collect();
        assert_eq!(digests.len(), 5000);
        assert_eq!(list.blobs.len(), 2);
        assert_eq!(parsed(&list.manifest)["manifests"].as_array().unwrap().len(), 5000);
    }
}
