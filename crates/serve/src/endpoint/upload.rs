//! Blobs: writing, in one request or in several, and taking over from another repository.

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use hyper::{HeaderMap, Request, StatusCode};
use umbel_model::Digest;

use super::CONTENT_DIGEST;
use crate::Registry;
use crate::range;
use crate::refusal::Refusal;
use crate::reply::{self, Reply};
use crate::route::{self, Query};
use crate::storage::Content;
use crate::upload::Upload;

/// `POST /v2/NAME/blobs/uploads/`: begins an upload, or does all at once with `digest`, or takes a blob
/// over with `mount` and `from`.
pub(crate) async fn begin(
    registry: &Registry,
    name: &str,
    query: &Query,
    request: Request<Incoming>,
) -> Result<Reply, Refusal> {
    if let Some(mount) = &query.mount {
        let digest = parse(mount)?;
        if mounted(registry, name, &digest, query.from.as_deref())? {
            return Ok(created(name, &digest));
        }
    }
    let mut upload = Upload::new(name, registry.storage.begin(name)?);
    if let Some(digest) = &query.digest {
        let digest = parse(digest)?;
        receive(&mut upload, Some(&digest), request).await?;
        upload.finish(&digest)?;
        return Ok(created(name, &digest));
    }
    let id = new_id()?;
    registry.uploads.put(&id, upload)?;
    Ok(under_way(StatusCode::ACCEPTED, name, &id, 0))
}

/// `GET /v2/NAME/blobs/uploads/ID`
pub(crate) fn status(registry: &Registry, name: &str, id: &str) -> Result<Reply, Refusal> {
    let upload = registry.uploads.take(name, id)?;
    let length = upload.length();
    registry.uploads.put(id, upload)?;
    Ok(under_way(StatusCode::NO_CONTENT, name, id, length))
}

/// `PATCH /v2/NAME/blobs/uploads/ID`
pub(crate) async fn append(
    registry: &Registry,
    name: &str,
    id: &str,
    request: Request<Incoming>,
) -> Result<Reply, Refusal> {
    let mut upload = registry.uploads.take(name, id)?;
    if let Err(refusal) = in_order(request.headers(), name, id, upload.length()) {
        registry.uploads.put(id, upload)?;
        return Err(refusal);
    }
    // A piece that broke off half-way leaves an upload that nobody can trust; it is gone.
    receive(&mut upload, None, request).await?;
    let length = upload.length();
    registry.uploads.put(id, upload)?;
    Ok(under_way(StatusCode::ACCEPTED, name, id, length))
}

/// `PUT /v2/NAME/blobs/uploads/ID?digest=…`, with the last bytes or none.
pub(crate) async fn finish(
    registry: &Registry,
    name: &str,
    id: &str,
    query: &Query,
    request: Request<Incoming>,
) -> Result<Reply, Refusal> {
    let mut upload = registry.uploads.take(name, id)?;
    let told = query.digest.as_deref().ok_or_else(|| Refusal::digest_invalid("`digest` is missing"));
    let checked = told.and_then(parse);
    let ordered = in_order(request.headers(), name, id, upload.length());
    let digest = match (checked, ordered) {
        (Ok(digest), Ok(())) => digest,
        (Err(refusal), _) | (_, Err(refusal)) => {
            registry.uploads.put(id, upload)?;
            return Err(refusal);
        }
    };
    receive(&mut upload, Some(&digest), request).await?;
    upload.finish(&digest)?;
    Ok(created(name, &digest))
}

/// `DELETE /v2/NAME/blobs/uploads/ID`
pub(crate) fn cancel(registry: &Registry, name: &str, id: &str) -> Result<Reply, Refusal> {
    registry.uploads.take(name, id)?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

fn parse(digest: &str) -> Result<Digest, Refusal> {
    let digest: Digest = digest.parse().map_err(Refusal::digest_invalid)?;
    match digest.algorithm() {
        Some(_) => Ok(digest),
        None => Err(Refusal::digest_invalid(format!("the algorithm of `{digest}` is not supported"))),
    }
}

/// Refuses a piece that does not begin where the last one ended.
fn in_order(headers: &HeaderMap, name: &str, id: &str, length: u64) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value: &hyper::header::HeaderValue| value.to_str().ok());
    let Some(header) = text(CONTENT_RANGE) else { return Ok(()) };
    let told: Option<u64> = text(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    match range::piece(header) {
        Some((first, size)) if first == length && told.is_none_or(|told| told == size) => Ok(()),
        _ => {
            let message = format!("the next byte to come is {length}");
            Err(Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", message)
                .with("location", format!("/v2/{name}/blobs/uploads/{id}"))
                .with("range", range::uploaded(length)))
        }
    }
}

/// Appends the body of a request.
async fn receive(
    upload: &mut Upload,
    digest: Option<&Digest>,
    request: Request<Incoming>,
) -> Result<(), Refusal> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let broken = |_| Refusal::new(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID", "the body broke off");
        if let Ok(bytes) = frame.map_err(broken)?.into_data() {
            upload.expect(digest);
            upload.write(&bytes)?;
        }
    }
    Ok(())
}

/// Takes a blob over from another repository, if it has it.
fn mounted(registry: &Registry, name: &str, digest: &Digest, from: Option<&str>) -> Result<bool, Refusal> {
    if registry.storage.content(name, digest)?.is_some() {
        return Ok(true);
    }
    // A name that is none is a repository that has nothing: the upload begins as if it was not named.
    let Some(from) = from.and_then(|from| route::repository(from).ok()) else { return Ok(false) };
    let Some(content) = registry.storage.content(&from, digest)? else { return Ok(false) };
    let mut upload = Upload::new(name, registry.storage.begin(name)?);
    upload.expect(Some(digest));
    match content {
        Content::Bytes(bytes) => upload.write(&bytes)?,
        Content::File(file, _) => copy(file, &mut upload)?,
    }
    upload.finish(digest)?;
    Ok(true)
}

fn copy(mut file: std::fs::File, upload: &mut Upload) -> Result<(), Refusal> {
    let mut chunk = vec![0; 256 << 10];
    loop {
        let failed = |error: std::io::Error| {
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", error.kind().to_string())
        };
        match std::io::Read::read(&mut file, &mut chunk).map_err(failed)? {
            0 => return Ok(()),
            length => upload.write(&chunk[..length])?,
        }
    }
}

fn created(name: &str, digest: &Digest) -> Reply {
    let reply =
        reply::with(reply::empty(StatusCode::CREATED), LOCATION, &format!("/v2/{name}/blobs/{digest}"));
    reply::with(reply, CONTENT_DIGEST, digest.as_str())
}

fn under_way(status: StatusCode, name: &str, id: &str, length: u64) -> Reply {
    let reply = reply::with(reply::empty(status), LOCATION, &format!("/v2/{name}/blobs/uploads/{id}"));
    reply::with(reply, RANGE, &range::uploaded(length))
}

/// The name of an upload: a random UUID (RFC 9562, version 4), which is not to be guessed.
fn new_id() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    let failed =
        |_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", "there are no random numbers");
    getrandom::fill(&mut bytes).map_err(failed)?;
    let version = |number: u128| number & !(0xf000_u128 << 64) | (0x4000_u128 << 64);
    let variant = |number: u128| number & !(0b11_u128 << 62) | (0b10_u128 << 62);
    let hex = format!("{:032x}", variant(version(u128::from_be_bytes(bytes))));
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_is_named_by_a_random_uuid() {
        let id = new_id().unwrap();
        let parts: Vec<&str> = id.split('-').collect();
        assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        assert_ne!(new_id().unwrap(), id);
    }
}
