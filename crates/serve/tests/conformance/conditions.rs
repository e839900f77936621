//! Conditional requests (RFC 9110, 13): a tag moves only if it is what the client believes it to be.
//!
//! The specification leaves them to the registry: "the client MAY use conditional HTTP requests to prevent
//! overwriting a referrers list that has changed".

use std::thread;

use umbel_testkit::{Blob, Image, artifact};

use crate::client::{Client, Request, Response};
use crate::{REPOSITORY, everywhere};

/// An artifact that differs from others by its text, with its blobs pushed.
fn pushed_version(client: &Client, version: &str) -> Image {
    let image = artifact("application/vnd.example.version").annotation("version", version).build();
    client.push_image(REPOSITORY, &image.manifest.digest, &image);
    image
}

fn put(client: &Client, tag: &str, manifest: &Blob) -> Request {
    let request = client.request("PUT", &format!("/v2/{REPOSITORY}/manifests/{tag}"));
    request.header("Content-Type", &manifest.media_type).body(&manifest.bytes)
}

fn quoted(manifest: &Blob) -> String {
    format!("\"{}\"", manifest.digest)
}

/// Sees that a request failed for its condition, and that the tag names what it named.
#[track_caller]
fn unmoved(client: &Client, response: Response, tag: &str, digest: Option<&str>) {
    response.expect(412);
    assert_eq!(client.digest_of(REPOSITORY, tag).as_deref(), digest);
}

#[test]
fn the_entity_tag_of_a_manifest_is_its_digest() {
    everywhere(|client| {
        let image = pushed_version(client, "1");
        client.put_manifest(REPOSITORY, "v1", &image.manifest).expect(201);
        let path = format!("/v2/{REPOSITORY}/manifests/v1");
        for response in [client.get(&path), client.head(&path)] {
            assert_eq!(response.expect(200).header("ETag"), Some(quoted(&image.manifest).as_str()));
        }
    });
}

#[test]
fn a_tag_moves_if_it_is_what_the_client_believes() {
    everywhere(|client| {
        let (first, second) = (pushed_version(client, "1").manifest, pushed_version(client, "2").manifest);
        put(client, "latest", &first).send().expect(201);
        put(client, "latest", &second).header("If-Match", &quoted(&first)).send().expect(201);
        assert_eq!(client.digest_of(REPOSITORY, "latest").as_ref(), Some(&second.digest));
        put(client, "latest", &first).header("If-Match", "*").send().expect(201);
        assert_eq!(client.digest_of(REPOSITORY, "latest").as_ref(), Some(&first.digest));
    });
}

#[test]
fn a_tag_that_has_moved_meanwhile_is_412() {
    everywhere(|client| {
        let (first, second) = (pushed_version(client, "1").manifest, pushed_version(client, "2").manifest);
        let third = pushed_version(client, "3").manifest;
        put(client, "latest", &second).send().expect(201);
        let response = put(client, "latest", &third).header("If-Match", &quoted(&first)).send();
        unmoved(client, response, "latest", Some(&second.digest));
    });
}

#[test]
fn one_entity_tag_of_many_may_match() {
    everywhere(|client| {
        let (first, second) = (pushed_version(client, "1").manifest, pushed_version(client, "2").manifest);
        put(client, "latest", &first).send().expect(201);
        let either = format!("{}, {}", quoted(&second), quoted(&first));
        put(client, "latest", &second).header("If-Match", &either).send().expect(201);
    });
}

#[test]
fn a_tag_that_is_not_there_matches_nothing() {
    everywhere(|client| {
        let version = pushed_version(client, "1").manifest;
        for condition in ["*", &quoted(&version)] {
            let response = put(client, "new", &version).header("If-Match", condition).send();
            unmoved(client, response, "new", None);
        }
    });
}

#[test]
fn a_tag_is_made_only_if_there_is_none() {
    everywhere(|client| {
        let (first, second) = (pushed_version(client, "1").manifest, pushed_version(client, "2").manifest);
        put(client, "v1", &first).header("If-None-Match", "*").send().expect(201);
        let response = put(client, "v1", &second).header("If-None-Match", "*").send();
        unmoved(client, response, "v1", Some(&first.digest));
    });
}

#[test]
fn a_tag_moves_only_away_from_another_manifest() {
    everywhere(|client| {
        let (first, second) = (pushed_version(client, "1").manifest, pushed_version(client, "2").manifest);
        put(client, "v1", &first).send().expect(201);
        let response = put(client, "v1", &second).header("If-None-Match", &quoted(&first)).send();
        unmoved(client, response, "v1", Some(&first.digest));
        put(client, "v1", &second).header("If-None-Match", &quoted(&second)).send().expect(201);
    });
}

#[test]
fn of_many_who_move_a_tag_from_the_same_place_one_does() {
    everywhere(|client| {
        let start = pushed_version(client, "start").manifest;
        put(client, "latest", &start).send().expect(201);
        let versions = ["1", "2", "3", "4", "5", "6"].map(|version| pushed_version(client, version).manifest);
        let answers = thread::scope(|scope| {
            let threads = versions.each_ref().map(|version| {
                let request = put(client, "latest", version).header("If-Match", &quoted(&start));
                scope.spawn(move || request.send().status)
            });
            threads.map(|thread| thread.join().unwrap())
        });
        let winners: Vec<_> = answers.iter().zip(&versions).filter(|(status, _)| **status == 201).collect();
        let [(_, winner)] = winners[..] else { panic!("not one: {answers:?}") };
        assert!(answers.iter().all(|status| [201, 412].contains(status)), "{answers:?}");
        assert_eq!(client.digest_of(REPOSITORY, "latest").as_ref(), Some(&winner.digest));
    });
}

/// RFC 9110, 13.1.2: for GET and HEAD the answer is then "not modified".
#[test]
fn a_manifest_that_the_client_has_is_304() {
    everywhere(|client| {
        let version = pushed_version(client, "1").manifest;
        put(client, "v1", &version).send().expect(201);
        let path = format!("/v2/{REPOSITORY}/manifests/v1");
        for method in ["GET", "HEAD"] {
            let request = client.request(method, &path).header("If-None-Match", &quoted(&version));
            assert_eq!(request.send().expect(304).header("ETag"), Some(quoted(&version).as_str()));
        }
        let other = format!("\"{}\"", umbel_testkit::digest(b"other"));
        client.request("GET", &path).header("If-None-Match", &other).send().expect(200);
    });
}
