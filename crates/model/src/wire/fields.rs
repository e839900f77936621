//! Descriptors, platforms and annotations inside documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::go_json::Object;
use super::json::Value;
use crate::annotations::Annotations;
use crate::descriptor::{Descriptor, Extra};
use crate::document::{DocumentError, Problem};
use crate::platform::Platform;

/// For which document an entry is written: each holds other fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// OCI image index.
    Oci,
    /// Docker manifest list.
    Docker,
    /// Our own records: all fields of either.
    Full,
}

pub(crate) fn read_descriptor(value: &Value<'_>) -> Result<Descriptor, DocumentError> {
    let mut fields = value.fields(&[
        "mediaType",
        "digest",
        "size",
        "urls",
        "annotations",
        "data",
        "platform",
        "artifactType",
    ])?;
    Ok(Descriptor {
        media_type: fields.require("mediaType")?.parsed()?,
        digest: fields.require("digest")?.parsed()?,
        size: fields.require("size")?.size()?,
        urls: fields.optional("urls", Value::strings)?,
        annotations: fields.optional("annotations", read_annotations)?,
        data: fields.optional("data", |value| read_data(value).map(Some))?,
        platform: fields.optional("platform", |value| read_platform(value).map(Some))?,
        artifact_type: fields.optional("artifactType", read_optional_type)?,
        extra: fields.extra,
    })
}

fn read_data(value: &Value<'_>) -> Result<Vec<u8>, DocumentError> {
    STANDARD.decode(value.string()?).map_err(|e| value.error(Problem::Malformed(e.to_string())))
}

/// An artifact type; some tools write an empty one for none.
pub(crate) fn read_optional_type(value: &Value<'_>) -> Result<Option<crate::MediaType>, DocumentError> {
    if value.string()?.is_empty() { Ok(None) } else { value.parsed().map(Some) }
}

pub(crate) fn read_annotations(value: &Value<'_>) -> Result<Annotations, DocumentError> {
    value.members()?.into_iter().map(|(key, value)| Ok((key, value.string()?))).collect()
}

pub(crate) fn read_platform(value: &Value<'_>) -> Result<Platform, DocumentError> {
    let mut fields =
        value.fields(&["architecture", "os", "os.version", "os.features", "variant", "features"])?;
    let text = |value: &Value<'_>| value.string().map(|text| Some(text).filter(|t| !t.is_empty()));
    Ok(Platform {
        os: fields.optional("os", Value::string)?,
        architecture: fields.optional("architecture", Value::string)?,
        variant: fields.optional("variant", text)?,
        os_version: fields.optional("os.version", text)?,
        os_features: fields.optional("os.features", Value::strings)?,
        features: fields.optional("features", Value::strings)?,
        extra: fields.extra,
    })
}

pub(crate) fn write_descriptor(descriptor: &Descriptor, form: Form) -> String {
    let mut object = Object::new();
    object.string("mediaType", descriptor.media_type.as_str());
    if form == Form::Docker {
        object.number("size", descriptor.size);
        object.string("digest", descriptor.digest.as_str());
    } else {
        object.string("digest", descriptor.digest.as_str());
        object.number("size", descriptor.size);
    }
    if !descriptor.urls.is_empty() {
        object.strings("urls", &descriptor.urls);
    }
    if form != Form::Docker {
        write_annotations(&mut object, &descriptor.annotations);
        if let Some(data) = descriptor.data.as_deref().filter(|data| !data.is_empty()) {
            object.string("data", &STANDARD.encode(data));
        }
    }
    match &descriptor.platform {
        Some(platform) => object.raw("platform", &write_platform(platform, form)),
        // Docker's lists have a platform in every entry.
        None if form == Form::Docker => object.raw("platform", r#"{"architecture":"","os":""}"#),
        None => {}
    }
    if let Some(artifact_type) = descriptor.artifact_type.as_ref().filter(|_| form != Form::Docker) {
        object.string("artifactType", artifact_type.as_str());
    }
    write_extra(&mut object, &descriptor.extra);
    object.finish()
}

fn write_platform(platform: &Platform, form: Form) -> String {
    let mut object = Object::new();
    object.string("architecture", &platform.architecture);
    object.string("os", &platform.os);
    if let Some(version) = &platform.os_version {
        object.string("os.version", version);
    }
    if !platform.os_features.is_empty() {
        object.strings("os.features", &platform.os_features);
    }
    if let Some(variant) = &platform.variant {
        object.string("variant", variant);
    }
    if !platform.features.is_empty() && form != Form::Oci {
        object.strings("features", &platform.features);
    }
    write_extra(&mut object, &platform.extra);
    object.finish()
}

pub(crate) fn write_annotations(object: &mut Object, annotations: &Annotations) {
    if annotations.is_empty() {
        return;
    }
    let mut map = Object::new();
    for (key, value) in annotations {
        map.string(key, value);
    }
    object.raw("annotations", &map.finish());
}

pub(crate) fn write_extra(object: &mut Object, extra: &Extra) {
    for (key, json) in extra.iter() {
        object.raw(key, json);
    }
}
