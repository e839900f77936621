//! The habits of registries that are not faults: a client has to live with each of them.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::Value;

use super::kind::{Kind, query_value, without_parameters};
use super::play::{DIGEST, lost_upload, path_of, refusal};
use super::server::locked;
use super::wire::{Request, Response};
use crate::media_type::{DOCKER_LIST, OCI_INDEX};

/// One habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// The location of an upload has a query, which must come back.
    LocationWithQuery,
    /// The location of an upload is a whole URL.
    LocationAbsolute,
    /// The location of an upload is relative to the path of the request.
    LocationRelative,
    /// 200 where 201 is right.
    Put200,
    /// No `Docker-Content-Digest` anywhere.
    NoDigestHeader,
    /// A mount is always answered with an upload.
    NoMount,
    /// `Range` is ignored.
    NoRange,
    /// The names of headers are in lower case.
    LowerCaseHeaders,
    /// The connection is closed after every answer.
    CloseAfterAnswer,
    /// What is read comes chunked, its length not told.
    ChunkedAnswers,
    /// The `Range` in answer to a chunk is one too far.
    RangeOffByOne,
    /// Chunks other than the last must have so many bytes, as `OCI-Chunk-Min-Length` tells.
    ChunkMinimum(usize),
    /// The referrers API is not there.
    NoReferrers,
    /// Chunks are not supported.
    NoPatch,
    /// OCI manifests and indexes are refused.
    NoOci,
    /// Indexes of either flavor are refused.
    NoIndex,
    /// Indexes with indexes inside are refused.
    NoNested,
    /// Manifests of layers in zstd are refused.
    NoZstd,
}

impl Quirk {
    /// Every habit with a short name, in lower case and without spaces.
    pub const ALL: &[(&str, Self)] = &[
        ("locquery", Self::LocationWithQuery),
        ("locabs", Self::LocationAbsolute),
        ("locrel", Self::LocationRelative),
        ("put200", Self::Put200),
        ("nodcd", Self::NoDigestHeader),
        ("nomount", Self::NoMount),
        ("norange", Self::NoRange),
        ("lowercase", Self::LowerCaseHeaders),
        ("close", Self::CloseAfterAnswer),
        ("chunked", Self::ChunkedAnswers),
        ("rangeoff", Self::RangeOffByOne),
        ("minchunk", Self::ChunkMinimum(5 * 1024 * 1024)),
        ("noreferrers", Self::NoReferrers),
        ("nopatch", Self::NoPatch),
        ("nooci", Self::NoOci),
        ("noindex", Self::NoIndex),
        ("nonested", Self::NoNested),
        ("nozstd", Self::NoZstd),
    ];
}

/// The parameter that [`Quirk::LocationWithQuery`] adds.
const STATE: &str = "front-state";

/// The quirks of one registry, with what they must remember.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    quirks: Vec<Quirk>,
    /// The paths of uploads that had a chunk below the minimum, which can only have been the last.
    short: Mutex<BTreeSet<String>>,
}

impl Habits {
    pub(crate) fn add(&mut self, quirk: Quirk) {
        self.quirks.push(quirk);
    }

    pub(crate) fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// The answer to a request that this registry does not take.
    pub(crate) fn refusal(&self, kind: Kind, request: &Request) -> Option<Response> {
        self.quirks.iter().find_map(|quirk| self.refused_by(*quirk, kind, request))
    }

    /// The request as the registry behind must see it.
    pub(crate) fn request(&self, kind: Kind, mut request: Request) -> Request {
        if self.has(Quirk::LocationWithQuery) && kind.continues_upload() {
            request.target = without_parameters(&request, &[STATE]);
        }
        if self.has(Quirk::NoMount) && kind == Kind::MountPost {
            request = without_mount(request);
        }
        if self.has(Quirk::NoRange) { request.without("range") } else { request }
    }

    /// The answer as this registry gives it; `origin` is where the client believes to be.
    pub(crate) fn response(
        &self,
        kind: Kind,
        request: &Request,
        response: Response,
        origin: &str,
    ) -> Response {
        self.quirks.iter().fold(response, |response, quirk| answered(*quirk, kind, request, response, origin))
    }

