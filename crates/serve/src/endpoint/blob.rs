//! Blobs: reading and removing.

use hyper::body::Incoming;
use hyper::header::{ACCEPT_RANGES, CONTENT_RANGE, ETAG, RANGE};
use hyper::{Method, Request, StatusCode};
use umbel_model::Digest;

use super::CONTENT_DIGEST;
use crate::Registry;
use crate::range::{self, Wanted};
use crate::refusal::Refusal;
use crate::reply::{self, Reply};

/// `GET` and `HEAD /v2/NAME/blobs/DIGEST`
pub(crate) fn get(
    registry: &Registry,
    name: &str,
    digest: &Digest,
    request: &Request<Incoming>,
) -> Result<Reply, Refusal> {
    let found = registry.storage.content(name, digest)?;
    let content = found.ok_or_else(|| Refusal::blob_unknown(digest))?;
    let size = content.size();
    if reply::has_already(request.headers(), digest) {
        return Ok(reply::not_modified(digest));
    }
    // A range is a matter of GET (RFC 9110, section 14.2).
    let header = request.headers().get(RANGE).and_then(|value| value.to_str().ok());
    let header = header.filter(|_| request.method() == Method::GET);
    let reply = match range::wanted(header, size) {
        Wanted::All => reply::content(StatusCode::OK, content, 0..size)?,
        Wanted::Part(part) => {
            let place = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            let reply = reply::content(StatusCode::PARTIAL_CONTENT, content, part)?;
            reply::with(reply, CONTENT_RANGE, &place)
        }
        Wanted::Unsatisfiable => {
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            let refusal = Refusal::new(status, "SIZE_INVALID", "the range is outside the blob");
            return Err(refusal.with("content-range", format!("bytes */{size}")));
        }
    };
    let reply = reply::with(reply, CONTENT_DIGEST, digest.as_str());
    let reply = reply::with(reply, ETAG, &format!("\"{digest}\""));
    Ok(reply::with(reply, ACCEPT_RANGES, "bytes"))
}

/// `DELETE /v2/NAME/blobs/DIGEST`
pub(crate) fn delete(registry: &Registry, name: &str, digest: &Digest) -> Result<Reply, Refusal> {
    if registry.storage.remove(name, digest)? {
        Ok(reply::empty(StatusCode::ACCEPTED))
    } else {
        Err(Refusal::blob_unknown(digest))
    }
}
