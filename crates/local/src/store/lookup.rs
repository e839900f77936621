//! Finding the file of a list.

use serde::Deserialize;
use umbel_model::{Digest, ListName};

use super::{RECORD_LIMIT, StoreError, file_name, record_file};
use crate::dir::Dir;

/// The shortest beginning of an ID that is taken for one: shorter ones are more likely a mistake.
const SHORTEST_PREFIX: usize = 4;

/// An error that says that there is no such list.
pub(super) fn not_found(query: &str) -> StoreError {
    match query.parse::<ListName>() {
        Err(error) if !is_hex(query) && query.parse::<Digest>().is_err() => error.into(),
        _ => StoreError::NotFound { query: query.to_owned() },
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The file of the list that `query` means: `sha256:` and 64 characters an ID or a digest, 64
/// characters alone an ID, otherwise a name, or else the beginning of an ID.
pub(super) fn file_of(lists: &Dir, query: &str) -> Result<String, StoreError> {
    if let Ok(digest) = query.parse::<Digest>() {
        let by_id = by_id(lists, digest.encoded(), query);
        return if matches!(by_id, Err(StoreError::NotFound { .. })) {
            by_digest(lists, &digest)
        } else {
            by_id
        };
    }
    if is_hex(query) && query.len() == 64 {
        return by_id(lists, query, query);
    }
    if let Ok(name) = query.parse::<ListName>() {
        let file = file_name::of(&name);
        if rustix::fs::accessat(lists, &file, rustix::fs::Access::EXISTS, rustix::fs::AtFlags::empty())
            .is_ok()
        {
            return Ok(file);
        }
    }
    if is_hex(query) && query.len() >= SHORTEST_PREFIX {
        return by_id(lists, query, query);
    }
    Err(not_found(query))
}

fn by_id(lists: &Dir, prefix: &str, query: &str) -> Result<String, StoreError> {
    #[derive(Deserialize)]
    struct IdOnly {
        id: String,
    }
    let has_id = |file: &String| {
        let bytes = lists.read(file, RECORD_LIMIT).ok().flatten();
        let record = bytes.and_then(|bytes| serde_json::from_slice::<IdOnly>(&bytes).ok());
        record.is_some_and(|record| record.id.starts_with(prefix))
    };
    one(records(lists)?.into_iter().filter(has_id).collect(), query)
}

fn by_digest(lists: &Dir, digest: &Digest) -> Result<String, StoreError> {
    let has_digest = |file: &String| {
        let record = record_file::read(lists, file).ok().flatten();
        record.is_some_and(|record| record.encode().document.raw().digest() == digest)
    };
    one(records(lists)?.into_iter().filter(has_digest).collect(), digest.as_str())
}

fn records(lists: &Dir) -> Result<Vec<String>, StoreError> {
    Ok(lists.names()?.into_iter().filter(|name| file_name::is_record(name)).collect())
}

fn one(mut files: Vec<String>, query: &str) -> Result<String, StoreError> {
    match files.len() {
        0 => Err(StoreError::NotFound { query: query.to_owned() }),
        1 => Ok(files.remove(0)),
        _ => {
            files.sort();
            let candidates = files.iter().map(|file| format!("`{}`", file_name::to_name(file))).collect();
            Err(StoreError::Ambiguous { query: query.to_owned(), candidates })
        }
    }
}
