//! What a document is when nothing that refers to it says so.

use super::json::{Fields, Value};
use crate::document::{DocumentError, Problem};
use crate::media_type::MediaType;

const TELLING: &[&str] =
    &["schemaVersion", "mediaType", "manifests", "config", "layers", "fsLayers", "signatures"];

/// The media type of a document: its own word if that is one we know, else what its members make
/// it. Contradictions between the two are found when the document is read as that type.
pub(crate) fn media_type(bytes: &[u8]) -> Result<MediaType, DocumentError> {
    let mut fields = Value::root(bytes)?.fields(TELLING)?;
    let own: MediaType = match fields.take("mediaType") {
        Some(own) => own.parsed()?,
        None => return by_members(fields),
    };
    match own.document_kind() {
        Some(_) => Ok(own),
        None => Err(fields.error(Problem::UnknownMediaType(own))),
    }
}

fn by_members(mut fields: Fields<'_>) -> Result<MediaType, DocumentError> {
    let version = fields.take("schemaVersion").map(|value| value.text().to_owned());
    if version.as_deref() == Some("1") && fields.take("fsLayers").is_some() {
        let signed = fields.take("signatures").is_some();
        return Ok(if signed { MediaType::DOCKER_SCHEMA1_SIGNED } else { MediaType::DOCKER_SCHEMA1 });
    }
    if version.as_deref() != Some("2") {
        return Err(fields.error(Problem::Unrecognised));
    }
    let config = fields.take("config");
    let config_type = match &config {
        Some(config) => config.fields(&["mediaType"])?.optional("mediaType", Value::string)?,
        None => String::new(),
    };
    match (fields.take("manifests").is_some(), config.is_some() && fields.take("layers").is_some()) {
        (true, false) => Ok(MediaType::OCI_INDEX),
        (false, true) if config_type == MediaType::DOCKER_CONFIG.as_str() => Ok(MediaType::DOCKER_MANIFEST),
        (false, true) => Ok(MediaType::OCI_MANIFEST),
        _ => Err(fields.error(Problem::Unrecognised)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_without_a_media_type_are_told_by_their_members() {
        for (json, expected) in [
            (r#"{"schemaVersion":2,"manifests":[]}"#, MediaType::OCI_INDEX),
            (r#"{"schemaVersion":2,"config":{},"layers":[]}"#, MediaType::OCI_MANIFEST),
            (
                r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.docker.container.image.v1+json"},"layers":[]}"#,
                MediaType::DOCKER_MANIFEST,
            ),
            (r#"{"schemaVersion":1,"fsLayers":[]}"#, MediaType::DOCKER_SCHEMA1),
            (r#"{"schemaVersion":1,"fsLayers":[],"signatures":[]}"#, MediaType::DOCKER_SCHEMA1_SIGNED),
        ] {
            assert_eq!(media_type(json.as_bytes()), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_could_be_two_things_is_not_told() {
        for json in [
            r#"{"schemaVersion":2,"manifests":[],"config":{},"layers":[]}"#,
            r#"{"schemaVersion":2}"#,
            r#"{"manifests":[]}"#,
            r#"{"schemaVersion":3,"manifests":[]}"#,
        ] {
            assert_eq!(
                media_type(json.as_bytes()).map_err(|e| e.problem),
                Err(Problem::Unrecognised),
                "{json}"
            );
        }
    }
}
