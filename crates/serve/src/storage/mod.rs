//! Where repositories are kept.

mod directory;
mod memory;

pub(crate) use directory::Directory;
pub(crate) use memory::Memory;

use std::fs::File;

use bytes::Bytes;
use umbel_model::{Digest, Index, Raw};

use crate::refusal::Refusal;

/// A manifest has at most 4 MiB, as the specification asks registries to take.
pub(crate) const MANIFEST_LIMIT: u64 = 4 << 20;

/// Content of a known size.
#[derive(Debug)]
pub(crate) enum Content {
    /// In memory.
    Bytes(Bytes),
    /// In a file of that many bytes.
    File(File, u64),
}

impl Content {
    /// The size in bytes.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, size) => *size,
        }
    }
}

/// A blob that is being written. Dropped before it is finished, it is gone.
pub(crate) trait NewContent: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal>;

    /// Makes the blob appear under its digest, which the caller has verified.
    fn finish(self: Box<Self>, digest: &Digest) -> Result<(), Refusal>;
}

/// The change of an index; an error leaves it as it was.
pub(crate) type Change<'c> = &'c mut dyn FnMut(Index) -> Result<Index, Refusal>;

/// Repositories: blobs by digest, documents among them, and for each an index of what is listed.
///
/// A repository comes into being when it is first written to.
pub(crate) trait Storage: Send + Sync {
    /// The names of all repositories, sorted.
    fn repositories(&self) -> Result<Vec<String>, Refusal>;

    /// What a repository lists; `None` if there is no such repository.
    fn index(&self, repository: &str) -> Result<Option<Index>, Refusal>;

    /// Changes what a repository lists. Nobody else does so meanwhile.
    fn update(&self, repository: &str, change: Change<'_>) -> Result<(), Refusal>;

    /// A blob or document.
    fn content(&self, repository: &str, digest: &Digest) -> Result<Option<Content>, Refusal>;

    /// Begins a blob.
    fn begin(&self, repository: &str) -> Result<Box<dyn NewContent>, Refusal>;

    /// Writes a document.
    fn write_document(&self, repository: &str, raw: &Raw) -> Result<(), Refusal>;

    /// Removes a blob or document; whether it was there.
    fn remove(&self, repository: &str, digest: &Digest) -> Result<bool, Refusal>;
}
