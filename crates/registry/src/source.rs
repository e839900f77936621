//! A repository as something to read from.

use umbel_content::{Body, ReadBackend, Root, Task, TransportError};
use umbel_model::name::Tag;
use umbel_model::{Descriptor, ImageName, Location};

use crate::endpoint::manifest::Reference;
use crate::{Network, Repository};

/// What a name without tag and digest means.
pub(crate) const DEFAULT_TAG: &str = "latest";

/// An image in a registry, to be read.
pub struct RegistrySource {
    repository: Repository,
    name: ImageName,
}

impl RegistrySource {
    /// The image that `name` names. Nothing is asked yet.
    pub fn new(network: &Network, name: ImageName) -> Self {
        Self { repository: network.repository(&name), name }
    }

    async fn read_root(&self, limit: u64) -> Result<Root, TransportError> {
        // Where there are both, the digest decides.
        let raw = match self.name.digest() {
            Some(digest) => self.repository.manifest(Reference::Digest(digest), limit).await?,
            None => self.repository.manifest(Reference::Tag(&tag(&self.name)), limit).await?,
        };
        match self.name.digest() {
            None => Ok(Root::Named(raw)),
            Some(digest) => {
                let descriptor = Descriptor::new(raw.media_type().clone(), digest.clone(), raw.size());
                Ok(Root::Described(descriptor, raw.bytes().to_vec()))
            }
        }
    }

    async fn read_manifest(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, TransportError> {
        let raw = self.repository.manifest(Reference::Digest(&descriptor.digest), limit).await?;
        Ok(raw.bytes().to_vec())
    }

    async fn open_blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Body>, TransportError> {
        Ok(Box::new(self.repository.blob(descriptor).await?))
    }
}

/// The tag of a name, or the one that is meant without.
pub(crate) fn tag(name: &ImageName) -> Tag {
    name.tag().cloned().unwrap_or_else(|| DEFAULT_TAG.parse().expect("it is a tag"))
}

impl ReadBackend for RegistrySource {
    fn location(&self) -> String {
        Location::Registry(self.name.clone()).to_string()
    }

    fn repositories_of(&self, _: &Descriptor) -> Vec<ImageName> {
        vec![self.repository.name().clone()]
    }

    fn read_root(&self, limit: u64) -> Task<'_, Root> {
        Box::pin(self.read_root(limit))
    }

    fn read_manifest<'a>(&'a self, descriptor: &'a Descriptor, limit: u64) -> Task<'a, Vec<u8>> {
        Box::pin(self.read_manifest(descriptor, limit))
    }

    fn open_blob<'a>(&'a self, descriptor: &'a Descriptor) -> Task<'a, Box<dyn Body>> {
        Box::pin(self.open_blob(descriptor))
    }
}
