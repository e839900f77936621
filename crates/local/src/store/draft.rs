//! A list under lock, being changed.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;

use umbel_model::index::EditError;
use umbel_model::{Descriptor, Digest, Edit, Index, Location, Raw};

use super::{FILE_MODE, Record, StoreError, file_name, lookup, record_file};
use crate::FileError;
use crate::dir::Dir;
use crate::lock::{LockError, Locking};
use crate::staged::Staged;

/// The right to change a list: the lock on its file.
pub(super) struct Lock(#[expect(dead_code, reason = "holding it open is holding the lock")] File);

/// Locks the file of a list. Every change puts a new file in place of the old one, so a lock counts
/// only if the file that was locked is still the one of that name; else the new one is locked.
pub(super) fn lock(locking: &Locking, lists: &Dir, file: &str, query: &str) -> Result<Lock, StoreError> {
    let name = file_name::to_name(file);
    loop {
        let Some(locked) = lists.file(file)? else { return Err(lookup::not_found(query)) };
        let what = format!("the list `{name}`");
        match locking.exclusive(&locked, &lists.join(file), &what) {
            Ok(()) => {}
            Err(LockError::Io(error)) => return Err(error.into()),
            Err(LockError::TimedOut(waited)) => {
                return Err(StoreError::Locked { name, waited_seconds: waited.as_secs() });
            }
        }
        let Some(current) = lists.file(file)? else { return Err(lookup::not_found(query)) };
        let inode =
            |f: &File| f.metadata().map(|m| m.ino()).map_err(FileError::at("look at", lists.join(file)));
        if inode(&locked)? == inode(&current)? {
            return Ok(Lock(locked));
        }
    }
}

/// Puts a record in place of the file of that name, under whose lock the caller is.
pub(super) fn commit(lists: &Dir, tmp: &Dir, file: &str, record: &[u8]) -> Result<(), StoreError> {
    let mut staged = Staged::create(tmp, FILE_MODE)?;
    staged.write(record)?;
    // The new file is locked, too, until the change has outlasted a power failure.
    let _locked = staged.replace(lists, file)?;
    Ok(lists.sync()?)
}

/// A list that is being changed. Nobody else changes it meanwhile.
///
/// [`Draft::commit`] makes the changes visible, all at once; dropping the draft abandons them.
pub struct Draft {
    lists: Dir,
    tmp: Dir,
    _lock: Lock,
    /// The file as it was.
    before: Vec<u8>,
    record: Record,
}

impl Draft {
    pub(super) fn new(lists: Dir, tmp: Dir, lock: Lock, (record, before): (Record, Vec<u8>)) -> Self {
        Self { lists, tmp, _lock: lock, before, record }
    }

    /// The list with the changes made so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// What the list holds with the changes made so far.
    pub fn index(&self) -> &Index {
        &self.record.index
    }

    /// Makes one change, or none and says why.
    pub fn apply(&mut self, edit: Edit) -> Result<(), EditError> {
        self.record.index.apply(edit)
    }

    /// See [`Record::add`].
    pub fn add(&mut self, entries: Vec<Descriptor>, homes: &[(Location, Vec<Digest>)], documents: &[Raw]) {
        self.record.add(entries, homes, documents);
    }

    /// See [`Record::become_oci_if_needed`].
    pub fn become_oci_if_needed(&mut self) -> bool {
        self.record.become_oci_if_needed()
    }

    /// Makes the changes visible and lasting. If nothing changed, nothing is written.
    pub fn commit(mut self) -> Result<Record, StoreError> {
        self.record.forget_what_is_gone();
        let after = record_file::write(&self.record);
        if after != self.before {
            commit(&self.lists, &self.tmp, &file_name::of(&self.record.name), &after)?;
        }
        Ok(self.record)
    }
}
