//! Manifests: reading, writing on a condition, removing.

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION};
use hyper::{HeaderMap, Request, StatusCode};
use umbel_model::{Descriptor, Digest, DocumentKind, Manifest, MediaType, Raw};

use super::CONTENT_DIGEST;
use crate::Registry;
use crate::listing::{self, Condition};
use crate::refusal::Refusal;
use crate::reply::{self, Reply};
use crate::route::Reference;
use crate::storage::{Content, MANIFEST_LIMIT};

/// Says that a manifest is about another one, which referrers can be asked for.
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// `GET` and `HEAD /v2/NAME/manifests/REFERENCE`
pub(crate) fn get(
    registry: &Registry,
    name: &str,
    reference: &Reference,
    headers: &HeaderMap,
) -> Result<Reply, Refusal> {
    let raw = find(registry, name, reference)?;
    if reply::has_already(headers, raw.digest()) {
        return Ok(reply::not_modified(raw.digest()));
    }
    let reply = reply::bytes(StatusCode::OK, raw.media_type().as_str(), raw.bytes().to_vec());
    Ok(named(reply, raw.digest()))
}

fn named(reply: Reply, digest: &Digest) -> Reply {
    let reply = reply::with(reply, CONTENT_DIGEST, digest.as_str());
    reply::with(reply, ETAG, &format!("\"{digest}\""))
}

/// The manifest of that name.
fn find(registry: &Registry, name: &str, reference: &Reference) -> Result<Raw, Refusal> {
    let index = registry.storage.index(name)?.ok_or_else(|| Refusal::name_unknown(name))?;
    let listed = match reference {
        Reference::Tag(tag) => {
            Some(listing::tagged(&index, tag).ok_or_else(|| Refusal::manifest_unknown(tag))?)
        }
        Reference::Digest(digest) => index.entry(digest),
    };
    let digest = match (listed, reference) {
        (Some(entry), _) => &entry.digest,
        (None, Reference::Digest(digest)) => digest,
        (None, Reference::Tag(tag)) => return Err(Refusal::manifest_unknown(tag)),
    };
    let unknown = || Refusal::manifest_unknown(reference);
    let bytes = read(registry, name, digest)?.ok_or_else(unknown)?;
    // What is listed nowhere is a manifest only if it says so itself; it might be any blob.
    let media_type = match listed {
        Some(entry) => entry.media_type.clone(),
        None => Manifest::detect(&bytes).map_err(|_| unknown())?,
    };
    let descriptor = Descriptor::new(media_type, digest.clone(), bytes.len() as u64);
    Raw::verified(&descriptor, bytes)
        .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", "the manifest is damaged"))
}

/// A document, if it is there and not too large for one.
pub(super) fn read(registry: &Registry, name: &str, digest: &Digest) -> Result<Option<Vec<u8>>, Refusal> {
    let failed = |error: std::io::Error| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", error.kind().to_string())
    };
    match registry.storage.content(name, digest)? {
        Some(content) if content.size() > MANIFEST_LIMIT => Ok(None),
        Some(Content::Bytes(bytes)) => Ok(Some(bytes.to_vec())),
        Some(Content::File(file, _)) => {
            let mut bytes = Vec::new();
            let mut limited = std::io::Read::take(file, MANIFEST_LIMIT);
            std::io::Read::read_to_end(&mut limited, &mut bytes).map_err(failed)?;
            Ok(Some(bytes))
        }
        None => Ok(None),
    }
}

