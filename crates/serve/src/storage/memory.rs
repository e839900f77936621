//! Repositories in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use umbel_model::{Digest, Index, Raw};

use super::{Change, Content, NewContent, Storage};
use crate::refusal::Refusal;

/// Everything in memory, gone with the process.
#[derive(Default)]
pub(crate) struct Memory {
    repositories: Arc<Mutex<BTreeMap<String, Repository>>>,
}

#[derive(Default)]
struct Repository {
    content: HashMap<Digest, Bytes>,
    index: Index,
}

type Repositories = BTreeMap<String, Repository>;

fn locked(repositories: &Mutex<Repositories>) -> MutexGuard<'_, Repositories> {
    // Every change is one assignment, so what a panicking thread held is still good.
    repositories.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Storage for Memory {
    fn repositories(&self) -> Result<Vec<String>, Refusal> {
        Ok(locked(&self.repositories).keys().cloned().collect())
    }

    fn index(&self, repository: &str) -> Result<Option<Index>, Refusal> {
        Ok(locked(&self.repositories).get(repository).map(|repository| repository.index.clone()))
    }

    fn update(&self, repository: &str, change: Change<'_>) -> Result<(), Refusal> {
        let mut repositories = locked(&self.repositories);
        let repository = repositories.entry(repository.to_owned()).or_default();
        repository.index = change(repository.index.clone())?;
        Ok(())
    }

    fn content(&self, repository: &str, digest: &Digest) -> Result<Option<Content>, Refusal> {
        let repositories = locked(&self.repositories);
        let content = repositories.get(repository).and_then(|repository| repository.content.get(digest));
        Ok(content.cloned().map(Content::Bytes))
    }

    fn begin(&self, repository: &str) -> Result<Box<dyn NewContent>, Refusal> {
        let repositories = self.repositories.clone();
        Ok(Box::new(NewBytes { repositories, repository: repository.to_owned(), bytes: BytesMut::new() }))
    }

    fn write_document(&self, repository: &str, raw: &Raw) -> Result<(), Refusal> {
        let bytes = Bytes::copy_from_slice(raw.bytes());
        let mut repositories = locked(&self.repositories);
        repositories.entry(repository.to_owned()).or_default().content.insert(raw.digest().clone(), bytes);
        Ok(())
    }

    fn remove(&self, repository: &str, digest: &Digest) -> Result<bool, Refusal> {
        let mut repositories = locked(&self.repositories);
        let removed =
            repositories.get_mut(repository).and_then(|repository| repository.content.remove(digest));
        Ok(removed.is_some())
    }
}

struct NewBytes {
    repositories: Arc<Mutex<Repositories>>,
    repository: String,
    bytes: BytesMut,
}

impl NewContent for NewBytes {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>, digest: &Digest) -> Result<(), Refusal> {
        let mut repositories = locked(&self.repositories);
        let content = &mut repositories.entry(self.repository).or_default().content;
        content.insert(digest.clone(), self.bytes.freeze());
        Ok(())
    }
}
