//! Results for programs: one JSON object each, described in `docs/formats/output.md`.
//!
//! `umbel` in every object is the version of these shapes. New members may come without a new
//! version; none goes or changes its meaning.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use umbel::local::Record;
use umbel::model::{Descriptor, Digest, Index, MediaType, Platform};
use umbel::{Inspected, Note, Published, Shown};

use crate::ui::steers;

/// The version of the shapes.
const VERSION: u32 = 1;

/// A list after a change, and the entries that the change concerned.
pub(crate) fn changed(record: &Record, entries: &[Digest], notes: &[Note]) -> String {
    let mut value = list(record);
    value["entries"] = json!(entries.iter().map(Digest::as_str).collect::<Vec<_>>());
    value["notes"] = notes_of(notes);
    print(value)
}

/// The names of lists that are gone.
pub(crate) fn removed_lists(names: &[String]) -> String {
    print(json!({ "removed": names }))
}

/// Whether something is there.
pub(crate) fn exists(exists: bool) -> String {
    print(json!({ "exists": exists }))
}

/// Where the registry listens.
pub(crate) fn serving(address: &str) -> String {
    print(json!({ "address": address }))
}

/// All lists.
pub(crate) fn lists(records: &[Record]) -> String {
    print(json!({ "lists": records.iter().map(list).collect::<Vec<_>>() }))
}

/// What was published where.
pub(crate) fn published(
    digest: &Digest,
    media_type: &MediaType,
    published: &[Published],
    notes: &[Note],
) -> String {
    let destination = |published: &Published| {
        json!({
            "destination": published.destination,
            "digest": published.digest.as_str(),
            "blobsWritten": published.report.blobs_written,
            "blobsMounted": published.report.blobs_mounted,
            "blobsPresent": published.report.blobs_present,
            "entriesKnown": published.report.entries_known,
            "unchanged": published.unchanged,
            "bytesWritten": published.report.bytes_written,
        })
    };
    print(json!({
        "digest": digest.as_str(),
        "mediaType": media_type.as_str(),
        "published": published.iter().map(destination).collect::<Vec<_>>(),
        "notes": notes_of(notes),
    }))
}

/// What was inspected.
pub(crate) fn inspected(inspected: &Inspected) -> String {
    let mut value = match &inspected.record {
        Some(record) => list(record),
        None => json!({ "reference": inspected.reference }),
    };
    let raw = inspected.raw();
    value["digest"] = json!(raw.digest().as_str());
    value["mediaType"] = json!(raw.media_type().as_str());
    value["size"] = json!(raw.size());
    match &inspected.shown {
        Shown::Index(document) => index_of(&mut value, document.view(), inspected.record.as_ref()),
        Shown::Image(document, platform) => {
            let image = document.view();
            value["platform"] = json!(platform.as_ref().map(PlatformView::of));
            value["config"] = json!(EntryView::of(&image.config, None));
            let layers: Vec<_> = image.layers.iter().map(|layer| EntryView::of(layer, None)).collect();
            value["layers"] = json!(layers);
            value["annotations"] = json!(image.annotations);
            value["artifactType"] = json!(image.artifact_type.as_ref().map(MediaType::as_str));
            value["subject"] = json!(image.subject.as_ref().map(|subject| EntryView::of(subject, None)));
        }
        Shown::Schema1(_) => {}
    }
    let dropped: Vec<String> = inspected.dropped.iter().map(ToString::to_string).collect();
    if !dropped.is_empty() {
        value["dropped"] = json!(dropped);
    }
    print(value)
}

fn index_of(value: &mut Value, index: &Index, record: Option<&Record>) {
    let entries: Vec<_> = index.entries.iter().map(|entry| EntryView::of(entry, record)).collect();
    value["manifests"] = json!(entries);
    value["annotations"] = json!(index.annotations);
    value["artifactType"] = json!(index.artifact_type.as_ref().map(MediaType::as_str));
    value["subject"] = json!(index.subject.as_ref().map(|subject| EntryView::of(subject, None)));
}

fn list(record: &Record) -> Value {
    let document = record.encode().document;
    json!({
        "name": record.name.as_str(),
        "id": record.id.as_str(),
        "format": record.flavor.name(),
        "created": record.created.format(&Rfc3339).unwrap_or_default(),
        "digest": document.raw().digest().as_str(),
        "size": document.raw().size(),
        "entryCount": record.index.entries.len(),
    })
}

fn notes_of(notes: &[Note]) -> Value {
    json!(notes.iter().map(ToString::to_string).collect::<Vec<_>>())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryView<'a> {
    media_type: &'a str,
    digest: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<PlatformView<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    urls: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    origins: Vec<String>,
}

impl<'a> EntryView<'a> {
    fn of(entry: &'a Descriptor, record: Option<&Record>) -> Self {
        let origins =
            record.map(|record| record.origins.of(&entry.digest).map(ToString::to_string).collect());
        Self {
            media_type: entry.media_type.as_str(),
            digest: entry.digest.as_str(),
            size: entry.size,
            platform: entry.platform.as_ref().map(PlatformView::of),
            annotations: &entry.annotations,
            artifact_type: entry.artifact_type.as_ref().map(MediaType::as_str),
            urls: &entry.urls,
            origins: origins.unwrap_or_default(),
        }
    }
}

#[derive(Serialize)]
struct PlatformView<'a> {
    os: &'a str,
    architecture: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    #[serde(rename = "os.version", skip_serializing_if = "Option::is_none")]
    os_version: Option<&'a str>,
    #[serde(rename = "os.features", skip_serializing_if = "<[_]>::is_empty")]
    os_features: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    features: &'a [String],
}

impl<'a> PlatformView<'a> {
    fn of(platform: &'a Platform) -> Self {
        Self {
            os: &platform.os,
            architecture: &platform.architecture,
            variant: platform.variant.as_deref(),
            os_version: platform.os_version.as_deref(),
            os_features: &platform.os_features,
            features: &platform.features,
        }
    }
}

/// One line of JSON in which nothing can steer a terminal.
fn print(mut value: Value) -> String {
    value["umbel"] = json!(VERSION);
    // JSON leaves many of these characters as they are; outside strings there are none.
    let escape = |c: char| {
        let units =
            |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
        if steers(c) { units(c) } else { c.to_string() }
    };
    let json = value.to_string();
    if json.bytes().all(|b| b < 0x7f) { json } else { json.chars().map(escape).collect() }
}
