//! The ways in which a registry fails or lies, one request at a time.

use std::time::Duration;

use super::framing::{Extent, request_extent};
use super::kind::Kind;
use super::wire::Request;

/// One misdeed; [`Fault::ALL`] has each of them with the name by which tests report it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is not done and answered with this status.
    Status(u16),
    /// The request is not done and answered with a status and `Retry-After`.
    Busy {
        /// 429 or 503.
        status: u16,
        /// Given in whole seconds; 0 is allowed.
        retry_after: Duration,
    },
    /// A write is done, and answered with 500 all the same.
    Applied500,
    /// The connection is reset before any answer; the request is not done.
    Reset,
    /// The connection is closed before any answer; the request is not done.
    Close,
    /// A write is done, and the connection reset instead of an answer.
    AppliedReset,
    /// The connection is reset while the body of the request is on its way; it is not done.
    ResetMidBody,
    /// The connection is closed in the middle of the answer's body.
    Truncate,
    /// Nothing is heard for so long; then the request is done and answered as if nothing were.
    Stall(Duration),
    /// Nothing is ever heard; the request is not done.
    Silence,
    /// The body of the answer comes in many parts, with such a pause before each.
    Drip(Duration),
    /// The credentials of the request are no longer good, although they should be.
    Expired401,
    /// Not allowed.
    Deny403,
    /// What is asked for is said to be unknown.
    Gone404,
    /// The upload is unknown, from now on for ever.
    LostUpload,
    /// A chunk is said to begin at the wrong place; it is not taken.
    Range416,
    /// One bit of the answer's body is wrong.
    FlipByte,
    /// A manifest is answered with another one's `Docker-Content-Digest`.
    WrongDigest,
    /// A write is done, and answered with the `Docker-Content-Digest` of something else.
    WrongPutDigest,
    /// A captive portal answers 200 with a page, whatever the request.
    Html200,
    /// The answer is 200 without the body.
    Empty200,
    /// The body of the answer is chunked, its length not told.
    Chunked,
    /// The body of the answer is compressed, although nobody asked for that.
    Gzip,
    /// An index is said to be a manifest, and anything else to be an index.
    WrongType,
    /// A read is redirected to the other host.
    Redirect,
    /// A write is redirected to the other host.
    RedirectWrite,
    /// The request is redirected to where it came to: a loop, if it happens [always](super::When::always).
    RedirectLoop,
    /// Something absent is said to be there, without its length.
    HeadLies200,
    /// Something present is said to be absent.
    HeadLies404,
    /// A blob is said to be mounted, but is not.
    MountLies201,
    /// The blob is not mounted; an upload begins instead, as the protocol allows.
    Mount202,
    /// The upload is said to go on at the other host.
    BadLocation,
    /// The upload goes on, it is not said where.
    NoLocation,
    /// A blob, manifest or deletion is acknowledged, but not done.
    DropWrite,
    /// A manifest is refused as invalid.
    Refuse400,
}

/// What is asked of a client that meets a fault once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// The client gets over it, and all is right in the end.
    Survive,
    /// The client reports a failure and leaves nothing half done.
    Fail,
    /// The client may do either; but it never reports a success that is none.
    Either,
}

/// A fault with its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Short, in lower case, without spaces.
    pub name: &'static str,
    /// With times short enough for tests.
    pub fault: Fault,
    /// What is asked of the client.
    pub must: Must,
}

impl Fault {
    /// Every fault, with the times that tests can afford.
    pub const ALL: &[Case] = &[
        case("http500", Self::Status(500), Must::Survive),
        case("http502", Self::Status(502), Must::Survive),
        case("http503ra", Self::Busy { status: 503, retry_after: SHORTLY }, Must::Survive),
        case("http429ra", Self::Busy { status: 429, retry_after: SHORTLY }, Must::Survive),
        case("http429", Self::Status(429), Must::Survive),
        case("http408", Self::Status(408), Must::Survive),
        case("applied500", Self::Applied500, Must::Survive),
        case("reset", Self::Reset, Must::Survive),
        case("close", Self::Close, Must::Survive),
        case("appliedreset", Self::AppliedReset, Must::Survive),
        case("resetmidbody", Self::ResetMidBody, Must::Survive),
        case("truncate", Self::Truncate, Must::Survive),
        case("stall", Self::Stall(Duration::from_millis(300)), Must::Survive),
        case("silence", Self::Silence, Must::Survive),
        case("drip", Self::Drip(Duration::from_millis(10)), Must::Survive),
        case("expired401", Self::Expired401, Must::Survive),
        case("deny403", Self::Deny403, Must::Fail),
        case("gone404", Self::Gone404, Must::Either),
        case("lostupload", Self::LostUpload, Must::Survive),
        case("range416", Self::Range416, Must::Survive),
        case("flipbyte", Self::FlipByte, Must::Either),
        case("wrongdcd", Self::WrongDigest, Must::Either),
        case("wrongputdcd", Self::WrongPutDigest, Must::Either),
        case("html200", Self::Html200, Must::Either),
        case("empty200", Self::Empty200, Must::Either),
        case("chunked", Self::Chunked, Must::Survive),
        case("gzipenc", Self::Gzip, Must::Either),
        case("wrongtype", Self::WrongType, Must::Either),
        case("redirect", Self::Redirect, Must::Survive),
        case("redirectput", Self::RedirectWrite, Must::Either),
        case("redirectloop", Self::RedirectLoop, Must::Either),
        case("headlies200", Self::HeadLies200, Must::Either),
        case("headlies404", Self::HeadLies404, Must::Survive),
        case("mountlies201", Self::MountLies201, Must::Either),
        case("mount202", Self::Mount202, Must::Survive),
        case("badlocation", Self::BadLocation, Must::Either),
        case("nolocation", Self::NoLocation, Must::Either),
        case("dropwrite", Self::DropWrite, Must::Either),
        case("refuse400", Self::Refuse400, Must::Fail),
    ];

