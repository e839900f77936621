//! Directories: copied, listed, compared.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::images::sha256;

/// Everything below a directory: its mode, and what it holds if it is a file.
pub(super) type Tree = BTreeMap<PathBuf, (u32, Option<String>)>;

/// Whether the content of files counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    Compared,
    Ignored,
}

/// Lists what is below `dir`; nothing if it is not there.
pub(super) fn read(dir: &Path, contents: Contents) -> Result<Tree, String> {
    let mut tree = Tree::new();
    collect(dir, dir, contents, &mut tree).map_err(|e| format!("cannot list `{}`: {e}", dir.display()))?;
    Ok(tree)
}

fn collect(top: &Path, dir: &Path, contents: Contents, tree: &mut Tree) -> io::Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let metadata = fs::symlink_metadata(&path)?;
        let content = match contents {
            Contents::Compared if metadata.is_file() => Some(sha256(&fs::read(&path)?)),
            Contents::Compared | Contents::Ignored => None,
        };
        let name = path.strip_prefix(top).unwrap_or(&path).to_owned();
        tree.insert(name, (metadata.permissions().mode(), content));
        if metadata.is_dir() {
            collect(top, &path, contents, tree)?;
        }
    }
    Ok(())
}

/// The first difference between two trees, in words.
pub(super) fn difference(actual: &Tree, expected: &Tree) -> Option<String> {
    let changed = actual.iter().find_map(|(path, what)| match expected.get(path) {
        None => Some(format!("`{}` was left behind", path.display())),
        Some(other) if other != what => Some(format!("`{}` is not as it would be", path.display())),
        Some(_) => None,
    });
    let missing = || expected.keys().find(|path| !actual.contains_key(*path));
    changed.or_else(|| missing().map(|path| format!("`{}` is missing", path.display())))
}

/// Makes `to` a copy of `from`, whatever it was.
pub(super) fn restore(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |e: io::Error| format!("cannot copy `{}`: {e}", from.display());
    match fs::remove_dir_all(to) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(e)),
        Err(_) | Ok(()) => copy(from, to).map_err(failed),
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_no_different_until_something_is_left_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir_all(from.join("a")).unwrap();
        fs::write(from.join("a/b"), "b").unwrap();
        restore(&from, &to).unwrap();
        let read = |dir: &Path| read(dir, Contents::Compared).unwrap();
        assert_eq!(difference(&read(&to), &read(&from)), None);
        fs::write(to.join("a/c"), "").unwrap();
        assert_eq!(difference(&read(&to), &read(&from)).unwrap(), "`a/c` was left behind");
        assert_eq!(difference(&read(&from), &read(&to)).unwrap(), "`a/c` is missing");
        restore(&from, &to).unwrap();
        fs::write(to.join("a/b"), "c").unwrap();
        assert_eq!(difference(&read(&to), &read(&from)).unwrap(), "`a/b` is not as it would be");
    }
}
