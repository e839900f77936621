//! Writing to a layout.

use std::path::Path;

use umbel_content::{Task, TransportError, VerifiedBody, WriteBackend};
use umbel_model::name::LayoutImage;
use umbel_model::{Descriptor, Location, Raw};

use super::contents;
use super::directory::{Lazily, refuse_foreign};
use crate::lock::Locking;

/// A layout to write one image to.
///
/// The directory is made if there is none. One that holds anything but a layout is refused, so that
/// a mistyped path harms nothing.
pub struct LayoutDestination {
    directory: Lazily,
    image: LayoutImage,
}

impl LayoutDestination {
    /// Checks that a layout is or can be at `path`; writes nothing yet.
    pub fn open(path: &Path, image: LayoutImage, locking: Locking) -> Result<Self, TransportError> {
        let destination = Self { directory: Lazily::new(path.to_owned(), locking), image };
        if matches!(destination.image, LayoutImage::Position(_)) {
            let problem = "a position names an image that is there already";
            return Err(TransportError::NotADestination { location: destination.location(), problem });
        }
        refuse_foreign(path)?;
        Ok(destination)
    }

    async fn write_blob(&self, mut body: VerifiedBody) -> Result<(), TransportError> {
        let digest = body.expected().digest.clone();
        let mut blob = self.directory.get()?.new_blob()?;
        while let Some(chunk) = body.next_chunk().await? {
            blob.write(&chunk)?;
        }
        self.directory.get()?.place_blob(blob, &digest)
    }

    fn publish(&self, root: &Raw) -> Result<(), TransportError> {
        let name = match &self.image {
            LayoutImage::Only | LayoutImage::Position(_) => None,
            LayoutImage::Name(name) => Some(name.as_str()),
            LayoutImage::Digest { digest, .. } if digest != root.digest() => {
                let (location, actual) = (self.location(), root.digest().clone());
                return Err(TransportError::WrongTarget { location, actual });
            }
            LayoutImage::Digest { name, .. } => name.as_deref(),
        };
        let directory = self.directory.get()?;
        directory.write_document(root)?;
        directory.update(|index| Ok(contents::with_image(index, name, &root.descriptor())))
    }
}

impl WriteBackend for LayoutDestination {
    fn location(&self) -> String {
        Location::Layout { path: self.directory.path().to_owned(), image: self.image.clone() }.to_string()
    }

    fn has<'a>(&'a self, descriptor: &'a Descriptor) -> Task<'a, bool> {
        Box::pin(async move {
            let there = self.directory.get()?.blob(&descriptor.digest)?;
            Ok(there.is_some_and(|(_, size)| size == descriptor.size))
        })
    }

    fn write_blob(&self, body: VerifiedBody) -> Task<'_, ()> {
        Box::pin(self.write_blob(body))
    }

    fn write_manifest<'a>(&'a self, raw: &'a Raw) -> Task<'a, ()> {
        Box::pin(async move { self.directory.get()?.write_document(raw) })
    }

    fn publish<'a>(&'a self, root: &'a Raw) -> Task<'a, ()> {
        Box::pin(async move { self.publish(root) })
    }
}
