//! A blob that can be read as often as it takes.

use umbel_model::{Descriptor, ImageName};

use crate::{Source, TransportError, VerifiedBody};

/// A blob of a source, not read yet. Sending it again opens it again.
#[derive(Clone)]
pub struct Blob {
    source: Source,
    descriptor: Descriptor,
}

impl Blob {
    /// The blob that `descriptor` names in `source`.
    pub fn new(source: Source, descriptor: Descriptor) -> Self {
        Self { source, descriptor }
    }

    /// What it is.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The repositories that are known to have it.
    pub fn repositories(&self) -> Vec<ImageName> {
        self.source.repositories_of(&self.descriptor)
    }

    /// Its bytes, from the start.
    pub async fn open(&self) -> Result<VerifiedBody, TransportError> {
        self.source.blob(&self.descriptor).await
    }
}
