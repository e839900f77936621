//! Files that appear complete or not at all.
//!
//! A file is written under a temporary name, brought to disk, and given its real name by one call.
//! While it is written it is locked, so that others can tell a temporary file at work from one whose
//! writer is dead; the latter are swept.

use std::fs::File;
use std::io::{self, Write as _};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;

use rustix::fs::{self, AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::FileError;
use crate::dir::Dir;

const PREFIX: &str = ".umbel-";
const SUFFIX: &str = ".tmp";

/// A file under a temporary name, in a directory that it borrows or shares. Dropped before it got its
/// real name, it is removed.
pub(crate) struct Staged<D: Deref<Target = Dir>> {
    dir: D,
    name: String,
    file: File,
    placed: bool,
}

impl<D: Deref<Target = Dir>> Staged<D> {
    /// Makes an empty file in `dir`, which must be on the file system of the final place.
    pub(crate) fn create(dir: D, mode: Mode) -> Result<Self, FileError> {
        loop {
            let name = format!("{PREFIX}{}{SUFFIX}", random_hex::<8>()?);
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let failed = |errno: Errno| FileError::at("create", dir.join(&name))(errno);
            let file = File::from(fs::openat(&*dir, &name, flags, mode).map_err(failed)?);
            let lock = fs::fchmod(&file, mode).map_err(io::Error::from).and_then(|()| file.lock());
            // Between the creation and the lock somebody may have swept it.
            let swept = file.metadata().is_ok_and(|metadata| metadata.nlink() == 0);
            if lock.is_ok() && swept {
                continue;
            }
            let path = dir.join(&name);
            let staged = Self { dir, name, file, placed: false };
            return lock.map(|()| staged).map_err(FileError::at("set up", path));
        }
    }

    fn error(&self, action: &'static str, source: impl Into<io::Error>) -> FileError {
        FileError { action, path: self.dir.join(&self.name), source: source.into() }
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(|e| self.error("write", e))
    }

    fn sync(&self) -> Result<(), FileError> {
        self.file.sync_all().map_err(|e| self.error("write to disk", e))
    }

    /// Gives the file its name in `target`, in place of what may have that name. The file's content
    /// is on disk before; the name is once `target` was synced. Returns the file, still locked.
    pub(crate) fn replace(mut self, target: &Dir, name: &str) -> Result<File, FileError> {
        self.sync()?;
        fs::renameat(&*self.dir, &self.name, target, name)
            .map_err(FileError::at("put in place", target.join(name)))?;
        self.placed = true;
        self.handle()
    }

    /// Gives the file its name in `target` unless there is something of that name, which is an
    /// [`io::ErrorKind::AlreadyExists`].
    pub(crate) fn place_new(mut self, target: &Dir, name: &str) -> Result<(), FileError> {
        self.sync()?;
        let renamed = fs::renameat_with(&*self.dir, &self.name, target, name, RenameFlags::NOREPLACE);
        match renamed {
            Ok(()) => self.placed = true,
            // Not every file system can rename without replacing, but all that matter can link.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                fs::linkat(&*self.dir, &self.name, target, name, AtFlags::empty())
                    .map_err(FileError::at("put in place", target.join(name)))?;
            }
            Err(errno) => return Err(FileError::at("put in place", target.join(name))(errno)),
        }
        Ok(())
    }

    fn handle(&self) -> Result<File, FileError> {
        self.file.try_clone().map_err(|e| self.error("open", e))
    }
}

impl<D: Deref<Target = Dir>> Drop for Staged<D> {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now is swept by the next one who comes.
            let _ = self.dir.remove(&self.name);
        }
    }
}

/// Removes the temporary files in `dir` whose writers are gone. What cannot be removed stays.
pub(crate) fn sweep(dir: &Dir) -> Result<(), FileError> {
    let is_staged = |name: &String| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
    for name in dir.names()?.into_iter().filter(is_staged) {
        if let Ok(Some(file)) = dir.file(&name)
            && file.try_lock().is_ok()
        {
            let _ = dir.remove(&name);
        }
    }
    Ok(())
}

/// Whether a name is that of a temporary file of ours.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// `N` random bytes as hexadecimal text.
pub(crate) fn random_hex<const N: usize>() -> Result<String, FileError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| FileError::at("get random bytes from", "the system")(e))?;
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    Ok(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

    fn dir() -> (tempfile::TempDir, Dir) {
        let temporary = tempfile::tempdir().unwrap();
        let dir = Dir::open(temporary.path()).unwrap();
        (temporary, dir)
    }

    #[test]
    fn a_file_that_is_not_placed_leaves_nothing() {
        let (_guard, dir) = dir();
        let mut staged = Staged::create(&dir, MODE).unwrap();
        staged.write(b"half").unwrap();
        assert_eq!(dir.names().unwrap().len(), 1);
        drop(staged);
        assert_eq!(dir.names().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn the_sweep_takes_dead_files_and_spares_living_ones() {
        let (guard, dir) = dir();
        let living = Staged::create(&dir, MODE).unwrap();
        std::fs::write(guard.path().join(".umbel-0.tmp"), "dead").unwrap();
        std::fs::write(guard.path().join("other"), "kept").unwrap();
        sweep(&dir).unwrap();
        let mut names = dir.names().unwrap();
        names.sort();
        assert_eq!(names, [living.name.as_str(), "other"]);
    }

    #[test]
    fn a_new_file_does_not_replace_an_old_one() {
        let (guard, dir) = dir();
        std::fs::write(guard.path().join("a"), "old").unwrap();
        let error = Staged::create(&dir, MODE).unwrap().place_new(&dir, "a").unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
        Staged::create(&dir, MODE).unwrap().place_new(&dir, "b").unwrap();
        assert_eq!(std::fs::read(guard.path().join("a")).unwrap(), b"old");
        assert_eq!(dir.names().unwrap().len(), 2);
    }
}
