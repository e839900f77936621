//! Small regular files, read whole; everything else is refused without waiting for it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// A configuration file that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A file system call failed.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What was to be done, as a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The path leads to a directory, a pipe or a device.
    #[error("`{}` is not a regular file", .path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// The file has more bytes than a file of its kind needs.
    #[error("`{}` has more than {limit} bytes", .path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// How many bytes are read at the most.
        limit: u64,
    },
}

impl FileError {
    /// Turns the error of a call into one that names its file.
    pub(crate) fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// Whether there simply is no such file.
    pub(crate) fn is_missing(&self) -> bool {
        use io::ErrorKind::{NotADirectory, NotFound};
        matches!(self, Self::Io { source, .. } if matches!(source.kind(), NotFound | NotADirectory))
    }
}

/// Reads a regular file of at most `limit` bytes. Symbolic links are followed.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let file = open(path).map_err(FileError::at("open", path))?;
    // The open file is asked, not the path: what the path leads to may change at any time.
    if !file.metadata().map_err(FileError::at("examine", path))?.is_file() {
        return Err(FileError::NotRegular { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(FileError::at("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Opens without waiting for the writer of a pipe, and without becoming the owner of a terminal.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "12345678").unwrap();
        assert_eq!(read(&path, 8).unwrap(), b"12345678");
        assert!(matches!(read(&path, 7), Err(FileError::TooLarge { limit: 7, .. })));
    }

    #[test]
    fn a_symbolic_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "1").unwrap();
        std::os::unix::fs::symlink("file", dir.path().join("link")).unwrap();
        assert_eq!(read(&dir.path().join("link"), 8).unwrap(), b"1");
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        for path in [&pipe, dir.path(), Path::new("/dev/zero")] {
            assert!(matches!(read(path, 8), Err(FileError::NotRegular { .. })), "{}", path.display());
        }
    }

    #[test]
    fn a_file_below_a_file_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "1").unwrap();
        for name in ["none", "none/none", "file/none"] {
            assert!(read(&dir.path().join(name), 8).unwrap_err().is_missing(), "{name}");
        }
    }
}
