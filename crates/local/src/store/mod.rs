//! The embedded store of lists.
//!
//! ```text
//! <root>/lists/<name>.json     one list: what it holds, and where its images live
//! <root>/tmp/                  files being written
//! ```
//!
//! A list is one file, so an edit is one rename: whoever reads finds the old list or the new one,
//! never a part of either, and needs no lock. Whoever edits holds a lock on the file itself; it is
//! the kernel's, so a process that dies leaves none behind. A file that is damaged harms only the
//! list in it. The format is described in `docs/formats/store.md`.

mod documents;
mod draft;
mod error;
mod file_name;
mod lookup;
mod origins;
mod record;
mod record_file;

pub use documents::Documents;
pub use draft::Draft;
pub use error::StoreError;
pub use origins::Origins;
pub use record::{ListId, Record};

use std::io;
use std::path::PathBuf;

use rustix::fs::Mode;
use umbel_model::ListName;

use crate::dir::{Dir, FileError};
use crate::lock::Locking;
use crate::staged::{self, Staged};

/// Lists are their owner's business.
const DIR_MODE: Mode = Mode::from_raw_mode(0o700);
const FILE_MODE: Mode = Mode::from_raw_mode(0o600);

/// A record of 100 000 entries has some 40 MB.
const RECORD_LIMIT: u64 = 256 << 20;

/// A store of lists in a directory. Opening it touches nothing; the directory is made by the first
/// list that is created.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    locking: Locking,
}

/// One list, as [`Store::list`] finds it.
#[derive(Debug)]
pub enum Listed {
    /// It can be read.
    Readable(Box<Record>),
    /// It cannot; the error names it and says why.
    Damaged(StoreError),
}

/// What to do when a name is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfTaken {
    /// Refuse.
    Refuse,
    /// Put the new list in place of the old one, at once.
    Replace,
}

impl Store {
    /// The store in the directory `root`, whose locks are waited for as `locking` says.
    pub fn at(root: impl Into<PathBuf>, locking: Locking) -> Self {
        Self { root: root.into(), locking }
    }

    /// Finds a list by name, ID, unique prefix of an ID (at least four characters), or digest.
    pub fn find(&self, query: &str) -> Result<Record, StoreError> {
        let Some(lists) = self.lists()? else { return Err(lookup::not_found(query)) };
        let file_name = lookup::file_of(&lists, query)?;
        record_file::read(&lists, &file_name)?.ok_or_else(|| lookup::not_found(query))
    }

    /// Makes sure that there is such a list, without reading it where its name is enough.
    pub fn check(&self, query: &str) -> Result<(), StoreError> {
        let lists = self.lists()?.ok_or_else(|| lookup::not_found(query))?;
        lookup::file_of(&lists, query).map(drop)
    }

    /// All lists, by name.
    pub fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let Some(lists) = self.lists()? else { return Ok(Vec::new()) };
        let mut names: Vec<String> =
            lists.names()?.into_iter().filter(|name| file_name::is_record(name)).collect();
        names.sort();
        let read = |name: &String| match record_file::read(&lists, name) {
            Ok(record) => record.map(|record| Listed::Readable(Box::new(record))),
            Err(error) => Some(Listed::Damaged(error)),
        };
        Ok(names.iter().filter_map(read).collect())
    }

    /// Adds a list.
    pub fn create(&self, record: &Record, if_taken: IfTaken) -> Result<(), StoreError> {
        let (lists, tmp) = self.writable()?;
        let file_name = file_name::of(&record.name);
        loop {
            match self.lock(&lists, &file_name, record.name.as_str()) {
                Ok(draft) if if_taken == IfTaken::Replace => {
                    let bytes = record_file::write(record);
                    return draft::commit(&lists, &tmp, &file_name, &bytes).map(|()| drop(draft));
                }
                Ok(_) => return Err(taken(&lists, &file_name, &record.name)),
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
            let mut staged = Staged::create(&tmp, FILE_MODE)?;
            staged.write(&record_file::write(record))?;
            match staged.place_new(&lists, &file_name) {
                Ok(()) => return Ok(lists.sync()?),
                // Somebody else was faster.
                Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Locks a list and loads it, to be changed. Everybody else who wants to change it waits until
    /// the draft is committed or dropped; readers go on reading what it was.
    pub fn edit(&self, query: &str) -> Result<Draft, StoreError> {
        let Some(lists) = self.lists()? else { return Err(lookup::not_found(query)) };
        let file_name = lookup::file_of(&lists, query)?;
        let lock = self.lock(&lists, &file_name, query)?;
        let loaded = record_file::load(&lists, &file_name)?.ok_or_else(|| lookup::not_found(query))?;
        let (lists, tmp) = self.writable()?;
        Ok(Draft::new(lists, tmp, lock, loaded))
    }

    /// Removes a list, a damaged one too. Returns its name.
    pub fn remove(&self, query: &str) -> Result<String, StoreError> {
        let Some(lists) = self.lists()? else { return Err(lookup::not_found(query)) };
        let file_name = lookup::file_of(&lists, query)?;
        let _lock = self.lock(&lists, &file_name, query)?;
        lists.remove(&file_name)?;
        lists.sync()?;
        Ok(file_name::to_name(&file_name))
    }

    /// The directory of the lists, if there is one; what dead writers left is swept.
    fn lists(&self) -> Result<Option<Dir>, StoreError> {
        let root = match Dir::open(&self.root) {
            Err(error) if error.is_not_found() => return Ok(None),
            other => other?,
        };
        match root.dir("tmp") {
            Ok(tmp) => staged::sweep(&tmp)?,
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
        match root.dir("lists") {
            Err(error) if error.is_not_found() => Ok(None),
            other => Ok(Some(other?)),
        }
    }

    /// The directories of the lists and of files being written, made if they are not there.
    fn writable(&self) -> Result<(Dir, Dir), StoreError> {
        std::fs::create_dir_all(&self.root).map_err(FileError::at("make the directory", &self.root))?;
        let root = Dir::open(&self.root)?;
        let (lists, tmp) = (root.make_dir("lists", DIR_MODE)?, root.make_dir("tmp", DIR_MODE)?);
        staged::sweep(&tmp)?;
        Ok((lists, tmp))
    }

    fn lock(&self, lists: &Dir, file_name: &str, query: &str) -> Result<draft::Lock, StoreError> {
        draft::lock(&self.locking, lists, file_name, query)
    }
}

fn taken(lists: &Dir, file_name: &str, name: &ListName) -> StoreError {
    match record_file::read(lists, file_name) {
        Ok(Some(record)) => StoreError::NameTaken { name: name.to_string(), id: record.id.to_string() },
        Ok(None) => StoreError::NameTaken { name: name.to_string(), id: String::new() },
        Err(error) => error,
    }
}
