//! Writing an index in one of its two forms.

use std::fmt;

use super::Index;
use crate::{Descriptor, Digest, Document, Flavor, Raw, wire};

/// How the JSON of an index is set out. The default is what podman and buildah write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// White space between tokens.
    pub layout: Layout,
    /// How an index without entries is written.
    pub no_entries: NoEntries,
}

/// White space between tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// None at all.
    #[default]
    Compact,
    /// One member a line, two spaces a level, as buildx writes.
    Indented,
}

/// How an index without entries is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoEntries {
    /// As an empty array, which the specification asks for.
    #[default]
    Array,
    /// As `null`, which podman and buildah write for a list that never had an entry.
    Null,
}

/// An index that was written, and what its form could not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The new document; its view lacks what was dropped.
    pub document: Document<Index>,
    /// What was lost; empty if nothing was.
    pub dropped: Vec<Dropped>,
}

impl Index {
    /// Writes the index in the form of `flavor`, with the bytes that Go's encoder gives for it.
    ///
    /// What the form cannot hold is listed; whether that is an error is for the caller to say. The
    /// Docker form has no annotations, artifact types, subject or inline data; the OCI form has no
    /// CPU features.
    pub fn encode(&self, flavor: Flavor, style: Style) -> Encoded {
        let raw = Raw::new(flavor.index_type(), wire::index::write(self, flavor, style));
        let dropped = self.dropped_by(flavor);
        let mut view = self.clone();
        match flavor {
            Flavor::Oci => {
                let described = view.entries.iter_mut().chain(&mut view.subject);
                for platform in described.filter_map(|descriptor| descriptor.platform.as_mut()) {
                    platform.features.clear();
                }
            }
            Flavor::Docker => {
                view.annotations.clear();
                (view.artifact_type, view.subject) = (None, None);
                for entry in &mut view.entries {
                    entry.annotations.clear();
                    (entry.artifact_type, entry.data) = (None, None);
                    entry.platform.get_or_insert_default();
                }
            }
        }
        Encoded { document: Document::new(raw, view), dropped }
    }

    /// What writing the index in the form of `flavor` would lose.
    pub fn dropped_by(&self, flavor: Flavor) -> Vec<Dropped> {
        let has_features = |descriptor: &Descriptor| {
            descriptor.platform.as_ref().is_some_and(|platform| !platform.features.is_empty())
        };
        let own = match flavor {
            Flavor::Oci => {
                vec![("subject.platform.features", self.subject.as_ref().is_some_and(has_features))]
            }
            Flavor::Docker => vec![
                ("annotations", !self.annotations.is_empty()),
                ("artifactType", self.artifact_type.is_some()),
                ("subject", self.subject.is_some()),
            ],
        };
        let mut dropped: Vec<Dropped> = lost(None, &own).collect();
        for entry in &self.entries {
            let of_entry = match flavor {
                Flavor::Oci => vec![("platform.features", has_features(entry))],
                Flavor::Docker => vec![
                    ("annotations", !entry.annotations.is_empty()),
                    ("artifactType", entry.artifact_type.is_some()),
                    ("data", entry.data.is_some()),
                ],
            };
            dropped.extend(lost(Some(&entry.digest), &of_entry));
        }
        dropped
    }
}

fn lost(entry: Option<&Digest>, fields: &[(&'static str, bool)]) -> impl Iterator<Item = Dropped> {
    let entry = entry.cloned();
    let names: Vec<_> = fields.iter().filter(|(_, lost)| *lost).map(|(name, _)| *name).collect();
    names.into_iter().map(move |field| Dropped { entry: entry.clone(), field })
}

/// Something that the chosen form cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The entry that had it; `None` for the index itself.
    pub entry: Option<Digest>,
    /// The field, by its name in documents.
    pub field: &'static str,
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(digest) => write!(f, "`{}` of entry `{digest}`", self.field),
            None => write!(f, "`{}` of the index", self.field),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Manifest, MediaType, Platform};

    fn rich() -> Index {
        let mut entry = Descriptor::new(MediaType::OCI_MANIFEST, Digest::sha256(b"x"), 1);
        entry.annotations.insert("a".into(), "b".into());
        entry.data = Some(b"{}".to_vec());
        entry.platform = Some(Platform { features: vec!["sse4".into()], ..Platform::new("linux", "amd64") });
        let mut index = Index { entries: vec![entry], ..Index::default() };
        index.annotations.insert("c".into(), "d".into());
        index
    }

    #[test]
    fn each_form_reports_what_it_cannot_hold() {
        let fields = |flavor| -> Vec<&str> { rich().dropped_by(flavor).iter().map(|d| d.field).collect() };
        assert_eq!(fields(Flavor::Oci), ["platform.features"]);
        assert_eq!(fields(Flavor::Docker), ["annotations", "annotations", "data"]);
    }

    #[test]
    fn the_view_of_a_written_document_is_what_reading_it_gives() {
        for flavor in [Flavor::Oci, Flavor::Docker] {
            let document = rich().encode(flavor, Style::default()).document;
            assert_eq!(Manifest::parse(document.raw().clone()), Ok(Manifest::Index(document)));
        }
    }

    #[test]
    fn the_full_form_holds_everything() {
        assert_eq!(Index::from_full_json(&rich().to_full_json()), Ok(rich()));
    }

    #[test]
    fn unknown_fields_survive_an_edit() {
        let json = r#"{"schemaVersion":2,"x":{"n":1e400, "a":[1.0]},"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"a/b","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"y":true,"platform":{"architecture":"amd64","os":"linux","z":null}}]}"#;
        let raw = Raw::new(MediaType::OCI_INDEX, json.into());
        let Ok(Manifest::Index(document)) = Manifest::parse(raw) else { panic!("reads") };
        let written = document.view().encode(Flavor::Oci, Style::default()).document;
        let text = std::str::from_utf8(written.raw().bytes()).unwrap();
        for part in [r#""x":{"n":1e400,"a":[1.0]}"#, r#""y":true"#, r#""z":null"#] {
            assert!(text.contains(part), "{text}");
        }
    }
}
