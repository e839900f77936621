//! Reading manifests and blobs.

use std::sync::Arc;

use umbel::model::{Algorithm, Digest};
use umbel::registry::Reference;
use umbel::transport::{RemoteProblem, TransportError};
use umbel_testkit::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::network::client::fetch;
use umbel_testkit::network::server::{Running, start};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::network::{Fault, Kind, Quirk, When};

use crate::site::{
    Site, blob, bytes, collect, descriptor, hasty, leaf, options, remote, repository, run, tag,
};

const LIMIT: u64 = 1 << 20;

#[test]
fn a_manifest_is_read_by_tag_and_by_digest_in_one_request_each() {
    run(async {
        let (site, raw) = (Site::plain(), leaf("a"));
        site.truth("app").put_tag(&tag("v1"), &raw).await.unwrap();
        let repository = site.repository("app");
        let by_tag = repository.manifest(Reference::Tag(&tag("v1")), LIMIT).await.unwrap();
        let by_digest = repository.manifest(Reference::Digest(raw.digest()), LIMIT).await.unwrap();
        for read in [by_tag, by_digest] {
            assert_eq!((read.bytes(), read.media_type()), (raw.bytes(), raw.media_type()));
        }
        assert_eq!(site.told(), "ManifestGet 200, ManifestGet 200");
        let log = site.front.log();
        let accepted: Vec<&str> =
            log[0].headers.iter().filter(|(name, _)| name == "accept").map(|(_, v)| v.as_str()).collect();
        for wanted in [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST] {
            assert!(accepted.iter().any(|line| line.contains(wanted)), "{wanted}: {accepted:?}");
        }
        assert!(!log[0].has_credentials() && log[0].header("accept-encoding") == Some("identity"));
    });
}

#[test]
fn a_manifest_named_by_sha512_is_checked_by_sha512() {
    run(async {
        let (site, raw) = (Site::plain(), leaf("a"));
        let named = Digest::of(Algorithm::Sha512, raw.bytes());
        let put = Request::new("PUT", format!("/v2/app/manifests/{named}"))
            .with("content-type", raw.media_type().as_str())
            .with("content-length", raw.size().to_string());
        let put = Request { body: raw.bytes().to_vec(), ..put };
        assert_eq!(fetch(&site.behind(), &put).unwrap().status, 201);
        let repository = site.repository("app");
        let read = repository.manifest(Reference::Digest(&named), LIMIT).await.unwrap();
        assert_eq!(read.bytes(), raw.bytes());
        assert_eq!(repository.manifest_digest(Reference::Digest(&named)).await.unwrap(), Some(named));
    });
}

#[test]
fn a_digest_header_that_is_wrong_is_damage_and_one_that_is_missing_is_made_up_for() {
    run(async {
        let raw = leaf("a");
        let lying = Site::with(|front| front.fault(Fault::WrongDigest, When::every(Kind::ManifestGet)));
        lying.truth("app").put_tag(&tag("v1"), &raw).await.unwrap();
        let read = lying.repository("app").manifest(Reference::Tag(&tag("v1")), LIMIT).await;
        assert!(matches!(read, Err(TransportError::Damaged { .. })), "{read:?}");
        assert_eq!(lying.told(), "ManifestGet 200");

        let silent = Site::with(|front| front.quirk(Quirk::NoDigestHeader));
        silent.truth("app").put_tag(&tag("v1"), &raw).await.unwrap();
        let repository = silent.repository("app");
        let read = repository.manifest(Reference::Tag(&tag("v1")), LIMIT).await.unwrap();
        assert_eq!(read.digest(), raw.digest());
        let found = repository.manifest_digest(Reference::Tag(&tag("v1"))).await.unwrap();
        assert_eq!(found.as_ref(), Some(raw.digest()));
        assert_eq!(silent.told(), "ManifestGet 200, ManifestHead 200, ManifestGet 200");
    });
}

#[test]
fn a_type_that_says_nothing_is_read_from_the_document() {
    run(async {
        let raw = leaf("a");
        for told in [
            None,
            Some("application/octet-stream"),
            Some("application/json; charset=utf-8"),
            Some("text/plain"),
        ] {
            let body = raw.bytes().to_vec();
            let server = serve(move |_| {
                let response = Response::new(200, body.clone());
                told.map_or_else(|| response.clone(), |told| response.clone().with("content-type", told))
            });
            let read = client(&server).manifest(Reference::Tag(&tag("v1")), LIMIT).await.unwrap();
            assert_eq!(read.media_type(), raw.media_type(), "{told:?}");
        }
        let server = serve(|_| Response::new(200, "<p>Welcome").with("content-type", "text/html"));
        let error = remote(client(&server).manifest(Reference::Tag(&tag("v1")), LIMIT).await);
        assert!(matches!(error.problem, RemoteProblem::Nonsense(_)), "{error}");
    });
}

