//! Repositories in a directory: each is an OCI layout.

use std::path::{Path, PathBuf};
use std::time::Duration;

use umbel_content::TransportError;
use umbel_local::Locking;
use umbel_local::layout::{LayoutDirectory, NewBlob};
use umbel_model::{Digest, Index, Raw};

use super::{Change, Content, NewContent, Storage};
use crate::refusal::Refusal;

/// How long a request waits for a layout that another process changes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// How deep repositories are looked for.
const MAX_DEPTH: usize = 16;

/// A directory in which the repository `a/b` is the layout `a/b`.
pub(crate) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The name was checked: it has no part that leaves the directory.
    fn path(&self, repository: &str) -> PathBuf {
        self.root.join(repository)
    }

    fn open(&self, repository: &str) -> Result<Option<LayoutDirectory>, TransportError> {
        LayoutDirectory::open(&self.path(repository), locking())
    }

    /// The layout of a repository, made if it is not there.
    fn make(&self, repository: &str) -> Result<LayoutDirectory, TransportError> {
        if let Some(layout) = self.open(repository)? {
            return Ok(layout);
        }
        let layout = LayoutDirectory::make(&self.path(repository), locking())?;
        layout.update::<TransportError>(Ok)?;
        Ok(layout)
    }

    fn find(&self, below: &Path, name: &str, depth: usize, found: &mut Vec<String>) {
        let Ok(entries) = std::fs::read_dir(below) else { return };
        for entry in entries.flatten() {
            let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let Some(part) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if !is_directory || part == "blobs" || depth == 0 {
                continue;
            }
            let name = if name.is_empty() { part } else { format!("{name}/{part}") };
            if crate::route::repository(&name).is_ok() && matches!(self.open(&name), Ok(Some(_))) {
                found.push(name.clone());
            }
            self.find(&entry.path(), &name, depth - 1, found);
        }
    }
}

fn locking() -> Locking {
    Locking { timeout: Some(LOCK_TIMEOUT), ..Locking::default() }
}

impl Storage for Directory {
    fn repositories(&self) -> Result<Vec<String>, Refusal> {
        let mut found = Vec::new();
        self.find(&self.root, "", MAX_DEPTH, &mut found);
        found.sort();
        Ok(found)
    }

    fn index(&self, repository: &str) -> Result<Option<Index>, Refusal> {
        Ok(self.open(repository)?.map(|layout| layout.index()).transpose()?)
    }

    fn update(&self, repository: &str, change: Change<'_>) -> Result<(), Refusal> {
        self.make(repository)?.update(change)
    }

    fn content(&self, repository: &str, digest: &Digest) -> Result<Option<Content>, Refusal> {
        let Some(layout) = self.open(repository)? else { return Ok(None) };
        Ok(layout.blob(digest)?.map(|(file, size)| Content::File(file, size)))
    }

    fn begin(&self, repository: &str) -> Result<Box<dyn NewContent>, Refusal> {
        let layout = self.make(repository)?;
        let blob = layout.new_blob()?;
        Ok(Box::new(NewFile { layout, blob }))
    }

    fn write_document(&self, repository: &str, raw: &Raw) -> Result<(), Refusal> {
        let layout = self.make(repository)?;
        layout.write_document(raw)?;
        Ok(layout.sync_blobs()?)
    }

    fn remove(&self, repository: &str, digest: &Digest) -> Result<bool, Refusal> {
        let Some(layout) = self.open(repository)? else { return Ok(false) };
        Ok(layout.remove_blob(digest)?)
    }
}

struct NewFile {
    layout: LayoutDirectory,
    blob: NewBlob,
}

impl NewContent for NewFile {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        Ok(self.blob.write(bytes)?)
    }

    fn finish(self: Box<Self>, digest: &Digest) -> Result<(), Refusal> {
        self.layout.place_blob(self.blob, digest)?;
        Ok(self.layout.sync_blobs()?)
    }
}