    fn refused_by(&self, quirk: Quirk, kind: Kind, request: &Request) -> Option<Response> {
        let document = || (kind == Kind::ManifestPut).then(|| Written::of(request));
        match quirk {
            Quirk::LocationWithQuery => {
                let kept = query_value(request, STATE).as_deref() == Some("kept");
                (kind.continues_upload() && !kept).then(lost_upload)
            }
            Quirk::ChunkMinimum(minimum) => self.chunk_after_short_one(minimum, kind, request),
            Quirk::NoReferrers => {
                (kind == Kind::Referrers).then(|| Response::new(404, "404 page not found\n"))
            }
            Quirk::NoPatch => (kind == Kind::UploadPatch)
                .then(|| refusal(405, "UNSUPPORTED", "The operation is unsupported.")),
            Quirk::NoOci => {
                document()?.refused_if(|written| written.media_type.starts_with("application/vnd.oci."))
            }
            Quirk::NoIndex => document()?.refused_if(|written| is_index(&written.media_type)),
            Quirk::NoNested => document()?.refused_if(|written| written.names("manifests", is_index)),
            Quirk::NoZstd => {
                document()?.refused_if(|written| written.names("layers", |layer| layer.contains("zstd")))
            }
            Quirk::LocationAbsolute
            | Quirk::LocationRelative
            | Quirk::Put200
            | Quirk::NoDigestHeader
            | Quirk::NoMount
            | Quirk::NoRange
            | Quirk::LowerCaseHeaders
            | Quirk::CloseAfterAnswer
            | Quirk::ChunkedAnswers
            | Quirk::RangeOffByOne => None,
        }
    }

    fn chunk_after_short_one(&self, minimum: usize, kind: Kind, request: &Request) -> Option<Response> {
        if kind != Kind::UploadPatch {
            return None;
        }
        let mut short = locked(&self.short);
        if short.contains(request.path()) {
            return Some(refusal(400, "SIZE_INVALID", "a chunk before this one was too small"));
        }
        if request.body.len() < minimum {
            short.insert(request.path().to_owned());
        }
        None
    }
}

/// The request for an upload without the wish for a mount.
pub(crate) fn without_mount(request: Request) -> Request {
    Request { target: without_parameters(&request, &["mount", "from"]), ..request }
}

fn answered(quirk: Quirk, kind: Kind, request: &Request, mut response: Response, origin: &str) -> Response {
    let upload = response.header("location").filter(|_| response.status == 202).map(ToOwned::to_owned);
    match (quirk, upload) {
        (Quirk::LocationWithQuery, Some(location)) => {
            let mark = if location.contains('?') { '&' } else { '?' };
            response.setting("location", format!("{location}{mark}{STATE}=kept"))
        }
        (Quirk::LocationAbsolute, Some(location)) => {
            response.setting("location", format!("{origin}{}", path_of(&location)))
        }
        (Quirk::LocationRelative, Some(location)) => {
            response.setting("location", relative(request.path(), path_of(&location)))
        }
        (Quirk::Put200, _) if request.method == "PUT" && response.status == 201 => {
            response.status = 200;
            response
        }
        (Quirk::NoDigestHeader, _) => response.without(DIGEST),
        (Quirk::RangeOffByOne, _) if kind == Kind::UploadPatch => one_too_far(response),
        (Quirk::ChunkMinimum(minimum), Some(_)) if request.method == "POST" => {
            response.with("oci-chunk-min-length", minimum.to_string())
        }
        // Without the API nobody processes a subject.
        (Quirk::NoReferrers, _) => response.without("oci-subject"),
        _ => response,
    }
}

/// `path` as seen from `base`, if it is below the same directory.
fn relative<'p>(base: &str, path: &'p str) -> &'p str {
    let directory = base.rfind('/').map_or("", |end| &base[..=end]);
    path.strip_prefix(directory).filter(|rest| !rest.is_empty()).unwrap_or(path)
}

fn one_too_far(response: Response) -> Response {
    let range = response.header("range").and_then(|range| range.trim_start_matches("bytes=").split_once('-'));
    let Some(last) = range.and_then(|(_, last)| last.parse::<u64>().ok()) else { return response };
    response.setting("range", format!("0-{}", last.saturating_add(1)))
}

/// A manifest on its way into the registry.
struct Written {
    media_type: String,
    document: Value,
}

impl Written {
    fn of(request: &Request) -> Self {
        // What is no JSON is for the registry behind to refuse.
        let document: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let told = request.header("content-type").or_else(|| document["mediaType"].as_str());
        Self { media_type: told.unwrap_or_default().to_owned(), document }
    }

    /// Whether the list has a descriptor of such a type.
    fn names(&self, list: &str, such: impl Fn(&str) -> bool) -> bool {
        let types = self.document[list].as_array().into_iter().flatten();
        types.filter_map(|descriptor| descriptor["mediaType"].as_str()).any(such)
    }

    fn refused_if(&self, unwanted: impl Fn(&Self) -> bool) -> Option<Response> {
        unwanted(self).then(|| refusal(400, "MANIFEST_INVALID", "manifest invalid: unsupported media type"))
    }
}