    /// Whether the fault sends the client to the other host.
    pub(crate) fn needs_other_host(self) -> bool {
        [Self::Redirect, Self::RedirectWrite, Self::BadLocation].contains(&self)
    }

    /// Whether the fault makes sense for such a request.
    ///
    /// Those that spoil an answer need the right answer as well: whether they did anything is known only
    /// then.
    pub(crate) fn can_befall(self, kind: Kind, head: &Request) -> bool {
        match self {
            Self::Status(_)
            | Self::Busy { .. }
            | Self::Reset
            | Self::Close
            | Self::Stall(_)
            | Self::Silence
            | Self::Deny403
            | Self::Html200
            | Self::RedirectLoop => true,
            Self::Applied500 | Self::AppliedReset | Self::RedirectWrite => kind.writes(),
            Self::ResetMidBody => request_extent(head).is_ok_and(|extent| extent != Extent::Bytes(0)),
            Self::Truncate | Self::Drip(_) | Self::FlipByte | Self::Empty200 | Self::Chunked | Self::Gzip => {
                head.method == "GET"
            }
            Self::Expired401 => head.header("authorization").is_some(),
            Self::Gone404 => !begins_or_continues_upload(kind) && kind != Kind::Base,
            Self::LostUpload => [Kind::UploadPatch, Kind::UploadPut].contains(&kind),
            Self::Range416 => kind == Kind::UploadPatch,
            Self::WrongDigest | Self::WrongType => [Kind::ManifestGet, Kind::ManifestHead].contains(&kind),
            Self::WrongPutDigest => [Kind::ManifestPut, Kind::UploadPut].contains(&kind),
            Self::Redirect => [Kind::ManifestGet, Kind::BlobGet].contains(&kind),
            Self::HeadLies200 | Self::HeadLies404 => [Kind::ManifestHead, Kind::BlobHead].contains(&kind),
            Self::MountLies201 | Self::Mount202 => kind == Kind::MountPost,
            Self::BadLocation | Self::NoLocation => {
                [Kind::UploadPost, Kind::MountPost, Kind::UploadPatch].contains(&kind)
            }
            Self::DropWrite => {
                [Kind::ManifestPut, Kind::UploadPut, Kind::ManifestDelete, Kind::BlobDelete].contains(&kind)
            }
            Self::Refuse400 => kind == Kind::ManifestPut,
        }
    }
}

/// Long enough to be seen in a log, short enough to be waited for.
const SHORTLY: Duration = Duration::from_secs(1);

const fn case(name: &'static str, fault: Fault, must: Must) -> Case {
    Case { name, fault, must }
}

fn begins_or_continues_upload(kind: Kind) -> bool {
    kind.continues_upload() || [Kind::UploadPost, Kind::MountPost].contains(&kind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = Fault::ALL.iter().map(|case| case.name).collect();
        assert_eq!((names.len(), Fault::ALL.len()), (39, 39));
    }

    #[test]
    fn every_fault_can_befall_some_request() {
        let requests: Vec<Request> = [
            ("GET", "/v2/a/manifests/x"),
            ("HEAD", "/v2/a/manifests/x"),
            ("PUT", "/v2/a/manifests/x"),
            ("POST", "/v2/a/blobs/uploads/?mount=x&from=b"),
            ("PATCH", "/v2/a/blobs/uploads/1"),
            ("PUT", "/v2/a/blobs/uploads/1?digest=x"),
        ]
        .map(|(method, target)| {
            Request::new(method, target).with("authorization", "Basic x").with("content-length", "5")
        })
        .into();
        for case in Fault::ALL {
            let can = |request: &&Request| case.fault.can_befall(Kind::of(request), request);
            assert!(requests.iter().any(|request| can(&request)), "{}", case.name);
        }
    }
}
