//! The manifest of one image or artifact.

use crate::{Annotations, Descriptor, MediaType};

/// What the manifest of an image or artifact refers to and says about itself.
///
/// OCI image manifest (`manifest.md` of the image-spec) or Docker image manifest version 2,
/// schema 2. A view only: manifests are never written from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageManifest {
    /// The config blob.
    pub config: Descriptor,
    /// The layers, lowest first; the files of an artifact.
    pub layers: Vec<Descriptor>,
    /// Annotations of the manifest.
    pub annotations: Annotations,
    /// What kind of artifact this is, if it is one.
    pub artifact_type: Option<MediaType>,
    /// The manifest that this one is about.
    pub subject: Option<Descriptor>,
}

impl ImageManifest {
    /// The blobs that must be there for the manifest to be complete: config first, then layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config).chain(&self.layers)
    }

    /// Whether the config is that of a container image, which names a platform.
    pub fn has_image_config(&self) -> bool {
        self.config.media_type.is_image_config() && self.artifact_type.is_none()
    }
}
