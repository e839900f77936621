//! The registry as a whole.

use std::path::PathBuf;

use crate::storage::{Directory, Memory, Storage};
use crate::upload::Uploads;

/// Repositories, and the uploads to them that are under way.
pub struct Registry {
    pub(crate) storage: Box<dyn Storage>,
    pub(crate) uploads: Uploads,
}

impl Registry {
    /// A registry that keeps everything in memory.
    pub fn in_memory() -> Self {
        Self::over(Box::new(Memory::default()))
    }

    /// A registry over a directory, in which the repository `a/b` is the OCI layout `a/b`. The directory
    /// is made when something is first written.
    pub fn in_directory(path: impl Into<PathBuf>) -> Self {
        Self::over(Box::new(Directory::new(path.into())))
    }

    fn over(storage: Box<dyn Storage>) -> Self {
        Self { storage, uploads: Uploads::default() }
    }
}