fn is_index(media_type: &str) -> bool {
    [OCI_INDEX, DOCKER_LIST].contains(&media_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};

    fn habits(quirk: Quirk) -> Habits {
        Habits { quirks: vec![quirk], ..Habits::default() }
    }

    fn location(quirk: Quirk, request: &Request, location: &str) -> String {
        let response = Response::new(202, "").with("location", location);
        let answer = habits(quirk).response(Kind::of(request), request, response, "https://front:1");
        answer.header("location").unwrap().to_owned()
    }

    #[test]
    fn locations_take_every_form() {
        let (post, patch) =
            (Request::new("POST", "/v2/a/blobs/uploads/"), Request::new("PATCH", "/v2/a/blobs/uploads/1"));
        let home = "/v2/a/blobs/uploads/1";
        assert_eq!(location(Quirk::LocationWithQuery, &post, home), format!("{home}?front-state=kept"));
        assert_eq!(
            location(Quirk::LocationWithQuery, &post, &format!("{home}?a=b")),
            format!("{home}?a=b&front-state=kept")
        );
        assert_eq!(location(Quirk::LocationAbsolute, &post, home), format!("https://front:1{home}"));
        assert_eq!(location(Quirk::LocationRelative, &post, home), "1");
        assert_eq!(location(Quirk::LocationRelative, &patch, "http://front:1/v2/a/blobs/uploads/1"), "1");
        let bare = Request::new("POST", "/v2/a/blobs/uploads");
        assert_eq!(location(Quirk::LocationRelative, &bare, home), "uploads/1");
        assert_eq!(location(Quirk::LocationRelative, &post, "/elsewhere/1"), "/elsewhere/1");
    }

    #[test]
    fn query_of_a_location_must_come_back_and_is_not_passed_on() {
        let habits = habits(Quirk::LocationWithQuery);
        let lost = Request::new("PUT", "/v2/a/blobs/uploads/1?digest=x");
        assert_eq!(habits.refusal(Kind::UploadPut, &lost).unwrap().status, 404);
        let kept = Request::new("PUT", "/v2/a/blobs/uploads/1?front-state=kept&digest=x");
        assert_eq!(habits.refusal(Kind::UploadPut, &kept), None);
        assert_eq!(habits.request(Kind::UploadPut, kept), lost);
    }

    #[test]
    fn media_types_are_refused() {
        let put = |media_type: &str, body: &str| Request {
            body: body.into(),
            ..Request::new("PUT", "/v2/a/manifests/x").with("content-type", media_type)
        };
        let nested = format!(r#"{{"manifests":[{{"mediaType":"{OCI_INDEX}"}}]}}"#);
        let zstd = r#"{"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+zstd"}]}"#;
        for (quirk, refused, taken) in [
            (Quirk::NoOci, put(OCI_MANIFEST, "{}"), put(DOCKER_LIST, "{}")),
            (Quirk::NoIndex, put(DOCKER_LIST, "{}"), put(OCI_MANIFEST, "{}")),
            (Quirk::NoNested, put(OCI_INDEX, &nested), put(OCI_INDEX, "{}")),
            (Quirk::NoZstd, put(OCI_MANIFEST, zstd), put(DOCKER_MANIFEST, "no json")),
        ] {
            assert_eq!(habits(quirk).refusal(Kind::ManifestPut, &refused).unwrap().status, 400, "{quirk:?}");
            assert_eq!(habits(quirk).refusal(Kind::ManifestPut, &taken), None, "{quirk:?}");
        }
    }

    #[test]
    fn only_the_last_chunk_may_be_short() {
        let habits = habits(Quirk::ChunkMinimum(4));
        let chunk =
            |body: &str| Request { body: body.into(), ..Request::new("PATCH", "/v2/a/blobs/uploads/1") };
        assert_eq!(habits.refusal(Kind::UploadPatch, &chunk("1234")), None);
        assert_eq!(habits.refusal(Kind::UploadPatch, &chunk("5")), None);
        assert_eq!(habits.refusal(Kind::UploadPatch, &chunk("6789")).unwrap().status, 400);
    }

    #[test]
    fn answers_have_their_habits() {
        let put = Request::new("PUT", "/v2/a/manifests/x");
        let patch = Request::new("PATCH", "/v2/a/blobs/uploads/1");
        let made = || Response::new(201, "").with(DIGEST, "x").with("oci-subject", "y").with("range", "0-9");
        let answer =
            |quirk, request: &Request| habits(quirk).response(Kind::of(request), request, made(), "");
        assert_eq!(answer(Quirk::Put200, &put).status, 200);
        assert_eq!(answer(Quirk::NoDigestHeader, &put), made().without(DIGEST));
        assert_eq!(answer(Quirk::NoReferrers, &put), made().without("oci-subject"));
        assert_eq!(answer(Quirk::RangeOffByOne, &patch).header("range"), Some("0-10"));
    }

    #[test]
    fn requests_lose_what_the_registry_does_not_know() {
        let mount = Request::new("POST", "/v2/a/blobs/uploads/?mount=x&from=b");
        assert_eq!(habits(Quirk::NoMount).request(Kind::MountPost, mount).target, "/v2/a/blobs/uploads/");
        let part = Request::new("GET", "/v2/a/blobs/x").with("range", "bytes=5-");
        assert_eq!(habits(Quirk::NoRange).request(Kind::BlobGet, part).headers, []);
    }
}
