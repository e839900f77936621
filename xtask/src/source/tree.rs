//! Finding and reading the source files of a folder.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Source, test_code};
use crate::failure::Failure;

/// Folders whose code does not ship.
const NOT_SHIPPED: &[&str] = &["tests", "benches", "examples", "target"];

/// Reads all shipped Rust files under `folder`, a path relative to `repository`, ordered by path.
pub(crate) fn read_sources(repository: &Path, folder: &Path) -> Result<Vec<Source>, Failure> {
    let mut files = BTreeSet::new();
    find(&repository.join(folder), &mut files)?;
    let sources = files.iter().map(|file| read(repository, file)).collect::<Result<Vec<_>, _>>()?;
    Ok(without_test_files(sources))
}

fn find(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), Failure> {
    for path in list(folder).map_err(|source| Failure::Read { path: folder.into(), source })? {
        if path.is_dir() && !not_shipped(&path) {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.insert(path);
        }
    }
    Ok(())
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// Whether the folder's name says that it holds tests, benchmarks, examples or build output.
fn not_shipped(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| NOT_SHIPPED.iter().any(|other| name == *other))
}

fn read(repository: &Path, file: &Path) -> Result<Source, Failure> {
    let text = fs::read_to_string(file).map_err(|source| Failure::Read { path: file.into(), source })?;
    let path = file.strip_prefix(repository).unwrap_or(file);
    Source::parse(path, &text).map_err(|source| Failure::NotRust { path: path.into(), source })
}

/// Leaves out the files that another one includes as `#[cfg(test)] mod name;`.
fn without_test_files(mut sources: Vec<Source>) -> Vec<Source> {
    let modules: Vec<PathBuf> = sources
        .iter()
        .flat_map(|source| {
            let folder = module_folder(&source.path);
            test_code::modules_elsewhere(&source.syntax).map(move |name| folder.join(name))
        })
        .collect();
    sources.retain(|source| {
        !modules
            .iter()
            .any(|module| source.path.starts_with(module) || source.path.with_extension("") == *module)
    });
    sources
}

/// Where the modules that `file` declares are looked for.
fn module_folder(file: &Path) -> PathBuf {
    let is_root = ["lib.rs", "main.rs", "mod.rs"].iter().any(|name| file.ends_with(name));
    if is_root { file.with_file_name("") } else { file.with_extension("") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_test_modules_are_left_out_with_all_below_them() {
        let sources = [
            ("src/lib.rs", "mod a;\n#[cfg(test)]\nmod probe;\n"),
            ("src/a.rs", "#[cfg(test)]\nmod tests;\n"),
            ("src/a/tests.rs", ""),
            ("src/a/tests/deep.rs", ""),
            ("src/probe/mod.rs", ""),
            ("src/probed.rs", ""),
        ];
        let sources = sources.map(|(path, text)| Source::parse(Path::new(path), text).unwrap()).into();
        let left = without_test_files(sources);
        let paths: Vec<&Path> = left.iter().map(|source| source.path.as_path()).collect();
        assert_eq!(paths, ["src/lib.rs", "src/a.rs", "src/probed.rs"].map(Path::new));
    }
}
