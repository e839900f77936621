//! Writing to a layout.

use std::path::Path;

use umbel_content::{Blob, Placed, Placing, Task, TransportError, WriteBackend};
use umbel_model::name::LayoutImage;
use umbel_model::{Location, Raw};

use super::contents;
use super::directory::{Lazily, refuse_foreign};
use crate::lock::Locking;

/// How many blobs are written at once: as many as come from somewhere far away, and no more than there
/// may be open files.
const PARALLEL: usize = 8;

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

    async fn place_blob(&self, blob: &Blob, how: Placing) -> Result<Placed, TransportError> {
        let expected = blob.descriptor();
        let directory = self.directory.get()?;
        if how == Placing::Reuse
            && directory.blob(&expected.digest)?.is_some_and(|(_, size)| size == expected.size)
        {
            return Ok(Placed::Present);
        }
        let mut body = blob.open().await?;
        let mut file = directory.new_blob()?;
        while let Some(chunk) = body.next_chunk().await? {
            file.write(&chunk)?;
        }
        directory.place_blob(file, &expected.digest)?;
        Ok(Placed::Written)
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

    fn parallel(&self) -> usize {
        PARALLEL
    }

    fn place_blob<'a>(&'a self, blob: &'a Blob, how: Placing) -> Task<'a, Placed> {
        Box::pin(self.place_blob(blob, how))
    }

    fn write_manifest<'a>(&'a self, raw: &'a Raw) -> Task<'a, ()> {
        Box::pin(async move { self.directory.get()?.write_document(raw) })
    }

    fn publish<'a>(&'a self, root: &'a Raw) -> Task<'a, ()> {
        Box::pin(async move { self.publish(root) })
    }
}
