//! The changes that can be made to an index, as values.

use std::fmt;

use crate::{AnnotationChange, Descriptor, Digest, MediaType, Platform, PlatformPatch};

/// One change of an index. Applied by [`Index::apply`](crate::Index::apply).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Appends entries. One whose digest is there already stays where it is and takes over what the
    /// new one says: fields that are set replace, annotations are merged.
    Add(Vec<Descriptor>),
    /// Takes entries away.
    Remove(Selector),
    /// Changes annotations, of the index or of entries.
    Annotate {
        /// Whose annotations.
        target: Target,
        /// Made in order, so of several with one key the last wins.
        changes: Vec<AnnotationChange>,
    },
    /// Changes fields of the platform of entries.
    Platform {
        /// Which entries.
        entries: Selector,
        /// What changes.
        patch: PlatformPatch,
    },
    /// Sets or clears the artifact type of the index.
    ArtifactType(Option<MediaType>),
    /// Sets or clears the subject of the index.
    Subject(Option<Box<Descriptor>>),
}

/// What an [`Edit::Annotate`] changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The index itself.
    Index,
    /// Entries of it.
    Entries(Selector),
}

/// Which entries of an index are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// Every entry with that digest; there must be one.
    Entry(Digest),
    /// The entries for that platform; there must be one. What the platform leaves open must not
    /// leave open which is meant: `linux/arm` selects an entry that is just that, or else all of the
    /// one variant there is, but not `arm/v6` and `arm/v7` at once.
    Platform(Platform),
    /// Every entry, be there any or not.
    Every,
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(digest) => digest.fmt(f),
            Self::Platform(platform) => platform.fmt(f),
            Self::Every => f.write_str("every entry"),
        }
    }
}