/// `PUT /v2/NAME/manifests/REFERENCE`: everything that the manifest refers to must be there.
pub(crate) async fn put(
    registry: &Registry,
    name: &str,
    reference: &Reference,
    request: Request<Incoming>,
) -> Result<Reply, Refusal> {
    let (parts, body) = request.into_parts();
    let limit = usize::try_from(MANIFEST_LIMIT).unwrap_or(usize::MAX);
    let body = Limited::new(body, limit).collect().await.map_err(|_| Refusal::too_large(MANIFEST_LIMIT))?;
    let manifest = accepted(&parts.headers, reference, body.to_bytes().to_vec())?;
    require_parts(registry, name, &manifest)?;
    let (raw, subject) = (manifest.raw(), subject(&manifest));
    let condition = condition(&parts.headers);
    let root = raw.descriptor();
    registry.storage.write_document(name, raw)?;
    match (reference, &subject) {
        (Reference::Tag(tag), _) => {
            registry.storage.update(name, &mut |index| listing::with_tag(index, tag, &root, &condition))?;
        }
        (Reference::Digest(_), Some(subject)) => {
            registry.storage.update(name, &mut |index| Ok(listing::with_referrer(index, &root, subject)))?;
        }
        (Reference::Digest(_), None) => {}
    }
    let location = format!("/v2/{name}/manifests/{}", raw.digest());
    let reply = named(reply::with(reply::empty(StatusCode::CREATED), LOCATION, &location), raw.digest());
    Ok(subject.iter().fold(reply, |reply, subject| reply::with(reply, OCI_SUBJECT, subject.as_str())))
}

fn condition(headers: &HeaderMap) -> Condition {
    let text = |name| {
        headers.get(name).and_then(|v: &hyper::header::HeaderValue| v.to_str().ok()).map(str::to_owned)
    };
    Condition { matches: text(IF_MATCH), matches_none: text(IF_NONE_MATCH) }
}

/// Reads what was sent, as what it was sent.
fn accepted(headers: &HeaderMap, reference: &Reference, bytes: Vec<u8>) -> Result<Manifest, Refusal> {
    let media_type: MediaType = match headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        Some(told) => {
            told.split(';').next().unwrap_or(told).trim().parse().map_err(Refusal::manifest_invalid)?
        }
        None => Manifest::detect(&bytes).map_err(Refusal::manifest_invalid)?,
    };
    if media_type.document_kind() == Some(DocumentKind::Schema1) {
        return Err(Refusal::manifest_invalid("Docker schema 1 manifests are not taken"));
    }
    let digest = match reference {
        Reference::Digest(digest) => digest.clone(),
        Reference::Tag(_) => Digest::sha256(&bytes),
    };
    let descriptor = Descriptor::new(media_type, digest, bytes.len() as u64);
    let raw = Raw::verified(&descriptor, bytes).map_err(Refusal::digest_invalid)?;
    Manifest::parse(raw).map_err(Refusal::manifest_invalid)
}

/// Refuses a manifest that refers to something that is not there.
fn require_parts(registry: &Registry, name: &str, manifest: &Manifest) -> Result<(), Refusal> {
    let parts: Vec<&Descriptor> = match manifest {
        Manifest::Index(index) => index.view().entries.iter().collect(),
        Manifest::Image(image) => image.view().blobs().collect(),
        Manifest::Schema1(_) => Vec::new(),
    };
    for part in parts {
        let elsewhere = part.media_type.is_nondistributable() && !part.urls.is_empty();
        if !elsewhere && registry.storage.content(name, &part.digest)?.is_none() {
            let message = format!("it refers to `{}`, which is not there", part.digest);
            return Err(Refusal::new(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN", message));
        }
    }
    Ok(())
}

/// What a manifest is about.
pub(super) fn subject(manifest: &Manifest) -> Option<Digest> {
    let subject = match manifest {
        Manifest::Index(index) => &index.view().subject,
        Manifest::Image(image) => &image.view().subject,
        Manifest::Schema1(_) => &None,
    };
    subject.as_ref().map(|subject| subject.digest.clone())
}

/// `DELETE /v2/NAME/manifests/REFERENCE`: a tag, or a manifest with all its tags.
pub(crate) fn delete(registry: &Registry, name: &str, reference: &Reference) -> Result<Reply, Refusal> {
    registry.storage.index(name)?.ok_or_else(|| Refusal::name_unknown(name))?;
    match reference {
        Reference::Tag(tag) => {
            registry.storage.update(name, &mut |index| listing::without_tag(index, tag))?;
        }
        Reference::Digest(digest) => {
            find(registry, name, reference)?;
            registry.storage.update(name, &mut |index| Ok(listing::without_manifest(index, digest)))?;
            registry.storage.remove(name, digest)?;
        }
    }
    Ok(reply::empty(StatusCode::ACCEPTED))
}
