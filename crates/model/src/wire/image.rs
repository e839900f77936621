//! Image manifests and the part of image configs that says for which platform they are.

use super::fields;
use super::index::{check_header, refuse_ambiguous};
use super::json::Value;
use crate::document::{DocumentError, Problem};
use crate::image::{ImageConfig, ImageManifest};
use crate::media_type::MediaType;

const MEMBERS: &[&str] =
    &["schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations"];

/// Members that only other kinds of documents have.
const OF_OTHERS: &[&str] = &["manifests", "fsLayers", "history"];

/// Reads an image manifest that came as `told`.
pub(crate) fn read(bytes: &[u8], told: &MediaType) -> Result<ImageManifest, DocumentError> {
    let root = Value::root(bytes)?;
    let mut fields = root.fields(MEMBERS)?;
    refuse_ambiguous(&fields, told, OF_OTHERS)?;
    check_header(&mut fields, told)?;
    let layers = fields.require("layers")?.array()?;
    Ok(ImageManifest {
        config: fields::read_descriptor(&fields.require("config")?)?,
        layers: layers.iter().map(fields::read_descriptor).collect::<Result<_, _>>()?,
        annotations: fields.optional("annotations", fields::read_annotations)?,
        artifact_type: fields.optional("artifactType", fields::read_optional_type)?,
        subject: fields.optional("subject", |value| fields::read_descriptor(value).map(Some))?,
    })
}

/// Reads the platform out of an image config.
pub(crate) fn read_config(bytes: &[u8]) -> Result<ImageConfig, DocumentError> {
    let root = Value::root(bytes)?;
    if !root.text().starts_with('{') {
        return Err(root.error(Problem::WrongType("an object")));
    }
    let mut platform = fields::read_platform(&root)?;
    platform.extra = crate::Extra::default();
    platform.features = Vec::new();
    Ok(ImageConfig { platform: Some(platform).filter(|platform| !platform.is_empty()) })
}
