//! The only reader of content: bounded and verified.

use std::sync::Arc;

use umbel_model::raw::Mismatch;
use umbel_model::{Descriptor, ImageName, Manifest, Raw};

use crate::{ReadBackend, Root, TransportError, VerifiedBody};

/// How much is read of things that are held in memory, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// An index or manifest. 4 MiB is what registries and other clients take.
    pub manifest: u64,
    /// A config blob.
    pub config: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { manifest: 4 << 20, config: 4 << 20 }
    }
}

/// A place to read from, whose content is what it says or an error.
#[derive(Clone)]
pub struct Source {
    backend: Arc<dyn ReadBackend>,
    limits: Limits,
}

/// The document that a source's location names.
#[derive(Clone, Debug)]
pub struct SourceRoot {
    /// The document, read.
    pub manifest: Manifest,
    /// Its descriptor, with what the place says about it besides type, size and digest.
    pub descriptor: Descriptor,
}

impl Source {
    /// Reads from `backend` within `limits`.
    pub fn new(backend: Arc<dyn ReadBackend>, limits: Limits) -> Self {
        Self { backend, limits }
    }

    /// The backend, to be made part of an [`Assembled`](crate::Assembled) source.
    pub fn backend(&self) -> &Arc<dyn ReadBackend> {
        &self.backend
    }

    /// The place, for messages.
    pub fn location(&self) -> String {
        self.backend.location()
    }

    /// The repositories that are known to have this content.
    pub fn repositories_of(&self, descriptor: &Descriptor) -> Vec<ImageName> {
        self.backend.repositories_of(descriptor)
    }

    /// The document that the location names.
    pub async fn root(&self) -> Result<SourceRoot, TransportError> {
        let (raw, descriptor) = match self.backend.read_root(self.limits.manifest).await? {
            Root::Described(descriptor, bytes) => (self.verified(&descriptor, bytes)?, descriptor),
            Root::Named(raw) => {
                let descriptor = raw.descriptor();
                (raw, descriptor)
            }
        };
        Ok(SourceRoot { manifest: self.parsed(raw)?, descriptor })
    }

    /// The document that a descriptor names.
    pub async fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, TransportError> {
        let limit = self.limits.manifest;
        self.refuse_larger(descriptor, limit)?;
        self.refuse_unverifiable(descriptor)?;
        let bytes = self.backend.read_manifest(descriptor, limit).await?;
        self.parsed(self.verified(descriptor, bytes)?)
    }

    /// The blob that a descriptor names.
    pub async fn blob(&self, descriptor: &Descriptor) -> Result<VerifiedBody, TransportError> {
        self.refuse_unverifiable(descriptor)?;
        let body = self.backend.open_blob(descriptor).await?;
        Ok(VerifiedBody::new(body, descriptor, self.backend.home_of(descriptor)))
    }

    /// The config blob that a descriptor names, in memory.
    pub async fn config(&self, descriptor: &Descriptor) -> Result<Vec<u8>, TransportError> {
        let limit = self.limits.config;
        self.refuse_larger(descriptor, limit)?;
        self.blob(descriptor).await?.collect(limit).await
    }

    /// Refuses content that says to be too large before anybody is asked for it.
    fn refuse_larger(&self, descriptor: &Descriptor, limit: u64) -> Result<(), TransportError> {
        if descriptor.size <= limit {
            return Ok(());
        }
        let what = format!("`{}` of `{}`", descriptor.digest, self.location());
        Err(TransportError::TooLarge { what, size: descriptor.size, limit })
    }

    /// Refuses content that could never be verified before anybody is asked for it.
    fn refuse_unverifiable(&self, descriptor: &Descriptor) -> Result<(), TransportError> {
        if descriptor.digest.algorithm().is_some() {
            return Ok(());
        }
        let source = Mismatch::UnknownAlgorithm(descriptor.digest.clone());
        Err(TransportError::Damaged { location: self.backend.home_of(descriptor), source })
    }

    fn verified(&self, descriptor: &Descriptor, bytes: Vec<u8>) -> Result<Raw, TransportError> {
        Raw::verified(descriptor, bytes)
            .map_err(|source| TransportError::Damaged { location: self.backend.home_of(descriptor), source })
    }

    fn parsed(&self, raw: Raw) -> Result<Manifest, TransportError> {
        let what = format!("`{}`", raw.digest());
        Manifest::parse(raw).map_err(|source| TransportError::Document {
            what,
            location: self.location(),
            source,
        })
    }
}
