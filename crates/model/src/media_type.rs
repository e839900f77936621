//! Media types of documents and blobs, and what they say about a document.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A media type as descriptors and registries write it, such as
/// `application/vnd.oci.image.index.v1+json`.
///
/// Any printable ASCII text of at most 255 characters with a `/` in it is one; parameters are not
/// taken apart.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaType(Cow<'static, str>);

impl MediaType {
    /// OCI image index.
    pub const OCI_INDEX: Self = Self::known("application/vnd.oci.image.index.v1+json");
    /// OCI image manifest.
    pub const OCI_MANIFEST: Self = Self::known("application/vnd.oci.image.manifest.v1+json");
    /// OCI image config.
    pub const OCI_CONFIG: Self = Self::known("application/vnd.oci.image.config.v1+json");
    /// The OCI descriptor of nothing: two bytes, `{}`.
    pub const OCI_EMPTY: Self = Self::known("application/vnd.oci.empty.v1+json");
    /// Docker manifest list.
    pub const DOCKER_LIST: Self = Self::known("application/vnd.docker.distribution.manifest.list.v2+json");
    /// Docker image manifest, version 2 schema 2.
    pub const DOCKER_MANIFEST: Self = Self::known("application/vnd.docker.distribution.manifest.v2+json");
    /// Docker image config.
    pub const DOCKER_CONFIG: Self = Self::known("application/vnd.docker.container.image.v1+json");
    /// Docker image manifest, version 2 schema 1.
    pub const DOCKER_SCHEMA1: Self = Self::known("application/vnd.docker.distribution.manifest.v1+json");
    /// Docker image manifest, version 2 schema 1, signed.
    pub const DOCKER_SCHEMA1_SIGNED: Self =
        Self::known("application/vnd.docker.distribution.manifest.v1+prettyjws");

    const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What kind of document this type announces; `None` for blobs and unknown types.
    pub fn document_kind(&self) -> Option<DocumentKind> {
        if *self == Self::OCI_INDEX {
            Some(DocumentKind::Index(Flavor::Oci))
        } else if *self == Self::DOCKER_LIST {
            Some(DocumentKind::Index(Flavor::Docker))
        } else if *self == Self::OCI_MANIFEST {
            Some(DocumentKind::Image(Flavor::Oci))
        } else if *self == Self::DOCKER_MANIFEST {
            Some(DocumentKind::Image(Flavor::Docker))
        } else if *self == Self::DOCKER_SCHEMA1 || *self == Self::DOCKER_SCHEMA1_SIGNED {
            Some(DocumentKind::Schema1)
        } else {
            None
        }
    }

    /// Whether this is the type of a layer whose licence keeps it from being distributed.
    pub fn is_nondistributable(&self) -> bool {
        self.0.contains(".nondistributable.") || self.0.contains(".rootfs.foreign.")
    }

    /// Whether this is the config type of a container image, from which a platform can be read.
    pub fn is_image_config(&self) -> bool {
        *self == Self::OCI_CONFIG || *self == Self::DOCKER_CONFIG
    }
}

impl FromStr for MediaType {
    type Err = MediaTypeError;

    fn from_str(text: &str) -> Result<Self, MediaTypeError> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if printable && text.len() <= 255 && text.contains('/') {
            Ok(Self(Cow::Owned(text.to_owned())))
        } else {
            Err(MediaTypeError(text.chars().take(100).collect()))
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two forms in which an index or an image manifest can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flavor {
    /// The OCI image specification.
    Oci,
    /// Docker's image manifest version 2, schema 2.
    Docker,
}

impl Flavor {
    /// The media type of an index of this flavor.
    pub fn index_type(self) -> MediaType {
        match self {
            Self::Oci => MediaType::OCI_INDEX,
            Self::Docker => MediaType::DOCKER_LIST,
        }
    }

    /// The word used for it in options and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Oci => "oci",
            Self::Docker => "docker",
        }
    }
}

impl fmt::Display for Flavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Flavor {
    type Err = FlavorError;

    /// Reads `oci` or `docker`; `v2s2`, the word of other tools for the latter, is understood too.
    fn from_str(text: &str) -> Result<Self, FlavorError> {
        match text {
            "oci" => Ok(Self::Oci),
            "docker" | "v2s2" => Ok(Self::Docker),
            _ => Err(FlavorError(text.to_owned())),
        }
    }
}

/// What a document is, as far as its media type tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// An image index or manifest list.
    Index(Flavor),
    /// The manifest of one image or artifact.
    Image(Flavor),
    /// Docker's first image manifest, which no index may hold.
    Schema1,
}

/// A text that cannot be a media type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a media type")]
pub struct MediaTypeError(String);

/// A word that names no flavor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a format of an index: it is `oci` or `docker`")]
pub struct FlavorError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_from_blobs() {
        assert_eq!(MediaType::OCI_INDEX.document_kind(), Some(DocumentKind::Index(Flavor::Oci)));
        assert_eq!(MediaType::DOCKER_LIST.document_kind(), Some(DocumentKind::Index(Flavor::Docker)));
        assert_eq!(MediaType::DOCKER_SCHEMA1_SIGNED.document_kind(), Some(DocumentKind::Schema1));
        assert_eq!(MediaType::OCI_CONFIG.document_kind(), None);
    }

    #[test]
    fn text_that_could_break_a_header_is_no_media_type() {
        for text in ["", "json", "a/b\r\nX: y", "a/b\u{1b}[2J", "a/é"] {
            assert!(text.parse::<MediaType>().is_err(), "{text:?}");
        }
    }
}
