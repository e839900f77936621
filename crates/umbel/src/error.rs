//! What can go wrong in a verb.

use umbel_content::TransportError;
use umbel_copy::{CopyError, Report};
use umbel_local::StoreError;
use umbel_model::index::combine::CombineError;
use umbel_model::index::{Dropped, EditError};
use umbel_model::name::{LocationError, NameError, Transport};
use umbel_model::{Flavor, NoMatch};

use crate::Published;

/// A verb that failed. Unless it says otherwise nothing was changed; but see [`StoreError`] for the
/// failure of the very last step.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A text is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A text is not a location.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The store of lists.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bare name is not that of a list.
    #[error("there is no list `{0}`")]
    NoSuchList(String),
    /// A location is on a transport that is not there yet.
    #[error("`{reference}` cannot be used: umbel has no transport `{}` yet", transport.name())]
    NoTransport {
        /// The location.
        reference: String,
        /// Its transport.
        transport: Transport,
    },
    /// A source cannot be read.
    #[error("cannot read `{reference}`")]
    Read {
        /// The source.
        reference: String,
        /// Why.
        source: TransportError,
    },
    /// A source is a Docker schema 1 image.
    #[error("`{0}` is a Docker schema 1 image, which no index may hold")]
    Schema1(String),
    /// A source has nothing for a platform.
    #[error("`{reference}` has nothing that fits")]
    NoMatch {
        /// The source.
        reference: String,
        /// What was wanted, and what there is.
        source: NoMatch,
    },
    /// A change of a list cannot be made.
    #[error("cannot change the list `{list}`")]
    Edit {
        /// The list.
        list: String,
        /// Why.
        source: EditError,
    },
    /// Sources cannot be combined.
    #[error("cannot combine the sources")]
    Combine(#[from] CombineError),
    /// One platform was to be written over those of several entries.
    #[error("{0} entries cannot all get the same platform")]
    PlatformOfMany(usize),
    /// A change that only entries can have was asked for the index.
    #[error("a platform belongs to an entry, not to the index")]
    PlatformOfIndex,
    /// A change that only the index can have was asked for an entry.
    #[error("the subject and the artifact type belong to the index, not to an entry")]
    IndexFieldOfEntry,
    /// The form in which something was to be written cannot hold all of it.
    #[error("{} cannot hold {}", form(*.flavor), listing(.dropped))]
    Lossy {
        /// The form.
        flavor: Flavor,
        /// What it cannot hold.
        dropped: Vec<Dropped>,
    },
    /// An entry's content is nowhere to be found.
    #[error("nobody knows where the content of entry `{0}` is")]
    NoOrigin(umbel_model::Digest),
    /// A destination cannot be written. Its name stands for what it stood for before, unless `source` is
    /// [`CopyError::Publish`]; the destinations before it are done.
    #[error("cannot publish to `{destination}`")]
    Publish {
        /// The destination.
        destination: String,
        /// What was published before.
        done: Vec<Published>,
        /// What was done at this destination before it failed.
        report: Report,
        /// The destinations that it did not come to.
        not_tried: Vec<String>,
        /// Why.
        source: CopyError,
    },
    /// A destination cannot be used. Nothing was written anywhere.
    #[error("cannot write to `{destination}`")]
    Destination {
        /// The destination.
        destination: String,
        /// Why.
        source: TransportError,
    },
}

/// How many lost fields an error names before it only counts the rest.
const LISTED: usize = 4;

fn listing(dropped: &[Dropped]) -> String {
    let listed: Vec<String> = dropped.iter().take(LISTED).map(ToString::to_string).collect();
    match dropped.len().saturating_sub(LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

fn form(flavor: Flavor) -> &'static str {
    match flavor {
        Flavor::Oci => "an OCI index",
        Flavor::Docker => "a Docker manifest list",
    }
}
