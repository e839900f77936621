//! Spoils files on purpose, to see that the product notices and says so.
//!
//! Every function works on any path: a blob of a [`Layout`](crate::Layout), its `index.json`, an archive, a
//! file of a store. It panics with the path if the file is not there to be spoiled.
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! use umbel_testkit::{Layout, damage, image};
//! let image = image("linux/amd64").build();
//! let mut layout = Layout::create(dir.path());
//! layout.add_image(&image, Some("latest"));
//! damage::flip_byte(layout.blob_path(&image.config.digest), 0);
//! ```

use std::fs::{self, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::files::{must, read, write};

/// Cuts the file off after `size` bytes.
///
/// # Panics
///
/// If the file is no longer than that.
#[track_caller]
pub fn truncate(path: impl AsRef<Path>, size: u64) {
    let path = path.as_ref();
    let before = must(path, fs::metadata(path)).len();
    assert!(size < before, "{}: {before} bytes cannot be truncated to {size}", path.display());
    resize(path, size);
}

/// Makes the file `size` bytes long; the zeros at its end take no space on the disk.
///
/// # Panics
///
/// If the file is longer than that.
#[track_caller]
pub fn grow(path: impl AsRef<Path>, size: u64) {
    let path = path.as_ref();
    let before = must(path, fs::metadata(path)).len();
    assert!(size >= before, "{}: {before} bytes cannot grow to {size}", path.display());
    resize(path, size);
}

/// Inverts all bits of one byte; the size stays.
///
/// # Panics
///
/// If the file has no byte at `offset`.
#[track_caller]
pub fn flip_byte(path: impl AsRef<Path>, offset: usize) {
    let path = path.as_ref();
    let mut bytes = read(path);
    let byte = bytes.get_mut(offset);
    *byte.unwrap_or_else(|| panic!("{}: there is no byte at {offset}", path.display())) ^= 0xff;
    write(path, &bytes);
}

/// Replaces the content of the file; unlike the others, it may create the file.
#[track_caller]
pub fn overwrite(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    write(path.as_ref(), bytes.as_ref());
}

/// Removes the file.
#[track_caller]
pub fn remove(path: impl AsRef<Path>) {
    let path = path.as_ref();
    must(path, fs::remove_file(path));
}

/// Puts a symbolic link to `target`, which need not exist, in the place of the file.
#[track_caller]
pub fn replace_by_symlink(path: impl AsRef<Path>, target: impl AsRef<Path>) {
    let path = path.as_ref();
    remove(path);
    must(path, symlink(target, path));
}

/// Puts an empty directory in the place of the file.
#[track_caller]
pub fn replace_by_directory(path: impl AsRef<Path>) {
    let path = path.as_ref();
    remove(path);
    must(path, fs::create_dir(path));
}

/// Puts a named pipe in the place of the file: who opens it to read waits for ever.
///
/// # Panics
///
/// Also if the system lacks `mkfifo`.
#[track_caller]
pub fn replace_by_fifo(path: impl AsRef<Path>) {
    let path = path.as_ref();
    remove(path);
    // The standard library cannot make pipes with a name; the command is part of POSIX.
    let status = must(path, Command::new("mkfifo").arg(path).status());
    assert!(status.success(), "{}: mkfifo failed: {status}", path.display());
}

#[track_caller]
fn resize(path: &Path, size: u64) {
    let file = must(path, OpenOptions::new().write(true).open(path));
    must(path, file.set_len(size));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_and_flipping_do_exactly_that() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        overwrite(&path, b"\x00abc");
        flip_byte(&path, 0);
        truncate(&path, 3);
        assert_eq!(read(&path), b"\xffab");
    }

    #[test]
    #[should_panic(expected = "cannot be truncated to 9")]
    fn truncation_that_would_change_nothing_panics() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        overwrite(&path, b"abc");
        truncate(&path, 9);
    }

    #[test]
    fn replacements_are_what_they_claim() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        overwrite(&path, b"abc");
        replace_by_symlink(&path, "elsewhere");
        assert_eq!(fs::read_link(&path).unwrap(), Path::new("elsewhere"));
        replace_by_directory(&path);
        assert!(path.is_dir());
    }
}
