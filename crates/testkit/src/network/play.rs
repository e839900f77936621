//! What each fault does, step by step.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::fault::Fault;
use super::kind::{Kind, query_value};
use super::wire::{Request, Response};
use crate::digest;
use crate::media_type::{DOCKER_LIST, OCI_INDEX, OCI_MANIFEST};

/// The header in which registries tell a digest.
pub(crate) const DIGEST: &str = "docker-content-digest";

/// At which point a fault comes in, and what happens there.
pub(crate) enum Play {
    /// There is no answer, and the registry never hears of the request.
    Unanswered(Silence),
    /// This is the answer, and the registry never hears of the request.
    Instead(Response),
    /// The request goes on later.
    Late(Duration),
    /// The request goes on without its wish for a mount.
    AsUpload,
    /// The answer is changed; `None` if it is one that cannot be changed so.
    Changed(Change),
    /// The answer is right, its delivery is not.
    Delivered(Delivery),
}

/// Makes the wrong answer out of the right one.
pub(crate) type Change = fn(&Scene<'_>, &Response) -> Option<Response>;

/// How a connection falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    Reset,
    Close,
    Wait,
}

/// How an answer gets to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    Chunked,
    Half,
    Slow(Duration),
    Reset,
}

impl Delivery {
    /// Whether this answer would not get to the client as it should.
    pub(crate) fn can_spoil(self, right: &Response) -> bool {
        match self {
            Self::Whole => false,
            Self::Reset => succeeded(right),
            Self::Chunked | Self::Half | Self::Slow(_) => succeeded(right) && !right.body.is_empty(),
        }
    }
}

/// What a fault may need to know.
pub(crate) struct Scene<'s> {
    pub(crate) kind: Kind,
    pub(crate) request: &'s Request,
    /// The origin of the other host.
    pub(crate) other: &'s str,
    /// The answer to somebody without credentials.
    pub(crate) challenge: &'s dyn Fn() -> Response,
}

/// What `fault` does in this scene.
pub(crate) fn play(fault: Fault, scene: &Scene<'_>) -> Play {
    match fault {
        // The one in the middle of the body came before this, if there was a body.
        Fault::Reset | Fault::ResetMidBody => Play::Unanswered(Silence::Reset),
        Fault::Close => Play::Unanswered(Silence::Close),
        Fault::Silence => Play::Unanswered(Silence::Wait),
        Fault::Stall(time) => Play::Late(time),
        Fault::Mount202 => Play::AsUpload,
        Fault::AppliedReset => Play::Delivered(Delivery::Reset),
        Fault::Truncate => Play::Delivered(Delivery::Half),
        Fault::Drip(pause) => Play::Delivered(Delivery::Slow(pause)),
        Fault::Chunked => Play::Delivered(Delivery::Chunked),
        Fault::Applied500 => Play::Changed(applied),
        Fault::FlipByte => Play::Changed(flipped),
        Fault::WrongDigest | Fault::WrongPutDigest => Play::Changed(wrong_digest),
        Fault::Empty200 => Play::Changed(emptied),
        Fault::Gzip => Play::Changed(compressed),
        Fault::WrongType => Play::Changed(wrong_type),
        Fault::HeadLies200 => Play::Changed(said_present),
        Fault::HeadLies404 => Play::Changed(said_absent),
        Fault::BadLocation => Play::Changed(elsewhere),
        Fault::NoLocation => Play::Changed(nowhere),
        Fault::Status(status) => Play::Instead(refusal(status, code(status), "a fault was asked for")),
        Fault::Busy { status, retry_after } => Play::Instead(
            refusal(status, code(status), "come back later")
                .with("retry-after", retry_after.as_secs().to_string()),
        ),
        Fault::Expired401 => Play::Instead((scene.challenge)()),
        Fault::Deny403 => Play::Instead(refusal(403, "DENIED", "not for you")),
        Fault::Gone404 => Play::Instead(unknown(scene.kind)),
        Fault::LostUpload => Play::Instead(lost_upload()),
        Fault::Range416 => {
            Play::Instead(refusal(416, "BLOB_UPLOAD_INVALID", "not where the last chunk ended"))
        }
        Fault::Html200 => Play::Instead(portal()),
        Fault::Redirect | Fault::RedirectWrite => Play::Instead(redirect(scene.other, scene.request)),
        Fault::RedirectLoop => Play::Instead(redirect("", scene.request)),
        Fault::MountLies201 => Play::Instead(mounted(scene.request)),
        Fault::DropWrite => Play::Instead(acknowledged(scene.kind, scene.request)),
        Fault::Refuse400 => Play::Instead(refusal(400, "MANIFEST_INVALID", "manifest invalid")),
    }
}

