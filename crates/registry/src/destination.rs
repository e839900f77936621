//! A repository as something to write to.

use umbel_content::{Blob, Placed, Placing, Task, TransportError, WriteBackend};
use umbel_model::{Digest, ImageName, Location, Raw};

use crate::endpoint::manifest::Reference;
use crate::source::tag;
use crate::{Network, Repository};

/// A name in a registry, to be written.
pub struct RegistryDestination {
    repository: Repository,
    name: ImageName,
}

impl RegistryDestination {
    /// The place that `name` names; a name without tag and digest gets the usual tag. Nothing is asked
    /// yet.
    pub fn new(network: &Network, name: ImageName) -> Self {
        Self { repository: network.repository(&name), name }
    }

    async fn publish(&self, root: &Raw) -> Result<(), TransportError> {
        if self.name.digest().is_some_and(|digest| digest != root.digest()) {
            let (location, actual) = (self.location(), root.digest().clone());
            return Err(TransportError::WrongTarget { location, actual });
        }
        match (self.name.tag(), self.name.digest()) {
            (None, Some(digest)) => self.repository.put_manifest(Reference::Digest(digest), root).await,
            _ => self.repository.put_tag(&tag(&self.name), root).await,
        }
    }

    async fn current(&self) -> Result<Option<Digest>, TransportError> {
        let tag = tag(&self.name);
        let reference = match (self.name.tag(), self.name.digest()) {
            (None, Some(digest)) => Reference::Digest(digest),
            _ => Reference::Tag(&tag),
        };
        self.repository.manifest_digest(reference).await
    }
}

impl WriteBackend for RegistryDestination {
    fn location(&self) -> String {
        Location::Registry(self.name.clone()).to_string()
    }

    fn parallel(&self) -> usize {
        self.repository.network().options().parallel
    }

    fn is_among(&self, repositories: &[ImageName]) -> bool {
        repositories.contains(self.repository.name())
    }

    fn current(&self) -> Task<'_, Option<Digest>> {
        Box::pin(self.current())
    }

    fn place_blob<'a>(&'a self, blob: &'a Blob, how: Placing) -> Task<'a, Placed> {
        Box::pin(self.repository.place_blob(blob, how))
    }

    fn write_manifest<'a>(&'a self, raw: &'a Raw) -> Task<'a, ()> {
        Box::pin(self.repository.put_manifest(Reference::Digest(raw.digest()), raw))
    }

    fn publish<'a>(&'a self, root: &'a Raw) -> Task<'a, ()> {
        Box::pin(self.publish(root))
    }
}
