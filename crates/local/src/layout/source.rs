//! Reading from a layout.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use umbel_content::{Body, ReadBackend, Root, Task, TransportError};
use umbel_model::name::LayoutImage;
use umbel_model::{Descriptor, Digest, Location, Manifest};

use super::blob_place;
use super::contents::{self, Found};
use super::directory::LayoutDirectory;
use crate::{FileError, Locking};

/// How much of a blob is read at once: large enough that calls do not count, small enough that many
/// can be under way.
const CHUNK: usize = 256 << 10;

/// An image in a layout, to be read.
pub struct LayoutSource {
    layout: LayoutDirectory,
    image: LayoutImage,
}

impl LayoutSource {
    /// Opens the layout at `path`. Which image is meant is resolved when its root is read.
    pub fn open(path: &Path, image: LayoutImage) -> Result<Self, TransportError> {
        let Some(layout) = LayoutDirectory::open(path, Locking::default())? else {
            let (what, location) = ("OCI layout".to_owned(), path.display().to_string());
            return Err(TransportError::NotFound { what, location });
        };
        Ok(Self { layout, image })
    }

    fn missing(&self, digest: &Digest) -> TransportError {
        TransportError::NotFound { what: format!("`{digest}`"), location: self.location() }
    }

    fn read_blob(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, TransportError> {
        self.layout.read_blob(digest, limit)?.ok_or_else(|| self.missing(digest))
    }

    fn read_root(&self, limit: u64) -> Result<Root, TransportError> {
        let place = format!("oci:{}", self.layout.path().display());
        let index = self.layout.listed()?.ok_or_else(|| {
            let (location, problem) =
                (self.layout.path().display().to_string(), "it has no `index.json`".into());
            TransportError::WrongKind { location, expected: "an OCI layout", problem }
        })?;
        match contents::find(&index, &self.image, &place)? {
            Found::Listed(descriptor) => {
                Ok(Root::Described(descriptor.clone(), self.read_blob(&descriptor.digest, limit)?))
            }
            Found::Blob(digest) => {
                let bytes = self.read_blob(&digest, limit)?;
                let what = format!("`{digest}`");
                let media_type = Manifest::detect(&bytes).map_err(|source| TransportError::Document {
                    what,
                    location: place,
                    source,
                })?;
                let size = bytes.len() as u64;
                Ok(Root::Described(Descriptor::new(media_type, digest, size), bytes))
            }
        }
    }

    fn open_blob(&self, descriptor: &Descriptor) -> Result<Box<dyn Body>, TransportError> {
        let found = self.layout.blob(&descriptor.digest)?;
        let (file, _) = found.ok_or_else(|| self.missing(&descriptor.digest))?;
        let (algorithm, name) = blob_place(&descriptor.digest);
        let path = self.layout.path().join("blobs").join(algorithm).join(name);
        Ok(Box::new(FileBody { file, path }))
    }
}

impl ReadBackend for LayoutSource {
    fn location(&self) -> String {
        let path = self.layout.path().to_owned();
        Location::Layout { path, image: self.image.clone() }.to_string()
    }

    fn read_root(&self, limit: u64) -> Task<'_, Root> {
        Box::pin(async move { self.read_root(limit) })
    }

    fn read_manifest<'a>(&'a self, descriptor: &'a Descriptor, limit: u64) -> Task<'a, Vec<u8>> {
        Box::pin(async move { self.read_blob(&descriptor.digest, limit) })
    }

    fn open_blob<'a>(&'a self, descriptor: &'a Descriptor) -> Task<'a, Box<dyn Body>> {
        Box::pin(async move { self.open_blob(descriptor) })
    }
}

/// A file read in pieces.
struct FileBody {
    file: File,
    path: PathBuf,
}

impl FileBody {
    fn read(&mut self) -> Result<Option<Bytes>, FileError> {
        let mut chunk = BytesMut::zeroed(CHUNK);
        let length = self.file.read(&mut chunk).map_err(FileError::at("read", &self.path))?;
        chunk.truncate(length);
        Ok(Some(chunk.freeze()).filter(|chunk| !chunk.is_empty()))
    }
}

impl Body for FileBody {
    fn next_chunk(&mut self) -> Task<'_, Option<Bytes>> {
        Box::pin(async move { Ok(self.read()?) })
    }
}