#[test]
fn a_manifest_that_is_too_large_is_not_read_to_its_end() {
    run(async {
        let (site, raw) = (Site::plain(), leaf("a"));
        site.truth("app").put_tag(&tag("v1"), &raw).await.unwrap();
        let read = site.repository("app").manifest(Reference::Tag(&tag("v1")), 10).await;
        assert!(matches!(read, Err(TransportError::TooLarge { limit: 10, .. })), "{read:?}");
    });
}

#[test]
fn a_blob_goes_on_where_it_broke_off() {
    run(async {
        let content = bytes(1 << 20);
        let half_each_time = When::between(Kind::BlobGet, 1..=3);
        let site = Site::with(|front| front.fault(Fault::Truncate, half_each_time));
        read_through(&site, &content).await.unwrap();
        assert_eq!(site.told(), "BlobGet 200, BlobGet 206, BlobGet 206, BlobGet 206");
        let ranges: Vec<_> =
            site.front.log().iter().map(|logged| logged.header("range").map(str::to_owned)).collect();
        let expected = [None, Some("bytes=524288-"), Some("bytes=786432-"), Some("bytes=917504-")];
        assert_eq!(ranges, expected.map(|range| range.map(str::to_owned)));
    });
}

#[test]
fn a_blob_of_a_registry_without_ranges_is_read_again_and_handed_out_once() {
    run(async {
        let content = bytes(300_000);
        let site = Site::with(|front| {
            front.quirk(Quirk::NoRange).fault(Fault::Truncate, When::nth(Kind::BlobGet, 1))
        });
        read_through(&site, &content).await.unwrap();
        assert_eq!(site.told(), "BlobGet 200, BlobGet 200");
        assert_eq!(site.front.log()[1].header("range"), Some("bytes=150000-"));
    });
}

#[test]
fn a_blob_that_never_gets_further_is_given_up_after_the_set_number_of_tries() {
    run(async {
        let content = bytes(300_000);
        let site = Site::with(|front| {
            front.quirk(Quirk::NoRange).fault(Fault::Truncate, When::every(Kind::BlobGet))
        });
        let error = remote(read_through(&site, &content).await);
        assert_eq!((site.front.log().len(), error.tries), (5, 5), "{error}");
    });
}

#[test]
fn progress_renews_the_tries_of_a_blob() {
    run(async {
        let content = bytes(1 << 20);
        let site = Site::with(|front| front.fault(Fault::Truncate, When::between(Kind::BlobGet, 1..=9)));
        read_through(&site, &content).await.unwrap();
        assert_eq!(site.front.log().len(), 10);
    });
}

#[test]
fn a_part_that_was_not_asked_for_is_an_error_and_not_asked_for_again() {
    run(async {
        let content = bytes(1000);
        for (range, word) in [
            (Some("bytes 0-499/1000"), "in place of"),
            (Some("bytes 500-999/2000"), "in place of"),
            (None, "which part"),
        ] {
            let whole = content.clone();
            let server = serve(move |request| {
                if request.header("range").is_none() {
                    return Response::new(200, whole[..500].to_vec());
                }
                let part = Response::new(206, whole[500..].to_vec());
                range.map_or_else(|| part.clone(), |range| part.clone().with("content-range", range))
            });
            let body = client(&server).blob(&descriptor(&content)).await.unwrap();
            let error = remote(collect(body).await);
            assert!(error.to_string().contains(word), "{error}");
        }
    });
}

#[test]
fn a_blob_that_was_compressed_on_its_way_is_refused() {
    run(async {
        let content = b"some text ".repeat(500);
        let site = Site::with(|front| front.fault(Fault::Gzip, When::every(Kind::BlobGet)));
        let error = remote(read_through(&site, &content).await);
        assert!(error.to_string().contains("gzip"), "{error}");
        assert_eq!(site.front.log().len(), 1);
    });
}

#[test]
fn a_blob_that_falls_silent_goes_on_elsewhen() {
    run(async {
        let content = bytes(50_000);
        let site = Site::with(|front| front.fault(Fault::Silence, When::nth(Kind::BlobGet, 1)));
        read_through(&site, &content).await.unwrap();
        assert_eq!(site.told(), "BlobGet -, BlobGet 200");
    });
}

/// Puts the content behind the front and reads it through it.
async fn read_through(site: &Site, content: &[u8]) -> Result<(), TransportError> {
    site.truth("app").place_blob(&blob(content, &[]), umbel::transport::Placing::Send).await.unwrap();
    let read = collect(site.repository_with("app", hasty()).blob(&descriptor(content)).await?).await?;
    assert!(read == content, "{} of {} bytes", read.len(), content.len());
    Ok(())
}

fn serve(handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Running {
    start("127.0.0.1:0", None, Arc::new(handler))
}

fn client(server: &Running) -> umbel::registry::Repository {
    repository(&server.address().to_string(), "app", options())
}
