//! Writes OCI layout directories.

use std::fs;
use std::path::{Path, PathBuf};

use crate::blob::digest;
use crate::files::{must, write};
use crate::image::Image;
use crate::index::{Entry, Index};
use crate::json::{Object, array, string};
use crate::media_type::OCI_INDEX;

/// The annotation by which `index.json` names an entry.
pub(crate) const NAME: &str = "org.opencontainers.image.ref.name";

/// A layout directory under construction; on disk it is whole after every call.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// use umbel_testkit::{Layout, image, index};
/// let image = image("linux/arm64").build();
/// let list = index().entry(&image).build();
/// Layout::create(dir.path()).add_image(&image, Some("arm64")).add_index(&list, Some("latest"));
/// ```
#[derive(Debug)]
pub struct Layout {
    root: PathBuf,
    entries: Vec<Entry>,
}

impl Layout {
    /// Makes `root` an empty layout, creating the directory if need be.
    ///
    /// An `index.json` already there is replaced; blobs already there stay.
    #[track_caller]
    pub fn create(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let blobs = root.join("blobs/sha256");
        must(&blobs, fs::create_dir_all(&blobs));
        write(&root.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#);
        let layout = Self { root, entries: Vec::new() };
        layout.write_index();
        layout
    }

    /// Adds an image or artifact with all it names, under `name` or without one.
    #[track_caller]
    pub fn add_image(&mut self, image: &Image, name: Option<&str>) -> &mut Self {
        self.add_entry(image, name)
    }

    /// Adds an index with all below it, under `name` or without one.
    #[track_caller]
    pub fn add_index(&mut self, index: &Index, name: Option<&str>) -> &mut Self {
        self.add_entry(index, name)
    }

    /// Adds any entry to `index.json`, with whatever content stands behind it.
    ///
    /// A name given twice is written twice: to replace the earlier entry is for the product.
    #[track_caller]
    pub fn add_entry(&mut self, entry: impl Into<Entry>, name: Option<&str>) -> &mut Self {
        let mut entry = entry.into();
        for blob in entry.content.iter().chain(&entry.below) {
            self.add_blob(&blob.bytes);
        }
        if let Some(name) = name {
            entry = entry.annotation(NAME, name);
        }
        self.entries.push(entry);
        self.write_index();
        self
    }

    /// Stores bytes that `index.json` need not reach; returns their digest.
    #[track_caller]
    pub fn add_blob(&self, bytes: impl AsRef<[u8]>) -> String {
        let bytes = bytes.as_ref();
        let digest = digest(bytes);
        write(&self.blob_path(&digest), bytes);
        digest
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `index.json` is.
    pub fn index_path(&self) -> PathBuf {
        self.root.join("index.json")
    }

    /// Where the blob with this digest is, or would be.
    pub fn blob_path(&self, digest: &str) -> PathBuf {
        blob_path(&self.root, digest)
    }

    #[track_caller]
    fn write_index(&self) {
        let object = Object::default()
            .with("schemaVersion", 2)
            .with("mediaType", string(OCI_INDEX))
            .with("manifests", array(self.entries.iter().map(Entry::object)));
        write(&self.index_path(), &object.to_bytes());
    }
}

/// Where a layout at `root` keeps the blob with this digest.
pub(crate) fn blob_path(root: &Path, digest: &str) -> PathBuf {
    root.join("blobs").join(digest.replacen(':', "/", 1))
}
