//! What can go wrong between umbel and a place where content lives.

use std::io;
use std::path::PathBuf;

use umbel_model::raw::Mismatch;
use umbel_model::{Descriptor, DocumentError};

use crate::RemoteError;

/// A read or write that failed, with the place it concerns.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The image, document or blob is not there.
    #[error("there is no {what} in `{location}`")]
    NotFound {
        /// What was looked for.
        what: String,
        /// Where.
        location: String,
    },
    /// A location names a place with several images and says not which.
    #[error("`{location}` holds {} images and the location does not say which", .images.len())]
    Unspecified {
        /// The place.
        location: String,
        /// The images, each as what would have to stand behind the place.
        images: Vec<String>,
    },
    /// The place is something else than its transport says.
    #[error("`{location}` is not {expected}: {problem}")]
    WrongKind {
        /// The place.
        location: String,
        /// What it should be.
        expected: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A file system call failed.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What was to be done, as a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Something that must be a plain file is not; it is not opened.
    #[error("`{}` is {found}, not a regular file", .path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
    },
    /// Something is larger than it may be.
    #[error("{what} has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// What.
        what: String,
        /// How large it is, or says to be.
        size: u64,
        /// How large it may be.
        limit: u64,
    },
    /// A document is refused.
    #[error("cannot read {what} of `{location}`")]
    Document {
        /// Which document.
        what: String,
        /// Where it is.
        location: String,
        /// What is wrong with it.
        source: DocumentError,
    },
    /// Content is not what its digest says.
    #[error("content in `{location}` is damaged")]
    Damaged {
        /// Where it is.
        location: String,
        /// What differs.
        source: Mismatch,
    },
    /// The digest that a location names is not that of what was to be written there.
    #[error("`{location}` asks for a digest that the result, `{actual}`, does not have")]
    WrongTarget {
        /// The destination.
        location: String,
        /// What would have been written.
        actual: umbel_model::Digest,
    },
    /// The location can be read from, but names nothing that can be written.
    #[error("`{location}` is not a destination: {problem}")]
    NotADestination {
        /// The location.
        location: String,
        /// Why not.
        problem: &'static str,
    },
    /// A registry could not be asked, or said no.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The lock on a place could not be had in time.
    #[error("`{location}` is in use by another process; gave up after {waited_seconds} s")]
    Busy {
        /// The place.
        location: String,
        /// How long the lock was waited for.
        waited_seconds: u64,
    },
}

impl TransportError {
    /// An error that says that the content of `descriptor` is not in `location`.
    pub fn missing(descriptor: &Descriptor, location: impl Into<String>) -> Self {
        Self::NotFound { what: format!("`{}`", descriptor.digest), location: location.into() }
    }
}
