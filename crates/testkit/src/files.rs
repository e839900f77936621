//! Files, read and written without ceremony: what fails panics with the path.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Files longer than this count as sparse giants made by [`crate::damage::grow`]: nobody reads those.
const LARGEST_READ: u64 = 256 << 20;

/// Takes a snapshot of everything under `root`, to be compared with one taken later.
///
/// Keys are paths relative to `root`. The value of a regular file is its content. What is not one has a
/// value that starts with a zero byte and says what it is: an empty directory, a symlink (with its target,
/// never followed), another special file (never opened), or a file of more than 256 MiB (with its size).
/// Directories that hold something appear only through what they hold. Permissions and times are not part
/// of a snapshot.
#[track_caller]
pub fn tree(root: impl AsRef<Path>) -> BTreeMap<PathBuf, Vec<u8>> {
    let root = root.as_ref();
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        let children = children(&directory);
        if children.is_empty() && directory != root {
            found.insert(relative(root, &directory), b"\0empty directory".to_vec());
        }
        for path in children {
            match content(&path) {
                Some(content) => drop(found.insert(relative(root, &path), content)),
                None => pending.push(path),
            }
        }
    }
    found
}

/// What a snapshot keeps of `path`; nothing for a directory.
#[track_caller]
fn content(path: &Path) -> Option<Vec<u8>> {
    let metadata = must(path, fs::symlink_metadata(path));
    let kind = metadata.file_type();
    if kind.is_dir() {
        return None;
    }
    Some(if kind.is_symlink() {
        format!("\0symlink to {}", must(path, fs::read_link(path)).display()).into_bytes()
    } else if !kind.is_file() {
        b"\0special file".to_vec()
    } else if metadata.len() > LARGEST_READ {
        format!("\0file of {} bytes", metadata.len()).into_bytes()
    } else {
        read(path)
    })
}

#[track_caller]
fn children(directory: &Path) -> Vec<PathBuf> {
    let entries = must(directory, fs::read_dir(directory));
    entries.map(|entry| must(directory, entry).path()).collect()
}

fn relative(root: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(root).expect("the walk stays under its root").to_owned()
}

#[track_caller]
pub(crate) fn read(path: &Path) -> Vec<u8> {
    must(path, fs::read(path))
}

#[track_caller]
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    must(path, fs::write(path, bytes));
}

/// The value of `result`, or a panic that names `path` and, as its place, the caller.
#[track_caller]
pub(crate) fn must<T>(path: &Path, result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::damage;

    #[test]
    fn tree_sees_files_links_and_empty_directories_but_follows_and_opens_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("full/empty")).unwrap();
        for name in ["full/file", "link", "pipe", "giant"] {
            write(&at(name), b"content");
        }
        damage::replace_by_symlink(at("link"), "/nowhere");
        damage::replace_by_fifo(at("pipe"));
        damage::grow(at("giant"), 1 << 40);
        let expected: [(&str, &[u8]); 5] = [
            ("full/empty", b"\0empty directory"),
            ("full/file", b"content"),
            ("giant", b"\0file of 1099511627776 bytes"),
            ("link", b"\0symlink to /nowhere"),
            ("pipe", b"\0special file"),
        ];
        let expected = expected.map(|(path, content)| (PathBuf::from(path), content.to_vec()));
        assert_eq!(tree(root.path()), BTreeMap::from(expected));
    }

    #[test]
    fn tree_of_an_empty_directory_is_empty() {
        assert_eq!(tree(tempfile::tempdir().unwrap().path()), BTreeMap::new());
    }
}
