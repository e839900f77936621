//! Reads OCI layouts as plainly as can be, to tell what the product wrote.
//!
//! Whatever is amiss panics: a file that is missing or not JSON, and a blob whose size or digest is not what
//! its descriptor says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::blob::{Blob, digest};
use crate::files::read;
use crate::layout::{NAME, blob_path};

/// What the entries of `index.json` name, by their `org.opencontainers.image.ref.name`.
///
/// An entry without a name is found under its digest.
///
/// # Panics
///
/// If the layout is faulty, or has a name twice.
#[track_caller]
pub fn read_layout(root: impl AsRef<Path>) -> BTreeMap<String, Blob> {
    let root = root.as_ref();
    let mut found = BTreeMap::new();
    for descriptor in entries(root) {
        let blob = blob(root, &descriptor);
        let name = descriptor["annotations"][NAME].as_str().unwrap_or(&blob.digest).to_owned();
        let earlier = found.insert(name.clone(), blob);
        assert_eq!(earlier, None, "{}: index.json has `{name}` twice", root.display());
    }
    found
}

/// The digests of all blobs that `index.json` reaches through indexes and manifests.
///
/// With [`tree`](crate::tree) it tells that nothing is missing and nothing is left over.
///
/// # Panics
///
/// If the layout is faulty; a blob that is named but not there is a fault.
#[track_caller]
pub fn reachable_blobs(root: impl AsRef<Path>) -> BTreeSet<String> {
    let root = root.as_ref();
    let mut found = BTreeSet::new();
    let mut pending = entries(root);
    while let Some(descriptor) = pending.pop() {
        let blob = blob(root, &descriptor);
        if found.insert(blob.digest.clone()) && names_others(&blob.media_type) {
            pending.extend(named_by(&json(root, &blob.bytes)));
        }
    }
    found
}

#[track_caller]
fn entries(root: &Path) -> Vec<Value> {
    let path = root.join("index.json");
    named_by(&json(&path, &read(&path)))
}

/// The descriptors in an index or a manifest; `subject` is not among them, as it need not be present.
fn named_by(document: &Value) -> Vec<Value> {
    let lists = ["manifests", "layers"].into_iter().filter_map(|list| document[list].as_array());
    lists.flatten().chain(document.get("config")).cloned().collect()
}

/// Whether a blob of this type is an index or a manifest.
fn names_others(media_type: &str) -> bool {
    use crate::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
    [DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST].contains(&media_type)
}

/// The blob behind `descriptor`, checked against it.
#[track_caller]
fn blob(root: &Path, descriptor: &Value) -> Blob {
    let text = |field: &str| {
        let value = descriptor[field].as_str();
        value.unwrap_or_else(|| panic!("{}: no `{field}` in {descriptor}", root.display())).to_owned()
    };
    let (media_type, named) = (text("mediaType"), text("digest"));
    let path = blob_path(root, &named);
    let bytes = read(&path);
    assert_eq!(digest(&bytes), named, "{}: wrong digest", path.display());
    assert_eq!(Some(bytes.len() as u64), descriptor["size"].as_u64(), "{}: wrong size", path.display());
    Blob { media_type, digest: named, bytes }
}

#[track_caller]
fn json(path: &Path, bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layout, damage, image, index, tree};

    #[test]
    fn layout_reads_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let (arm, intel) = (image("linux/arm64").build(), image("linux/amd64").docker().build());
        let list = index().entry(&arm).entry(&intel).build();
        Layout::create(dir.path().join("new/layout"))
            .add_image(&arm, Some("arm"))
            .add_image(&intel, None)
            .add_index(&list, Some("all"));
        let expected = [
            ("arm".to_owned(), arm.manifest),
            (intel.manifest.digest.clone(), intel.manifest),
            ("all".to_owned(), list.manifest),
        ];
        assert_eq!(read_layout(dir.path().join("new/layout")), BTreeMap::from(expected));
    }

    #[test]
    fn index_json_is_an_index_whose_entries_have_names() {
        let dir = tempfile::tempdir().unwrap();
        let image = image("linux/arm/v7").build();
        let mut layout = Layout::create(dir.path());
        layout.add_image(&image, Some("armv7"));
        assert_eq!(
            json(dir.path(), &read(&layout.index_path())),
            serde_json::json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": [{
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": digest(&image.manifest.bytes),
                    "size": image.manifest.bytes.len(),
                    "platform": { "architecture": "arm", "os": "linux", "variant": "v7" },
                    "annotations": { "org.opencontainers.image.ref.name": "armv7" },
                }],
            })
        );
        assert_eq!(read(&dir.path().join("oci-layout")), br#"{"imageLayoutVersion":"1.0.0"}"#);
    }

    #[test]
    fn every_blob_that_is_not_an_orphan_is_reachable() {
        let dir = tempfile::tempdir().unwrap();
        let inner = index().entry(&image("linux/amd64").build()).build();
        let outer = index().entry(&inner).build();
        let mut layout = Layout::create(dir.path());
        let orphan = layout.add_index(&outer, None).add_blob("orphan");
        let mut reachable = reachable_blobs(dir.path());
        assert_eq!(reachable.len(), 5, "outer, inner, manifest, config, layer");
        assert!(reachable.insert(orphan));
        assert_eq!(tree(dir.path().join("blobs/sha256")).len(), reachable.len());
    }

    #[test]
    #[should_panic(expected = "wrong digest")]
    fn flipped_byte_does_not_pass() {
        let dir = tempfile::tempdir().unwrap();
        let image = image("linux/amd64").build();
        let mut layout = Layout::create(dir.path());
        layout.add_image(&image, None);
        damage::flip_byte(layout.blob_path(&image.layers[0].digest), 40);
        reachable_blobs(dir.path());
    }

    #[test]
    fn same_calls_give_the_same_directory() {
        let write = || {
            let dir = tempfile::tempdir().unwrap();
            let image = image("linux/ppc64le").file("/etc/motd", "hi").build();
            Layout::create(dir.path()).add_image(&image, Some("a")).add_image(&image, Some("b"));
            tree(dir.path())
        };
        assert_eq!(write(), write());
    }
}
