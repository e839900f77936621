//! OCI image indexes, Docker manifest lists, and the superset of both that records keep.

use super::fields::{self, Form};
use super::go_json::{self, Object};
use super::json::{Fields, Value, folds_to};
use crate::document::{DocumentError, Problem};
use crate::index::{Index, NoEntries, Style};
use crate::media_type::{Flavor, MediaType};

const MEMBERS: &[&str] =
    &["schemaVersion", "mediaType", "artifactType", "manifests", "subject", "annotations"];

/// Members that only image manifests have; an index with one of them could be read as an image.
const OF_IMAGES: &[&str] = &["config", "layers", "fsLayers", "history"];

/// Reads an index that came as `told`.
pub(crate) fn read(bytes: &[u8], told: &MediaType) -> Result<Index, DocumentError> {
    let root = Value::root(bytes)?;
    let fields = root.fields(MEMBERS)?;
    refuse_ambiguous(&fields, told, OF_IMAGES)?;
    read_fields(fields, told)
}

/// Reads the superset form, which only we write.
pub(crate) fn read_full(json: &str) -> Result<Index, DocumentError> {
    let root = Value::root(json.as_bytes())?;
    read_fields(root.fields(MEMBERS)?, &MediaType::OCI_INDEX)
}

fn read_fields(mut fields: Fields<'_>, told: &MediaType) -> Result<Index, DocumentError> {
    check_header(&mut fields, told)?;
    let manifests = fields.optional("manifests", Value::array)?;
    Ok(Index {
        entries: manifests.iter().map(fields::read_descriptor).collect::<Result<_, _>>()?,
        annotations: fields.optional("annotations", fields::read_annotations)?,
        artifact_type: fields.optional("artifactType", fields::read_optional_type)?,
        subject: fields.optional("subject", |value| fields::read_descriptor(value).map(Some))?,
        extra: fields.extra,
    })
}

/// Checks `schemaVersion`, and that the document does not call itself anything but `told`.
pub(super) fn check_header(fields: &mut Fields<'_>, told: &MediaType) -> Result<(), DocumentError> {
    let version = fields.require("schemaVersion")?;
    if version.text() != "2" {
        return Err(version.error(Problem::SchemaVersion(version.text().chars().take(40).collect())));
    }
    let own = fields.optional("mediaType", Value::string)?;
    if own.is_empty() || own == told.as_str() {
        return Ok(());
    }
    Err(fields.error(Problem::TypeConflict { told: told.clone(), own }))
}

/// Refuses a document that has members of another kind of document.
pub(super) fn refuse_ambiguous(
    fields: &Fields<'_>,
    told: &MediaType,
    foreign: &[&str],
) -> Result<(), DocumentError> {
    let is_foreign = |key: &str| foreign.iter().any(|name| folds_to(key, name));
    match fields.extra.iter().find(|(key, json)| *json != "null" && is_foreign(key)) {
        None => Ok(()),
        Some((member, _)) => Err(fields.error(Problem::Ambiguous {
            media_type: told.clone(),
            member: member.chars().take(40).collect(),
        })),
    }
}

/// Writes the index in one of the two public forms.
pub(crate) fn write(index: &Index, flavor: Flavor, style: Style) -> Vec<u8> {
    let form = match flavor {
        Flavor::Oci => Form::Oci,
        Flavor::Docker => Form::Docker,
    };
    let json = write_form(index, form, style.no_entries);
    match style.layout {
        crate::index::Layout::Compact => json.into_bytes(),
        crate::index::Layout::Indented => go_json::indented(&json, "  ").into_bytes(),
    }
}

/// Writes everything the index holds, for our own records.
pub(crate) fn write_full(index: &Index) -> String {
    write_form(index, Form::Full, NoEntries::Array)
}

fn write_form(index: &Index, form: Form, no_entries: NoEntries) -> String {
    let mut object = Object::new();
    object.number("schemaVersion", 2);
    let media_type = if form == Form::Docker { MediaType::DOCKER_LIST } else { MediaType::OCI_INDEX };
    object.string("mediaType", media_type.as_str());
    if let Some(artifact_type) = index.artifact_type.as_ref().filter(|_| form != Form::Docker) {
        object.string("artifactType", artifact_type.as_str());
    }
    if index.entries.is_empty() && no_entries == NoEntries::Null {
        object.raw("manifests", "null");
    } else {
        object.array("manifests", index.entries.iter().map(|entry| fields::write_descriptor(entry, form)));
    }
    if form != Form::Docker {
        if let Some(subject) = &index.subject {
            object.raw("subject", &fields::write_descriptor(subject, form));
        }
        fields::write_annotations(&mut object, &index.annotations);
    }
    fields::write_extra(&mut object, &index.extra);
    object.finish()
}
