//! The file of a list: `docs/formats/store.md`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use umbel_model::Index;
use umbel_model::digest::DigestError;

use super::{Documents, Origins, RECORD_LIMIT, Record, StoreError, file_name};
use crate::dir::Dir;

/// The version that is written. Every older one is read.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RecordFile<'a> {
    umbel_list: u64,
    id: String,
    name: String,
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
    format: String,
    #[serde(borrow)]
    index: &'a RawValue,
    origins: Vec<OriginFile>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    documents: BTreeMap<String, Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OriginFile {
    location: String,
    entries: Vec<String>,
}

/// The part that every version has and will have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionOnly {
    umbel_list: u64,
}

/// Reads the record in a file; `None` if the file is not there.
pub(super) fn read(lists: &Dir, file: &str) -> Result<Option<Record>, StoreError> {
    Ok(load(lists, file)?.map(|(record, _)| record))
}

/// Reads the record in a file, and the file as it is.
pub(super) fn load(lists: &Dir, file: &str) -> Result<Option<(Record, Vec<u8>)>, StoreError> {
    let damaged = |problem: String| StoreError::Damaged {
        name: file_name::to_name(file),
        path: lists.join(file),
        problem,
    };
    let Some(bytes) = lists.read(file, RECORD_LIMIT)? else { return Ok(None) };
    let record = match parse(&bytes) {
        Ok(record) => record,
        Err(problem) => return Err(newer(&bytes, file).unwrap_or_else(|| damaged(problem))),
    };
    if file_name::of(&record.name) != file {
        return Err(damaged(format!("holds the list `{}`", record.name)));
    }
    Ok(Some((record, bytes)))
}

/// The error that a record is of a version made after this program, if it is.
fn newer(bytes: &[u8], file: &str) -> Option<StoreError> {
    let VersionOnly { umbel_list: version } = serde_json::from_slice(bytes).ok()?;
    let name = file_name::to_name(file);
    (version > VERSION).then_some(StoreError::Newer { name, version, known: VERSION })
}

fn parse(bytes: &[u8]) -> Result<Record, String> {
    let file: RecordFile<'_> =
        serde_json::from_slice(bytes).map_err(|e| format!("is not a record of a list: {e}"))?;
    if file.umbel_list != VERSION {
        return Err(format!("has the unknown version {}", file.umbel_list));
    }
    let mut origins = Origins::default();
    for OriginFile { location, entries } in file.origins {
        let home = location.parse().map_err(|e| format!("has a bad origin: {e}"))?;
        let entries: Result<Vec<_>, _> = entries.iter().map(|entry| entry.parse()).collect();
        origins.add(&home, entries.map_err(|e| format!("has a bad origin: {e}"))?);
    }
    let documents: Result<Documents, DigestError> = file
        .documents
        .into_iter()
        .map(|(digest, text)| Ok((digest.parse()?, text.into_owned().into_boxed_str())))
        .collect();
    Ok(Record {
        id: file.id.parse().map_err(|()| "has a bad `id`".to_owned())?,
        name: file.name.parse().map_err(|e| format!("has a bad `name`: {e}"))?,
        created: file.created,
        flavor: file.format.parse().map_err(|e| format!("has a bad `format`: {e}"))?,
        index: Index::from_full_json(file.index.get()).map_err(|e| format!("has a bad `index`: {e}"))?,
        origins,
        documents: documents.map_err(|e| format!("has a bad document: {e}"))?,
    })
}

/// The file of a record.
pub(super) fn write(record: &Record) -> Vec<u8> {
    let index = RawValue::from_string(record.index.to_full_json());
    let origin = |(home, entries): (&umbel_model::Location, &std::collections::BTreeSet<_>)| OriginFile {
        location: home.to_string(),
        entries: entries.iter().map(|digest: &umbel_model::Digest| digest.to_string()).collect(),
    };
    let file = RecordFile {
        umbel_list: VERSION,
        id: record.id.to_string(),
        name: record.name.to_string(),
        created: record.created,
        format: record.flavor.to_string(),
        index: &index.expect("our own writer gives well-formed JSON"),
        origins: record.origins.iter().map(origin).collect(),
        documents: record.documents.iter().map(|(digest, text)| (digest.to_string(), text.into())).collect(),
    };
    serde_json::to_vec(&file).expect("strings, numbers and JSON can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use umbel_model::{Descriptor, Digest, Flavor, MediaType, Platform, Raw};

    #[test]
    fn everything_in_a_record_survives() {
        let created = OffsetDateTime::from_unix_timestamp(1_000_000_000).unwrap();
        let mut record = Record::new("app".parse().unwrap(), Flavor::Docker, created).unwrap();
        let mut entry = Descriptor::new(MediaType::OCI_MANIFEST, Digest::sha256(b"x"), 1);
        entry.platform = Some(Platform { features: vec!["sse4".into()], ..Platform::new("linux", "amd64") });
        entry.annotations.insert("a".into(), "b".into());
        let homes = [("oci:/layout".parse().unwrap(), vec![entry.digest.clone()])];
        let document = Raw::new(MediaType::OCI_MANIFEST, b"{\"x\": \"\xc3\xa9\"}\n".to_vec());
        record.add(vec![entry], &homes, &[document]);
        record.index.annotations.insert("c".into(), "d".into());
        assert_eq!(parse(&write(&record)), Ok(record));
    }
}
