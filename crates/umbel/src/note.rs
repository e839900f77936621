//! What a user should know about something that went well.

use std::fmt;

use umbel_model::index::Dropped;
use umbel_model::index::combine::CombineNote;
use umbel_model::{Descriptor, Digest, DocumentKind, Flavor, Platform};

/// A remark of a verb. Never an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A list that was to be published as a Docker list will be an OCI index: it now has something
    /// that only that can hold.
    BecameOci,
    /// Fields of an index whose entries were added stayed behind.
    LeftBehind {
        /// The source.
        from: String,
        /// The fields.
        fields: Vec<&'static str>,
    },
    /// Something was lost with the user's consent.
    Dropped(Dropped),
    /// Attestations went with the entry they were about.
    AttestationsRemoved(Vec<Digest>),
    /// Several entries are for one platform; runtimes take the first.
    DuplicatePlatform(Platform),
    /// A Docker list has entries that are not Docker images, which some clients do not take.
    MixedList(Digest),
    /// A remark about a combination.
    Combine(CombineNote),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BecameOci => f.write_str(
                "the list will be published as an OCI index: a Docker list cannot hold all that is in it",
            ),
            Self::LeftBehind { from, fields } => {
                let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
                write!(f, "{} of the index `{from}` are not taken over, only its entries", fields.join(", "))
            }
            Self::Dropped(dropped) => write!(f, "{dropped} is lost"),
            Self::AttestationsRemoved(digests) => {
                let digests: Vec<String> = digests.iter().map(|digest| format!("`{digest}`")).collect();
                write!(f, "attestations about what was removed went with it: {}", digests.join(", "))
            }
            Self::DuplicatePlatform(platform) => {
                write!(f, "there are several entries for `{platform}`; runtimes take the first")
            }
            Self::MixedList(digest) => {
                write!(f, "the Docker list has an entry that is not a Docker image, `{digest}`")
            }
            Self::Combine(note) => note.fmt(f),
        }
    }
}

/// Remarks about the platforms of entries.
pub(crate) fn about_platforms(entries: &[Descriptor]) -> impl Iterator<Item = Note> + use<> {
    umbel_model::index::duplicate_platforms(entries).into_iter().map(Note::DuplicatePlatform)
}

/// Remarks about entries that are to be published in a form: about their platforms, and about one that
/// is no Docker image in a Docker list.
pub(crate) fn about_publishing(flavor: Flavor, entries: &[Descriptor]) -> impl Iterator<Item = Note> + use<> {
    let is_docker = |entry: &&Descriptor| {
        matches!(
            entry.media_type.document_kind(),
            Some(
                DocumentKind::Image(Flavor::Docker)
                    | DocumentKind::Index(Flavor::Docker)
                    | DocumentKind::Schema1
            )
        )
    };
    let foreign = entries.iter().find(|entry| flavor == Flavor::Docker && !is_docker(entry));
    about_platforms(entries).chain(foreign.map(|entry| Note::MixedList(entry.digest.clone())))
}