/// An answer with an error in the form of the distribution specification.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "errors": [{ "code": code, "message": message }] });
    Response::new(status, body.to_string()).with("content-type", "application/json")
}

/// The answer about an upload that the registry does not know.
pub(crate) fn lost_upload() -> Response {
    refusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
}

/// Takes a write that it does not do.
pub(crate) fn acknowledged(kind: Kind, request: &Request) -> Response {
    match kind {
        Kind::ManifestDelete | Kind::BlobDelete => Response::new(202, ""),
        Kind::UploadPut => {
            let digest = query_value(request, "digest").unwrap_or_else(|| digest(&request.body));
            created(blob_path(request, &digest), digest)
        }
        _ => created(request.path().to_owned(), digest(&request.body)),
    }
}

fn created(location: String, digest: String) -> Response {
    Response::new(201, "").with("location", location).with(DIGEST, digest)
}

fn mounted(request: &Request) -> Response {
    let digest = query_value(request, "mount").unwrap_or_default();
    created(blob_path(request, &digest), digest)
}

fn blob_path(upload: &Request, digest: &str) -> String {
    let repository = upload.path().rsplit_once("/blobs/").map_or("", |(repository, _)| repository);
    format!("{repository}/blobs/{digest}")
}

fn unknown(kind: Kind) -> Response {
    match kind {
        Kind::BlobGet | Kind::BlobHead | Kind::BlobDelete => {
            refusal(404, "BLOB_UNKNOWN", "blob unknown to registry")
        }
        Kind::ManifestGet | Kind::ManifestHead | Kind::ManifestDelete => {
            refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")
        }
        _ => refusal(404, "NAME_UNKNOWN", "repository name not known to registry"),
    }
}

fn code(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHORIZED",
        403 => "DENIED",
        404 => "NAME_UNKNOWN",
        429 => "TOOMANYREQUESTS",
        _ => "UNKNOWN",
    }
}

fn portal() -> Response {
    let page = "<!doctype html><title>Welcome</title><p>Please accept our terms to use this network.";
    Response::new(200, page)
        .with("content-type", "text/html; charset=utf-8")
        .with("content-length", page.len().to_string())
}

fn redirect(origin: &str, request: &Request) -> Response {
    Response::new(307, "").with("location", format!("{origin}{}", request.target))
}

fn applied(_: &Scene<'_>, right: &Response) -> Option<Response> {
    succeeded(right).then(|| refusal(500, "UNKNOWN", "done, but an error all the same"))
}

fn flipped(_: &Scene<'_>, right: &Response) -> Option<Response> {
    let mut wrong = with_body(right)?;
    let middle = wrong.body.len() / 2;
    *wrong.body.get_mut(middle)? ^= 1;
    Some(wrong)
}

fn wrong_digest(_: &Scene<'_>, right: &Response) -> Option<Response> {
    succeeded(right).then(|| right.clone().setting(DIGEST, digest(b"something else")))
}

fn emptied(_: &Scene<'_>, right: &Response) -> Option<Response> {
    Some(Response { body: Vec::new(), ..with_body(right)? })
}

fn compressed(_: &Scene<'_>, right: &Response) -> Option<Response> {
    let right = with_body(right)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&right.body).ok()?;
    let body = encoder.finish().ok()?;
    Some(Response { body, ..right }.setting("content-encoding", "gzip"))
}

fn wrong_type(_: &Scene<'_>, right: &Response) -> Option<Response> {
    let told = right.header("content-type").unwrap_or_default();
    let wrong = if [OCI_INDEX, DOCKER_LIST].contains(&told) { OCI_MANIFEST } else { OCI_INDEX };
    succeeded(right).then(|| right.clone().setting("content-type", wrong))
}

fn said_present(_: &Scene<'_>, right: &Response) -> Option<Response> {
    (right.status == 404).then(|| Response::new(200, "").with("content-length", "0"))
}

fn said_absent(scene: &Scene<'_>, right: &Response) -> Option<Response> {
    succeeded(right).then(|| unknown(scene.kind))
}

fn elsewhere(scene: &Scene<'_>, right: &Response) -> Option<Response> {
    let location = format!("{}{}", scene.other, path_of(right.header("location")?));
    (right.status == 202).then(|| right.clone().setting("location", location))
}

fn nowhere(_: &Scene<'_>, right: &Response) -> Option<Response> {
    right.header("location")?;
    (right.status == 202).then(|| right.clone().without("location"))
}

/// The answer, if it is one with content.
fn with_body(right: &Response) -> Option<Response> {
    (succeeded(right) && !right.body.is_empty()).then(|| right.clone())
}

/// A location without its scheme and authority.
pub(crate) fn path_of(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else { return location };
    rest.find('/').map_or("/", |start| &rest[start..])
}

fn succeeded(response: &Response) -> bool {
    (200..300).contains(&response.status)
}
