//! A layout directory as a whole: its blobs, and its index under lock.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::Mode;
use umbel_content::TransportError;
use umbel_model::{Digest, Flavor, Index, Raw, Style};

use super::{blob_place, check_marker, not_a_layout, read_index};
use crate::dir::{Dir, FileError};
use crate::lock::{LockError, Locking};
use crate::staged::{self, Staged};

/// Modes of what is written: a layout is for everybody to read.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);
const DIR_MODE: Mode = Mode::from_raw_mode(0o755);

/// An open layout directory, or one that is about to become a layout.
#[derive(Debug)]
pub struct LayoutDirectory {
    dir: Arc<Dir>,
    locking: Locking,
    /// The algorithms of what was written, whose directories are brought to disk before a name moves.
    written: Mutex<BTreeSet<String>>,
}

impl LayoutDirectory {
    /// Opens the layout at `path`; `None` if there is none.
    pub fn open(path: &Path, locking: Locking) -> Result<Option<Self>, TransportError> {
        let dir = match Dir::open(path) {
            Err(error) if error.is_no_directory() => return Ok(None),
            other => other?,
        };
        Ok(check_marker(&dir)?.then(|| Self::new(dir, locking)))
    }

    /// Opens the directory to write to it, and makes it if it is not there. What dead writers left in
    /// it is swept.
    pub fn make(path: &Path, locking: Locking) -> Result<Self, TransportError> {
        std::fs::create_dir_all(path).map_err(FileError::at("make the directory", path))?;
        let dir = Dir::open(path)?;
        staged::sweep(&dir)?;
        Ok(Self::new(dir, locking))
    }

