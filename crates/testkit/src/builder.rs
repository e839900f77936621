//! What the builders of manifests and of indexes have in common.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::blob::Blob;
use crate::json::{Edits, Object, annotations, string};

/// Builds one manifest or index; `Parts` is what only that kind of document has.
///
/// Every method takes the builder and gives it back. Where a document cannot hold a field by its
/// specification (a `subject` in a Docker manifest, say) the builder writes it all the same: tests need
/// such documents too.
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing before `build`"]
pub struct Builder<Parts> {
    pub(crate) parts: Parts,
    pub(crate) flavor: Flavor,
    artifact_type: Option<String>,
    subject: Option<Object>,
    annotations: BTreeMap<String, String>,
    edits: Edits,
    raw: Option<Vec<u8>>,
}

/// Whose media types a document carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    Oci,
    Docker,
}

impl Flavor {
    /// The one of two media types that belongs to this flavor.
    pub(crate) fn pick(self, oci: &'static str, docker: &'static str) -> &'static str {
        match self {
            Self::Oci => oci,
            Self::Docker => docker,
        }
    }
}

impl<Parts> Builder<Parts> {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            parts,
            flavor: Flavor::Oci,
            artifact_type: None,
            subject: None,
            annotations: BTreeMap::new(),
            edits: Edits::new(),
            raw: None,
        }
    }

    /// Uses Docker's media types (version 2 schema 2) in place of OCI's.
    pub fn docker(mut self) -> Self {
        self.flavor = Flavor::Docker;
        self
    }

    /// Annotates the document itself.
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Sets `artifactType`.
    pub fn artifact_type(mut self, media_type: &str) -> Self {
        self.artifact_type = Some(media_type.to_owned());
        self
    }

    /// Refers to `subject`, which makes the document one of its referrers.
    pub fn subject(mut self, subject: &Blob) -> Self {
        self.subject = Some(subject.descriptor());
        self
    }

    /// Sets a top-level field to any JSON: a new field at the end, a known one where it stands.
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.edits.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Leaves out a top-level field, such as `mediaType`.
    pub fn without(mut self, name: &str) -> Self {
        self.edits.push((name.to_owned(), None));
        self
    }

    /// Takes `bytes` for the document as they are; all fields set otherwise are forgotten.
    pub fn raw(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw = Some(bytes.into());
        self
    }

    /// Writes the document around the fields that only its kind has.
    pub(crate) fn document(&self, media_type: &str, own_fields: Object) -> Blob {
        if let Some(bytes) = &self.raw {
            return Blob::new(media_type, bytes.clone());
        }
        let object = Object::default()
            .with("schemaVersion", 2)
            .with("mediaType", string(media_type))
            .with_some("artifactType", self.artifact_type.as_deref().map(string))
            .followed_by(own_fields)
            .with_some("subject", self.subject.as_ref())
            .with_some("annotations", annotations(&self.annotations))
            .edited(&self.edits);
        Blob::new(media_type, object.to_bytes())
    }
}
