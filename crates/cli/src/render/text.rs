//! Results for people.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use umbel::local::Record;
use umbel::model::{Annotations, Descriptor, Document, DocumentKind, ImageManifest, Index, Platform};
use umbel::{Inspected, Shown};

use super::table::table;
use crate::ui::{count, safe};

/// One thing a line.
pub(crate) fn lines<T: Display>(things: impl IntoIterator<Item = T>) -> String {
    things.into_iter().map(|thing| format!("{}\n", safe(&thing.to_string()))).collect()
}

/// A table of lists.
pub(crate) fn lists(records: &[Record]) -> String {
    let header = ["NAME", "ID", "FORM", "ENTRIES", "CREATED"].map(str::to_owned).to_vec();
    let row = |record: &Record| {
        let created = record.created.date().to_string();
        let entries = record.index.entries.len().to_string();
        vec![
            record.name.to_string(),
            record.id.short().to_owned(),
            record.flavor.to_string(),
            entries,
            created,
        ]
    };
    table(&std::iter::once(header).chain(records.iter().map(row)).collect::<Vec<_>>())
}

/// What was inspected.
pub(crate) fn inspected(inspected: &Inspected) -> String {
    let mut fields = Fields::default();
    match &inspected.record {
        Some(record) => {
            fields.add("Name", &record.name);
            fields.add("ID", &record.id);
        }
        None => fields.add("Name", &inspected.reference),
    }
    let raw = inspected.raw();
    fields.add("Digest", raw.digest());
    fields.add("Media type", raw.media_type());
    fields.add("Size", format!("{} bytes", raw.size()));
    match &inspected.shown {
        Shown::Index(document) => fields.finish() + &index(document),
        Shown::Image(document, platform) => image(fields, document, platform.as_ref()),
        Shown::Schema1(_) => fields.finish(),
    }
}

fn index(document: &Document<Index>) -> String {
    let index = document.view();
    let mut fields = Fields::default();
    if let Some(artifact_type) = &index.artifact_type {
        fields.add("Artifact type", artifact_type);
    }
    if let Some(subject) = &index.subject {
        fields.add("Subject", &subject.digest);
    }
    fields.annotations(&index.annotations);
    let entries = count(index.entries.len(), "entry", "entries");
    if index.entries.is_empty() {
        fields.finish() + "\nNo entries\n"
    } else {
        fields.finish() + &format!("\n{entries}:\n") + &rows(index)
    }
}

/// The entries; attestations stand behind what they are about.
fn rows(index: &Index) -> String {
    let known: HashSet<&str> = index.entries.iter().map(|entry| entry.digest.as_str()).collect();
    let mut about: HashMap<&str, Vec<&Descriptor>> = HashMap::new();
    let mut entries = Vec::new();
    for entry in &index.entries {
        match entry.attests().filter(|digest| known.contains(digest)) {
            Some(digest) => about.entry(digest).or_default().push(entry),
            None => entries.push(entry),
        }
    }
    let mut rows = vec![["PLATFORM", "DIGEST", "SIZE", "KIND"].map(str::to_owned).to_vec()];
    let mut below = vec![String::new()];
    for entry in entries {
        let platform =
            entry.platform.as_ref().map_or_else(|| "-".to_owned(), |p| safe(&p.to_string()).into_owned());
        rows.push(row(platform, entry));
        let annotation = |(key, value): (&String, &String)| format!("    {}: {}\n", safe(key), safe(value));
        below.push(entry.annotations.iter().map(annotation).collect());
        for attestation in about.get(entry.digest.as_str()).into_iter().flatten() {
            rows.push(row("  attestation".to_owned(), attestation));
            below.push(String::new());
        }
    }
    table(&rows).lines().zip(below).map(|(line, below)| format!("{line}\n{below}")).collect()
}

fn row(platform: String, entry: &Descriptor) -> Vec<String> {
    vec![platform, entry.digest.to_string(), entry.size.to_string(), kind(entry)]
}

fn kind(entry: &Descriptor) -> String {
    let kind = match (&entry.artifact_type, entry.media_type.document_kind()) {
        (Some(artifact_type), _) => return safe(artifact_type.as_str()).into_owned(),
        (None, Some(DocumentKind::Image(_))) if entry.is_zstd() => "image, zstd",
        (None, Some(DocumentKind::Image(_))) => "image",
        (None, Some(DocumentKind::Index(_))) => "index",
        (None, Some(DocumentKind::Schema1) | None) => return safe(entry.media_type.as_str()).into_owned(),
    };
    kind.to_owned()
}

fn image(mut fields: Fields, document: &Document<ImageManifest>, platform: Option<&Platform>) -> String {
    let image = document.view();
    if let Some(platform) = platform {
        fields.add("Platform", platform);
    }
    if let Some(artifact_type) = &image.artifact_type {
        fields.add("Artifact type", artifact_type);
    }
    if let Some(subject) = &image.subject {
        fields.add("Subject", &subject.digest);
    }
    fields.add("Config", format!("{} ({})", image.config.digest, image.config.media_type));
    fields.annotations(&image.annotations);
    let mut rows = vec![["LAYER", "SIZE", "MEDIA TYPE"].map(str::to_owned).to_vec()];
    let row = |layer: &Descriptor| {
        vec![layer.digest.to_string(), layer.size.to_string(), safe(layer.media_type.as_str()).into_owned()]
    };
    rows.extend(image.layers.iter().map(row));
    fields.finish() + "\n" + &table(&rows)
}

/// Labelled values, one a line.
#[derive(Default)]
struct Fields {
    rows: Vec<Vec<String>>,
    below: String,
}

impl Fields {
    fn add(&mut self, label: &str, value: impl Display) {
        self.rows.push(vec![format!("{label}:"), safe(&value.to_string()).into_owned()]);
    }

    fn annotations(&mut self, annotations: &Annotations) {
        if annotations.is_empty() {
            return;
        }
        self.below += "Annotations:\n";
        for (key, value) in annotations {
            self.below += &format!("    {}: {}\n", safe(key), safe(value));
        }
    }

    fn finish(self) -> String {
        table(&self.rows) + &self.below
    }
}
