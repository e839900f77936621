//! What can go wrong with the store.

use std::path::PathBuf;

use umbel_content::TransportError;
use umbel_model::name::NameError;

use crate::FileError;

/// An operation on the store that failed. Nothing was changed, unless all that failed was to make a
/// change last: then it is visible, and might not outlive a power failure.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such list.
    #[error("there is no list `{query}`")]
    NotFound {
        /// What was looked for.
        query: String,
    },
    /// An ID prefix fits several lists.
    #[error("`{query}` could be any of the lists {}", .candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        query: String,
        /// The names of what it fits.
        candidates: Vec<String>,
    },
    /// The text is neither a name nor anything else by which a list could be found.
    #[error(transparent)]
    BadName(#[from] NameError),
    /// A list of that name is there already.
    #[error("the name `{name}` is in use by the list `{id}`")]
    NameTaken {
        /// The name.
        name: String,
        /// The ID of the list that has it.
        id: String,
    },
    /// The file of a list cannot be understood. Other lists are not concerned.
    #[error("the list `{name}` is damaged: `{}` {problem}", .path.display())]
    Damaged {
        /// The list, as far as its file's name tells.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The file of a list is of a version that was made after this program.
    #[error("the list `{name}` was written by a newer version of umbel: format {version}, not {known}")]
    Newer {
        /// The list.
        name: String,
        /// The version of its file.
        version: u64,
        /// The newest version this program knows.
        known: u64,
    },
    /// The lock on a list could not be had in time.
    #[error("the list `{name}` is being changed by another process; gave up after {waited_seconds} s")]
    Locked {
        /// The list.
        name: String,
        /// How long the lock was waited for.
        waited_seconds: u64,
    },
    /// A file system call failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the store is not one that can be read at all.
    #[error("the store cannot be read")]
    Unreadable(#[from] TransportError),
}
