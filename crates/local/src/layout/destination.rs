//! Writing to a layout.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::fs::Mode;
use umbel_content::{Task, TransportError, VerifiedBody, WriteBackend};
use umbel_model::name::LayoutImage;
use umbel_model::{Descriptor, Digest, Flavor, Index, Location, Raw, Style};

use super::{blob_place, check_marker, contents, not_a_layout, read_index};
use crate::dir::{Dir, FileError};
use crate::lock::{LockError, Locking};
use crate::staged::{self, Staged};

/// Modes of what is written: a layout is for everybody to read.
const FILE_MODE: Mode = Mode::from_raw_mode(0o644);
const DIR_MODE: Mode = Mode::from_raw_mode(0o755);

/// A layout to write one image to.
///
/// The directory is made if there is none. One that holds anything but a layout is refused, so that
/// a mistyped path harms nothing.
pub struct LayoutDestination {
    path: PathBuf,
    image: LayoutImage,
    locking: Locking,
    dir: OnceLock<Dir>,
    /// The algorithms of what was written, whose directories are brought to disk before the name moves.
    written: Mutex<BTreeSet<String>>,
}

impl LayoutDestination {
    /// Checks that a layout is or can be at `path`; writes nothing yet.
    pub fn open(path: &Path, image: LayoutImage, locking: Locking) -> Result<Self, TransportError> {
        let destination =
            Self { path: path.to_owned(), image, locking, dir: OnceLock::new(), written: Mutex::default() };
        if matches!(destination.image, LayoutImage::Position(_)) {
            let problem = "a position names an image that is there already";
            return Err(TransportError::NotADestination { location: destination.location(), problem });
        }
        match Dir::open(path) {
            Err(error) if error.is_not_found() => {}
            Err(error) if error.is_no_directory() => {
                let (location, problem) = (path.display().to_string(), "it is not a directory".into());
                return Err(TransportError::WrongKind { location, expected: "an OCI layout", problem });
            }
            Err(error) => return Err(error.into()),
            Ok(dir) => refuse_foreign(&dir)?,
        }
        Ok(destination)
    }

    /// The open directory; made when it is first needed, and swept of what dead writers left.
    fn dir(&self) -> Result<&Dir, TransportError> {
        if let Some(dir) = self.dir.get() {
            return Ok(dir);
        }
        std::fs::create_dir_all(&self.path).map_err(FileError::at("make the directory", &self.path))?;
        let dir = Dir::open(&self.path)?;
        staged::sweep(&dir)?;
        Ok(self.dir.get_or_init(|| dir))
    }

    fn blobs(&self, algorithm: &str) -> Result<Dir, TransportError> {
        Ok(self.dir()?.make_dir("blobs", DIR_MODE)?.make_dir(algorithm, DIR_MODE)?)
    }

    fn has(&self, descriptor: &Descriptor) -> Result<bool, TransportError> {
        let (algorithm, name) = blob_place(&descriptor.digest);
        let Some(file) = self.blobs(algorithm)?.file(name)? else { return Ok(false) };
        let metadata = file.metadata().map_err(FileError::at("look at", name))?;
        Ok(metadata.len() == descriptor.size)
    }

    async fn write_blob(&self, mut body: VerifiedBody) -> Result<(), TransportError> {
        let digest = body.expected().digest.clone();
        let mut staged = Staged::create(self.dir()?, FILE_MODE)?;
        while let Some(chunk) = body.next_chunk().await? {
            staged.write(&chunk)?;
        }
        self.place(staged, &digest)
    }

    fn write_manifest(&self, raw: &Raw) -> Result<(), TransportError> {
        let (algorithm, name) = blob_place(raw.digest());
        if self.blobs(algorithm)?.read(name, raw.size()).is_ok_and(|old| old.as_deref() == Some(raw.bytes()))
        {
            return Ok(());
        }
        let mut staged = Staged::create(self.dir()?, FILE_MODE)?;
        staged.write(raw.bytes())?;
        self.place(staged, raw.digest())
    }

    fn place(&self, staged: Staged<'_>, digest: &Digest) -> Result<(), TransportError> {
        let (algorithm, name) = blob_place(digest);
        staged.replace(&self.blobs(algorithm)?, name)?;
        self.written().insert(algorithm.to_owned());
        Ok(())
    }

    fn written(&self) -> MutexGuard<'_, BTreeSet<String>> {
        // The set is never left half changed, so what a panicking thread held is still good.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the names of all blobs written outlast a power failure.
    fn sync_blobs(&self) -> Result<(), TransportError> {
        let algorithms: Vec<String> = self.written().iter().cloned().collect();
        algorithms.iter().try_for_each(|algorithm| Ok(self.blobs(algorithm)?.sync()?))
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
        self.write_manifest(root)?;
        self.sync_blobs()?;
        let dir = self.dir()?;
        let blobs = dir.make_dir("blobs", DIR_MODE)?.to_file()?;
        let _lock = self.lock(&blobs)?;
        if !check_marker(dir)? {
            write_file(dir, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        }
        let old = read_index(dir)?.map_or_else(Index::default, umbel_model::Document::into_view);
        let new = contents::with_image(old, name, &root.descriptor());
        let encoded = new.encode(Flavor::Oci, Style::default()).document;
        write_file(dir, "index.json", encoded.raw().bytes())?;
        Ok(dir.sync()?)
    }

    fn lock<'f>(&self, blobs: &'f std::fs::File) -> Result<&'f std::fs::File, TransportError> {
        match self.locking.exclusive(blobs, &self.path, &self.location()) {
            Ok(()) => Ok(blobs),
            Err(LockError::Io(error)) => Err(error.into()),
            Err(LockError::TimedOut(waited)) => {
                Err(TransportError::Busy { location: self.location(), waited_seconds: waited.as_secs() })
            }
        }
    }
}

/// Refuses a directory that is no layout and not on the way to become one.
fn refuse_foreign(dir: &Dir) -> Result<(), TransportError> {
    if check_marker(dir)? {
        return Ok(());
    }
    let ours = |name: &String| name == "blobs" || staged::is_temporary(name);
    match dir.names()?.into_iter().find(|name| !ours(name)) {
        None => Ok(()),
        Some(name) => Err(not_a_layout(dir, format!("it has no `oci-layout` file, but `{name}`"))),
    }
}

fn write_file(dir: &Dir, name: &str, bytes: &[u8]) -> Result<(), FileError> {
    let mut staged = Staged::create(dir, FILE_MODE)?;
    staged.write(bytes)?;
    staged.replace(dir, name).map(drop)
}

impl WriteBackend for LayoutDestination {
    fn location(&self) -> String {
        Location::Layout { path: self.path.clone(), image: self.image.clone() }.to_string()
    }

    fn has<'a>(&'a self, descriptor: &'a Descriptor) -> Task<'a, bool> {
        Box::pin(async move { self.has(descriptor) })
    }

    fn write_blob(&self, body: VerifiedBody) -> Task<'_, ()> {
        Box::pin(self.write_blob(body))
    }

    fn write_manifest<'a>(&'a self, raw: &'a Raw) -> Task<'a, ()> {
        Box::pin(async move { self.write_manifest(raw) })
    }

    fn publish<'a>(&'a self, root: &'a Raw) -> Task<'a, ()> {
        Box::pin(async move { self.publish(root) })
    }
}
