//! Documents: bytes with a read-only view of what they say.

use std::fmt;

use crate::{Digest, DocumentKind, Flavor, ImageManifest, Index, MediaType, Raw, wire};

/// A document that keeps the bytes it came in, with a view of what they say.
///
/// There is no mutable view and no way to put one together from parts: as long as a document is
/// passed around, its bytes and therefore its digest stay. An edit makes a new one
/// ([`Index::encode`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<V> {
    raw: Raw,
    view: V,
}

impl<V> Document<V> {
    pub(crate) fn new(raw: Raw, view: V) -> Self {
        Self { raw, view }
    }

    /// The document's bytes, type and digest.
    pub fn raw(&self) -> &Raw {
        &self.raw
    }

    /// What the document says.
    pub fn view(&self) -> &V {
        &self.view
    }

    /// Gives the view up, to be edited.
    pub fn into_view(self) -> V {
        self.view
    }
}

impl Document<Index> {
    /// The form in which the document is written.
    pub fn flavor(&self) -> Flavor {
        if *self.raw.media_type() == MediaType::DOCKER_LIST { Flavor::Docker } else { Flavor::Oci }
    }
}

/// A document of one of the kinds that registries and layouts hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manifest {
    /// An image index or manifest list.
    Index(Document<Index>),
    /// The manifest of one image or artifact.
    Image(Document<ImageManifest>),
    /// Docker's first image manifest; known, but not read any further.
    Schema1(Raw),
}

impl Manifest {
    /// Reads a document strictly, as what its media type says.
    ///
    /// Refused, with the place in the document: what is no JSON, has anything behind its end, nests
    /// deeper than 64 levels, repeats a key, has a key that differs from a known one only by case,
    /// says another `mediaType` than `raw` has, could be read as another kind of document, or has a
    /// malformed digest or size.
    pub fn parse(raw: Raw) -> Result<Self, DocumentError> {
        match raw.media_type().document_kind() {
            Some(DocumentKind::Index(_)) => {
                let view = wire::index::read(raw.bytes(), raw.media_type())?;
                Ok(Self::Index(Document::new(raw, view)))
            }
            Some(DocumentKind::Image(_)) => {
                let view = wire::image::read(raw.bytes(), raw.media_type())?;
                Ok(Self::Image(Document::new(raw, view)))
            }
            Some(DocumentKind::Schema1) => Ok(Self::Schema1(raw)),
            None => Err(DocumentError::root(Problem::UnknownMediaType(raw.media_type().clone()))),
        }
    }

    /// Tells the media type of a document for which nothing else tells it: its own `mediaType`, or
    /// else what its members make it beyond doubt.
    pub fn detect(bytes: &[u8]) -> Result<MediaType, DocumentError> {
        wire::detect::media_type(bytes)
    }

    /// The document's bytes, type and digest.
    pub fn raw(&self) -> &Raw {
        match self {
            Self::Index(document) => document.raw(),
            Self::Image(document) => document.raw(),
            Self::Schema1(raw) => raw,
        }
    }

    /// The digest of the document.
    pub fn digest(&self) -> &Digest {
        self.raw().digest()
    }
}

/// A document that is refused, and the place in it that is the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    /// Where, as a path such as `manifests[3].digest`; empty for the document itself.
    pub place: String,
    /// What is wrong there.
    pub problem: Problem,
}

impl DocumentError {
    pub(crate) fn root(problem: Problem) -> Self {
        Self { place: String::new(), problem }
    }
}

impl std::error::Error for DocumentError {}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(f, "the document {}", self.problem),
            place => write!(f, "`{place}` {}", self.problem),
        }
    }
}

/// What is wrong with a place in a document. Reads on from the place's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Not JSON, or more than JSON.
    #[error("is not well-formed JSON: {0}")]
    Syntax(String),
    /// Not UTF-8.
    #[error("is not UTF-8 text")]
    NotUtf8,
    /// More levels than any real document has.
    #[error("is nested deeper than {0} levels")]
    TooDeep(usize),
    /// One key twice in one object.
    #[error("has the key `{0}` twice")]
    DuplicateKey(String),
    /// A key that readers which ignore case would take for a known one.
    #[error("has the key `{key}`, which some readers take for `{known}`")]
    CaseTwin {
        /// As written.
        key: String,
        /// What it can be mistaken for.
        known: &'static str,
    },
    /// A member that must be there is not.
    #[error("has no `{0}`")]
    Missing(&'static str),
    /// A value of another type than expected.
    #[error("is not {0}")]
    WrongType(&'static str),
    /// A string that does not parse as what it should be.
    #[error("is malformed: {0}")]
    Malformed(String),
    /// A size below zero, above `i64::MAX`, or no whole number.
    #[error("is not a size: `{0}`")]
    Size(String),
    /// A schema version that nobody defined.
    #[error("is `{0}`, not 2")]
    SchemaVersion(String),
    /// The document could be read as a document of another kind, too.
    #[error("is ambiguous: it says to be `{media_type}` but has a member `{member}`")]
    Ambiguous {
        /// What it is said to be.
        media_type: MediaType,
        /// What that kind of document cannot have.
        member: String,
    },
    /// The document's own word for its type is another than the one it came with.
    #[error("is ambiguous: it came as `{told}` but calls itself `{own}`")]
    TypeConflict {
        /// Said by what refers to it.
        told: MediaType,
        /// Said by the document.
        own: String,
    },
    /// The media type is that of no document we know.
    #[error("has the media type `{0}`, which is neither an index nor an image manifest")]
    UnknownMediaType(MediaType),
    /// Nothing tells what the document is.
    #[error("does not tell what it is: it has no known `mediaType` and no members that make it clear")]
    Unrecognised,
}
