//! Directories that are not left: every name is resolved beneath an open directory, and a symbolic
//! link in it is an error.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use umbel_content::TransportError;

/// A file system call that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`", .path.display())]
pub struct FileError {
    /// What was to be done, as a verb.
    pub action: &'static str,
    /// With what.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

impl FileError {
    /// Makes the conversion of an error for `map_err`.
    pub(crate) fn at<E: Into<io::Error>>(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(E) -> Self {
        let path = path.into();
        move |source| Self { action, path, source: source.into() }
    }

    /// Whether there is no directory of that name.
    pub(crate) fn is_no_directory(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    }

    /// Whether the file was not there.
    pub(crate) fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

impl From<FileError> for TransportError {
    fn from(FileError { action, path, source }: FileError) -> Self {
        Self::Io { action, path, source }
    }
}

/// An open directory.
#[derive(Debug)]
pub(crate) struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens a directory that the user named; links in the path are followed.
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let fd = fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(FileError::at("open the directory", path))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Where it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of something in it, for messages.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Opens a directory in this one; not through a link.
    pub(crate) fn dir(&self, name: &str) -> Result<Self, FileError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let path = self.join(name);
        let fd = fs::openat(&self.fd, name, flags, Mode::empty())
            .map_err(FileError::at("open the directory", &path))?;
        Ok(Self { fd, path })
    }

    /// Opens a directory in this one and makes it first if it is not there.
    pub(crate) fn make_dir(&self, name: &str, mode: Mode) -> Result<Self, FileError> {
        match self.dir(name) {
            Err(error) if error.is_not_found() => {}
            other => return other,
        }
        match fs::mkdirat(&self.fd, name, mode) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => self.dir(name),
            Err(errno) => Err(FileError::at("make the directory", self.join(name))(errno)),
        }
    }

    /// Opens a regular file in this directory to read it; `None` if there is nothing of that name.
    /// Neither links nor devices nor pipes are opened.
    pub(crate) fn file(&self, name: &str) -> Result<Option<File>, TransportError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let not_regular = |found| TransportError::NotRegular { path: self.join(name), found };
        let fd = match fs::openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP) => return Err(not_regular("a symbolic link")),
            Err(rustix::io::Errno::NXIO) => return Err(not_regular("a socket or pipe")),
            Err(errno) => return Err(FileError::at("open", self.join(name))(errno).into()),
        };
        let stat = fs::fstat(&fd).map_err(FileError::at("look at", self.join(name)))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Some(File::from(fd))),
            FileType::Directory => Err(not_regular("a directory")),
            _ => Err(not_regular("a device, socket or pipe")),
        }
    }

    /// Reads a regular file whole, unless it has more than `limit` bytes; `None` if it is not there.
    pub(crate) fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, TransportError> {
        let Some(file) = self.file(name)? else { return Ok(None) };
        let size = file.metadata().map_err(FileError::at("look at", self.join(name)))?.len();
        let too_large = |size| {
            let what = format!("`{}`", self.join(name).display());
            Err(TransportError::TooLarge { what, size, limit })
        };
        if size > limit {
            return too_large(size);
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        // One byte more than allowed tells a file that grew meanwhile from one that just fits.
        file.take(limit + 1).read_to_end(&mut bytes).map_err(FileError::at("read", self.join(name)))?;
        if bytes.len() as u64 > limit { too_large(bytes.len() as u64) } else { Ok(Some(bytes)) }
    }

    /// The names of everything in the directory, in no order. Names that are not UTF-8 are nobody's.
    pub(crate) fn names(&self) -> Result<Vec<String>, FileError> {
        let failed = |errno| FileError::at("list the directory", &self.path)(errno);
        let entries = fs::Dir::read_from(&self.fd).map_err(failed)?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok(names)
    }

    /// Removes a file.
    pub(crate) fn remove(&self, name: &str) -> Result<(), FileError> {
        fs::unlinkat(&self.fd, name, AtFlags::empty()).map_err(FileError::at("remove", self.join(name)))
    }

    /// Makes what happened to names in this directory outlast a power failure.
    pub(crate) fn sync(&self) -> Result<(), FileError> {
        fs::fsync(&self.fd).map_err(FileError::at("write to disk", &self.path))
    }

    /// A second handle on the same directory, to be locked.
    pub(crate) fn to_file(&self) -> Result<File, FileError> {
        self.fd.try_clone().map(File::from).map_err(FileError::at("open the directory", &self.path))
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
