//! Descriptors: what refers to content from a document.

use crate::annotations::{self, Annotations};
use crate::{Digest, MediaType, Platform};

/// A reference to content by digest, with what is known about it.
///
/// Fields as in the OCI image-spec, `descriptor.md`. As an *entry* of an index it says in addition
/// for which platform the content is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// What the content is.
    pub media_type: MediaType,
    /// The digest of the content.
    pub digest: Digest,
    /// The length of the content in bytes; at most `i64::MAX`.
    pub size: u64,
    /// Other places the content may be had from. Never followed unless asked for.
    pub urls: Vec<String>,
    /// Annotations of this reference, not of the content. Only the OCI form holds them.
    pub annotations: Annotations,
    /// The content itself, for small content. Only the OCI form holds it.
    pub data: Option<Vec<u8>>,
    /// For which platform the content is; `None` where the entry does not say.
    pub platform: Option<Platform>,
    /// What kind of artifact the content is. Only the OCI form holds it.
    pub artifact_type: Option<MediaType>,
    /// Fields that this version does not know, kept as they came.
    pub extra: Extra,
}

impl Descriptor {
    /// A descriptor that says only what it must.
    pub fn new(media_type: MediaType, digest: Digest, size: u64) -> Self {
        Self {
            media_type,
            digest,
            size,
            urls: Vec::new(),
            annotations: Annotations::new(),
            data: None,
            platform: None,
            artifact_type: None,
            extra: Extra::default(),
        }
    }

    /// Whether the layers behind this entry are marked as zstd compressed.
    pub fn is_zstd(&self) -> bool {
        self.annotations.get(annotations::ZSTD).is_some_and(|value| value == "true")
    }

    /// The entry that this one is an attestation about, if it is an attestation.
    pub fn attests(&self) -> Option<&str> {
        let kind = self.annotations.get(annotations::REFERENCE_TYPE)?;
        let about = self.annotations.get(annotations::REFERENCE_DIGEST)?;
        (kind == "attestation-manifest").then_some(about.as_str())
    }
}

/// The members of a JSON object that this version does not know.
///
/// Order and values are kept as they came (white space between tokens apart), so that an edit of
/// something else does not lose them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra(Vec<(String, Box<str>)>);

impl Extra {
    pub(crate) fn push(&mut self, key: String, json: Box<str>) {
        self.0.push((key, json));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values (as JSON text), in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, json)| (key.as_str(), &**json))
    }

    /// Takes over what `newer` says, member by member.
    pub(crate) fn merge(&mut self, newer: &Self) {
        for (key, json) in &newer.0 {
            match self.0.iter_mut().find(|(known, _)| known == key) {
                Some((_, value)) => value.clone_from(json),
                None => self.0.push((key.clone(), json.clone())),
            }
        }
    }
}