    fn new(dir: Dir, locking: Locking) -> Self {
        Self { dir: Arc::new(dir), locking, written: Mutex::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Opens a blob and tells its size; `None` if it is not there.
    pub fn blob(&self, digest: &Digest) -> Result<Option<(File, u64)>, TransportError> {
        let (algorithm, name) = blob_place(digest);
        let Some(blobs) = self.existing_blobs(algorithm)? else { return Ok(None) };
        let Some(file) = blobs.file(name)? else { return Ok(None) };
        let size = file.metadata().map_err(FileError::at("look at", blobs.join(name)))?.len();
        Ok(Some((file, size)))
    }

    /// Reads a blob whole, unless it has more than `limit` bytes; `None` if it is not there.
    pub fn read_blob(&self, digest: &Digest, limit: u64) -> Result<Option<Vec<u8>>, TransportError> {
        let (algorithm, name) = blob_place(digest);
        match self.existing_blobs(algorithm)? {
            Some(blobs) => blobs.read(name, limit),
            None => Ok(None),
        }
    }

    /// Begins a blob.
    pub fn new_blob(&self) -> Result<NewBlob, TransportError> {
        Ok(NewBlob { staged: Staged::create(self.dir.clone(), FILE_MODE)? })
    }

    /// Gives a blob that is complete, and whose digest the caller has verified, its place.
    pub fn place_blob(&self, blob: NewBlob, digest: &Digest) -> Result<(), TransportError> {
        let (algorithm, name) = blob_place(digest);
        blob.staged.replace(&self.blobs(algorithm)?, name)?;
        self.written().insert(algorithm.to_owned());
        Ok(())
    }

    /// Writes a document among the blobs, unless it is there.
    pub fn write_document(&self, raw: &Raw) -> Result<(), TransportError> {
        let there = self.read_blob(raw.digest(), raw.size());
        if there.is_ok_and(|old| old.as_deref() == Some(raw.bytes())) {
            return Ok(());
        }
        let mut blob = self.new_blob()?;
        blob.write(raw.bytes())?;
        self.place_blob(blob, raw.digest())
    }

    /// Removes a blob; whether it was there.
    pub fn remove_blob(&self, digest: &Digest) -> Result<bool, TransportError> {
        let (algorithm, name) = blob_place(digest);
        let Some(blobs) = self.existing_blobs(algorithm)? else { return Ok(false) };
        match blobs.remove(name) {
            Err(error) if error.is_not_found() => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    /// What the layout lists; nothing if it has no `index.json` yet.
    pub fn index(&self) -> Result<Index, TransportError> {
        Ok(self.listed()?.unwrap_or_default())
    }

    /// What the layout lists; `None` if it has no `index.json`.
    pub(super) fn listed(&self) -> Result<Option<Index>, TransportError> {
        Ok(read_index(&self.dir)?.map(umbel_model::Document::into_view))
    }

    /// Changes what the layout lists: reads the index, has `change` make a new one of it, and puts that
    /// in its place, all under a lock. An error of `change` leaves the old one.
    pub fn update<E: From<TransportError>>(
        &self,
        change: impl FnOnce(Index) -> Result<Index, E>,
    ) -> Result<(), E> {
        self.sync_blobs()?;
        let blobs = self.dir.make_dir("blobs", DIR_MODE).and_then(|blobs| blobs.to_file());
        let blobs = blobs.map_err(TransportError::from)?;
        self.lock(&blobs)?;
        if !check_marker(&self.dir)? {
            self.write_file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        }
        let encoded = change(self.index()?)?.encode(Flavor::Oci, Style::default()).document;
        self.write_file("index.json", encoded.raw().bytes())?;
        Ok(self.dir.sync().map_err(TransportError::from)?)
    }

    fn write_file(&self, name: &str, bytes: &[u8]) -> Result<(), TransportError> {
        let mut staged = Staged::create(&*self.dir, FILE_MODE)?;
        staged.write(bytes)?;
        Ok(staged.replace(&self.dir, name).map(drop)?)
    }

    /// The directory of the blobs of one algorithm; `None` if there is none.
    fn existing_blobs(&self, algorithm: &str) -> Result<Option<Dir>, TransportError> {
        match self.dir.dir("blobs").and_then(|blobs| blobs.dir(algorithm)) {
            Err(error) if error.is_not_found() => Ok(None),
            other => Ok(Some(other?)),
        }
    }

    /// The directory of the blobs of one algorithm, made if there is none.
    fn blobs(&self, algorithm: &str) -> Result<Dir, TransportError> {
        Ok(self.dir.make_dir("blobs", DIR_MODE)?.make_dir(algorithm, DIR_MODE)?)
    }

    fn written(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // The set is never left half changed, so what a panicking thread held is still good.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the names of all blobs written outlast a power failure. [`LayoutDirectory::update`] does it
    /// first of all.
    pub fn sync_blobs(&self) -> Result<(), TransportError> {
        let algorithms: Vec<String> = self.written().iter().cloned().collect();
        algorithms.iter().try_for_each(|algorithm| Ok(self.blobs(algorithm)?.sync()?))
    }

    /// The lock lasts as long as `blobs` is open.
    fn lock(&self, blobs: &File) -> Result<(), TransportError> {
        let location = self.path().display().to_string();
        match self.locking.exclusive(blobs, self.path(), &format!("the layout `{location}`")) {
            Ok(()) => Ok(()),
            Err(LockError::Io(error)) => Err(error.into()),
            Err(LockError::TimedOut(waited)) => {
                Err(TransportError::Busy { location, waited_seconds: waited.as_secs() })
            }
        }
    }
}

/// A blob that is being written. Dropped before it has its place, it is removed.
pub struct NewBlob {
    staged: Staged<Arc<Dir>>,
}

impl NewBlob {
    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        Ok(self.staged.write(bytes)?)
    }
}

/// Refuses a directory that is no layout and not on the way to become one; one that is not there is
/// fine.
pub(super) fn refuse_foreign(path: &Path) -> Result<(), TransportError> {
    let dir = match Dir::open(path) {
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) if error.is_no_directory() => {
            let (location, problem) = (path.display().to_string(), "it is not a directory".into());
            return Err(TransportError::WrongKind { location, expected: "an OCI layout", problem });
        }
        other => other?,
    };
    if check_marker(&dir)? {
        return Ok(());
    }
    let ours = |name: &String| name == "blobs" || staged::is_temporary(name);
    match dir.names()?.into_iter().find(|name| !ours(name)) {
        None => Ok(()),
        Some(name) => Err(not_a_layout(&dir, format!("it has no `oci-layout` file, but `{name}`"))),
    }
}

/// The directory of a destination, made when it is first written to.
pub(super) struct Lazily {
    path: PathBuf,
    locking: Locking,
    made: std::sync::OnceLock<LayoutDirectory>,
}

impl Lazily {
    pub(super) fn new(path: PathBuf, locking: Locking) -> Self {
        Self { path, locking, made: std::sync::OnceLock::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn get(&self) -> Result<&LayoutDirectory, TransportError> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = LayoutDirectory::make(&self.path, self.locking.clone())?;
        Ok(self.made.get_or_init(|| made))
    }
}
