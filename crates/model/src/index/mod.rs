//! The index model: one set of values for OCI image indexes and Docker manifest lists.
//!
//! An [`Index`] holds everything that either form can hold. It is changed by [`Edit`]s and written
//! by [`Index::encode`], which says what the chosen form could not hold; several are put together
//! by [`combine`](combine::combine).

mod apply;
pub mod combine;
mod edit;
mod encode;
mod filter;

pub use apply::EditError;
pub use edit::{Edit, Selector, Target};
pub use encode::{Dropped, Encoded, Layout, NoEntries, Style};
pub use filter::duplicate_platforms;

use crate::descriptor::Extra;
use crate::{Annotations, Descriptor, Digest, DocumentError, MediaType, Platform, wire};

/// What an index says: its entries in order, and what it says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// The entries, in the order in which runtimes look at them.
    pub entries: Vec<Descriptor>,
    /// Annotations of the index. Only the OCI form holds them.
    pub annotations: Annotations,
    /// What kind of artifact the index is. Only the OCI form holds it.
    pub artifact_type: Option<MediaType>,
    /// The manifest that the index is about. Only the OCI form holds it.
    pub subject: Option<Descriptor>,
    /// Fields that this version does not know, kept as they came.
    pub extra: Extra,
}

impl Index {
    /// The first entry with that digest.
    pub fn entry(&self, digest: &Digest) -> Option<&Descriptor> {
        self.entries.iter().find(|entry| entry.digest == *digest)
    }

    /// The platforms the index has images for, in order, each once.
    pub fn platforms(&self) -> Vec<&Platform> {
        let mut platforms: Vec<&Platform> = Vec::new();
        for platform in self.entries.iter().filter_map(|entry| entry.platform.as_ref()) {
            if !platform.is_unknown() && !platforms.contains(&platform) {
                platforms.push(platform);
            }
        }
        platforms
    }

    /// The JSON of everything the index holds in either form: what records keep. It is an OCI index
    /// that may have `platform.features` besides.
    pub fn to_full_json(&self) -> String {
        wire::index::write_full(self)
    }

    /// Reads [`Index::to_full_json`] back.
    pub fn from_full_json(json: &str) -> Result<Self, DocumentError> {
        wire::index::read_full(json)
    }
}
