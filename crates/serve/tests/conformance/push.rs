//! Push of blobs: at once, in chunks, and by mounting what another repository has.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};

use umbel_testkit::Blob;

use crate::client::{Client, Response, with_query};
use crate::{REPOSITORY, everywhere, text};

/// Sends one chunk, which starts at byte `start` of the blob.
fn chunk(client: &Client, location: &str, start: usize, bytes: &str) -> Response {
    let range = format!("{start}-{}", start + bytes.len() - 1);
    client.request("PATCH", location).header("Content-Range", &range).body(bytes).send()
}

/// Ends an upload whose bytes are all there.
fn close(client: &Client, location: &str, digest: &str) -> Response {
    client.request("PUT", &with_query(location, "digest", digest)).send()
}

/// Sees that a response tells of a blob that can be pulled from where it says.
#[track_caller]
fn pullable(client: &Client, response: Response, blob: &Blob) {
    let response = response.expect(201);
    assert_eq!(response.header("Docker-Content-Digest"), Some(blob.digest.as_str()));
    assert_eq!(client.get(&response.location()).expect(200).body, blob.bytes);
    assert_eq!(client.get(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(200).body, blob.bytes);
}

#[track_caller]
fn absent(client: &Client, digest: &str) {
    client.head(&format!("/v2/{REPOSITORY}/blobs/{digest}")).expect(404);
}

#[test]
fn a_blob_is_pushed_by_post_and_put() {
    everywhere(|client| {
        let blob = text("content");
        let begun = client.request("POST", &format!("/v2/{REPOSITORY}/blobs/uploads/")).send().expect(202);
        assert_eq!(begun.header("Content-Length"), Some("0"));
        pullable(client, client.finish_upload(&begun.location(), &blob), &blob);
    });
}

#[test]
fn a_blob_is_pushed_by_a_single_post() {
    everywhere(|client| {
        let blob = text("content");
        let target = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={}", blob.digest);
        pullable(client, client.request("POST", &target).body(&blob.bytes).send(), &blob);
    });
}

#[test]
fn a_digest_in_a_query_may_be_percent_encoded() {
    everywhere(|client| {
        let blob = text("content");
        let target = with_query(&client.begin_upload(REPOSITORY), "digest", &blob.digest.replace(':', "%3A"));
        pullable(client, client.request("PUT", &target).body(&blob.bytes).send(), &blob);
    });
}

#[test]
fn a_blob_whose_length_is_not_announced_is_taken() {
    everywhere(|client| {
        let blob = Blob::new("application/octet-stream", vec![7; 123_456]);
        let target = with_query(&client.begin_upload(REPOSITORY), "digest", &blob.digest);
        pullable(client, client.request("PUT", &target).streamed(&blob.bytes).send(), &blob);
    });
}

#[test]
fn a_blob_that_is_there_can_be_pushed_again() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob(REPOSITORY, &blob);
        pullable(client, client.finish_upload(&client.begin_upload(REPOSITORY), &blob), &blob);
    });
}

/// "The `<location>` MUST contain a UUID representing a unique session ID for the upload to follow."
#[test]
fn every_upload_has_an_identity_of_its_own() {
    everywhere(|client| {
        let identity = |location: String| {
            let path = location.split('?').next().unwrap();
            path.rsplit('/').next().unwrap().to_owned()
        };
        let begun: BTreeSet<_> = (0..20).map(|_| identity(client.begin_upload(REPOSITORY))).collect();
        assert_eq!(begun.len(), 20);
        for uuid in begun {
            let groups: Vec<_> = uuid.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{uuid}");
            assert!(uuid.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()), "{uuid}");
        }
    });
}

#[test]
fn uploads_begun_at_once_do_not_mix() {
    everywhere(|client| {
        let blobs = ["one", "two", "three"].map(text);
        let begun = blobs.each_ref().map(|_| client.begin_upload(REPOSITORY));
        for (location, blob) in begun.iter().zip(&blobs) {
            chunk(client, location, 0, str::from_utf8(&blob.bytes).unwrap()).expect(202);
        }
        for (location, blob) in begun.iter().zip(&blobs) {
            pullable(client, close(client, location, &blob.digest), blob);
        }
    });
}

#[test]
fn chunks_in_order_make_a_blob() {
    everywhere(|client| {
        let location = client.begin_upload(REPOSITORY);
        let response = chunk(client, &location, 0, "01234").expect(202);
        assert_eq!(response.header("Range"), Some("0-4"));
        let response = chunk(client, &response.location(), 5, "567").expect(202);
        assert_eq!(response.header("Range"), Some("0-7"));
        let blob = text("01234567");
        pullable(client, close(client, &response.location(), &blob.digest), &blob);
    });
}

#[test]
fn the_last_chunk_may_come_with_the_closing_put() {
    everywhere(|client| {
        let blob = text("0123456789");
        let location = chunk(client, &client.begin_upload(REPOSITORY), 0, "012345").expect(202).location();
        let closing = client.request("PUT", &with_query(&location, "digest", &blob.digest));
        pullable(client, closing.header("Content-Range", "6-9").body("6789").send(), &blob);
    });
}

/// What every container engine does: one PATCH with all of it, without a range.
#[test]
fn a_chunk_without_a_range_is_taken_as_the_next() {
    everywhere(|client| {
        let blob = text("0123456789");
        let location = client.begin_upload(REPOSITORY);
        let location = client.request("PATCH", &location).streamed("01234").send().expect(202).location();
        let response = client.request("PATCH", &location).body("56789").send().expect(202);
        assert_eq!(response.header("Range"), Some("0-9"));
        pullable(client, close(client, &response.location(), &blob.digest), &blob);
    });
}

/// "If a chunk is uploaded out of order, the registry MUST respond with a 416".
#[test]
fn a_chunk_out_of_order_is_416_and_the_upload_goes_on() {
    everywhere(|client| {
        let location = client.begin_upload(REPOSITORY);
        chunk(client, &location, 3, "345").expect(416);
        let location = chunk(client, &location, 0, "012").expect(202).location();
        for (start, bytes) in [(5, "56"), (0, "012"), (2, "23")] {
            chunk(client, &location, start, bytes).expect(416);
        }
        let status = client.get(&location).expect(204);
        assert_eq!(status.header("Range"), Some("0-2"));
        let location = chunk(client, &status.location(), 3, "345").expect(202).location();
        let blob = text("012345");
        pullable(client, close(client, &location, &blob.digest), &blob);
    });
}

#[test]
fn a_closing_chunk_out_of_order_is_416_and_the_upload_goes_on() {
    everywhere(|client| {
        let blob = text("012345");
        let location = chunk(client, &client.begin_upload(REPOSITORY), 0, "012").expect(202).location();
        let closing = || client.request("PUT", &with_query(&location, "digest", &blob.digest)).body("345");
        closing().header("Content-Range", "4-6").send().expect(416);
        pullable(client, closing().header("Content-Range", "3-5").send(), &blob);
    });
}

#[test]
fn a_chunk_whose_range_is_malformed_is_refused() {
    everywhere(|client| {
        let location = client.begin_upload(REPOSITORY);
        for range in ["zero-two", "0", "0-", "-2", "2-0", "0--2", "99999999999999999999-99999999999999999999"]
        {
            let response =
                client.request("PATCH", &location).header("Content-Range", range).body("012").send();
            assert!([400, 416].contains(&response.status), "{range}: {}", response.status);
        }
    });
}

#[test]
fn a_chunk_that_is_not_as_long_as_its_range_is_refused() {
    everywhere(|client| {
        let location = client.begin_upload(REPOSITORY);
        for range in ["0-1", "0-9"] {
            let response =
                client.request("PATCH", &location).header("Content-Range", range).body("012").send();
            assert!([400, 416].contains(&response.status), "{range}: {}", response.status);
        }
    });
}

/// "The response to an active upload MUST be a 204 No Content response code".
#[test]
fn the_status_of_an_upload_is_204_with_what_has_come() {
    everywhere(|client| {
        let location = client.begin_upload(REPOSITORY);
        client.get(&location).expect(204);
        let location = chunk(client, &location, 0, "01234").expect(202).location();
        let status = client.get(&location).expect(204);
        assert_eq!(status.header("Range"), Some("0-4"));
        chunk(client, &status.location(), 5, "5").expect(202);
    });
}

#[test]
fn a_blob_with_another_digest_is_400_digest_invalid_and_is_not_stored() {
    everywhere(|client| {
        let (sent, named) = (text("sent"), text("named"));
        let lie = Blob { digest: named.digest.clone(), ..sent.clone() };
        client.finish_upload(&client.begin_upload(REPOSITORY), &lie).refused(&[400], "DIGEST_INVALID");
        let location = chunk(client, &client.begin_upload(REPOSITORY), 0, "sent").expect(202).location();
        close(client, &location, &named.digest).refused(&[400], "DIGEST_INVALID");
        let target = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={}", named.digest);
        client.request("POST", &target).body("sent").send().refused(&[400], "DIGEST_INVALID");
        for digest in [&sent.digest, &named.digest] {
            absent(client, digest);
        }
    });
}

#[test]
fn a_lie_about_a_blob_that_is_there_does_not_harm_it() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob(REPOSITORY, &blob);
        let lie = Blob { bytes: b"rubbish".to_vec(), ..blob.clone() };
        client.finish_upload(&client.begin_upload(REPOSITORY), &lie).expect(400);
        assert_eq!(
            client.get(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(200).body,
            blob.bytes
        );
    });
}

#[test]
fn a_digest_that_is_none_is_400_digest_invalid() {
    everywhere(|client| {
        let short = "sha256:abc";
        let upper = text("content").digest.to_uppercase();
        for digest in ["", "content", short, "sha256:", &upper, "sha256:../../index.json"] {
            let target = with_query(&client.begin_upload(REPOSITORY), "digest", digest);
            client.request("PUT", &target).body("content").send().refused(&[400], "DIGEST_INVALID");
        }
    });
}

/// "The closing PUT request MUST include the digest of the whole blob".
#[test]
fn a_closing_put_without_a_digest_is_400() {
    everywhere(|client| {
        let location = chunk(client, &client.begin_upload(REPOSITORY), 0, "content").expect(202).location();
        client.request("PUT", &location).send().refused(&[400], "DIGEST_INVALID");
        absent(client, &text("content").digest);
    });
}

#[test]
fn an_upload_that_is_unknown_is_404_blob_upload_unknown() {
    everywhere(|client| {
        client.push_blob(REPOSITORY, &text("content"));
        for session in ["00000000-0000-4000-8000-000000000000", "nothing", "%2e%2e"] {
            let path = format!("/v2/{REPOSITORY}/blobs/uploads/{session}");
            client.get(&path).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
            client.delete(&path).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
            client.request("PATCH", &path).body("content").send().refused(&[404], "BLOB_UPLOAD_UNKNOWN");
            client.finish_upload(&path, &text("content")).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
        }
    });
}

#[test]
fn an_upload_that_is_closed_is_no_more() {
    everywhere(|client| {
        let location = client.begin_upload(REPOSITORY);
        client.finish_upload(&location, &text("content")).expect(201);
        client.get(&location).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
        client.finish_upload(&location, &text("content")).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
    });
}

#[test]
fn an_upload_that_is_cancelled_is_no_more() {
    everywhere(|client| {
        let location = chunk(client, &client.begin_upload(REPOSITORY), 0, "content").expect(202).location();
        client.delete(&location).expect(204);
        client.get(&location).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
        close(client, &location, &text("content").digest).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
        absent(client, &text("content").digest);
    });
}

#[test]
fn an_upload_belongs_to_its_repository() {
    everywhere(|client| {
        let location = client.begin_upload(REPOSITORY);
        let elsewhere = location.replace(REPOSITORY, "team/other");
        assert_ne!(location, elsewhere);
        client.finish_upload(&elsewhere, &text("content")).refused(&[404], "BLOB_UPLOAD_UNKNOWN");
    });
}

#[test]
fn a_body_that_breaks_off_is_not_stored() {
    everywhere(|client| {
        let whole = text("whole content");
        let location = client.begin_upload(REPOSITORY);
        let path = &location[location.find("/v2/").unwrap()..];
        // The first half is all that comes, and the digest is that of the first half.
        let half = text("whole ");
        let mut stream = client.connect();
        let target = with_query(path, "digest", &half.digest);
        let head =
            format!("PUT {target} HTTP/1.1\r\nHost: registry\r\nContent-Length: {}\r\n\r\n", whole.size());
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&half.bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // The server may answer or hang up; when the connection is at its end it has made up its mind.
        let _ = stream.read_to_end(&mut Vec::new());
        absent(client, &half.digest);
        absent(client, &whole.digest);
    });
}

#[test]
fn a_blob_is_mounted_from_another_repository() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob("base/image", &blob);
        let target = format!("/v2/{REPOSITORY}/blobs/uploads/?mount={}&from=base/image", blob.digest);
        pullable(client, client.request("POST", &target).send(), &blob);
        // As clients in Go write it.
        let target = format!(
            "/v2/team/other/blobs/uploads/?from=base%2Fimage&mount={}",
            blob.digest.replace(':', "%3A")
        );
        client.request("POST", &target).send().expect(201);
        assert_eq!(client.get(&format!("/v2/team/other/blobs/{}", blob.digest)).expect(200).body, blob.bytes);
    });
}

#[test]
fn a_mounted_blob_stays_when_the_first_is_deleted() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob("base/image", &blob);
        let target = format!("/v2/{REPOSITORY}/blobs/uploads/?mount={}&from=base/image", blob.digest);
        client.request("POST", &target).send().expect(201);
        client.delete(&format!("/v2/base/image/blobs/{}", blob.digest)).expect(202);
        assert_eq!(
            client.get(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(200).body,
            blob.bytes
        );
    });
}

/// "[A registry that] is unable to mount the requested blob […] SHOULD return a 202".
#[test]
fn a_mount_of_what_is_not_there_begins_an_upload() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob("base/image", &text("another"));
        for from in ["base/image", "no/where", "UPPER", "..", "..%2f.."] {
            let target = format!("/v2/{REPOSITORY}/blobs/uploads/?mount={}&from={from}", blob.digest);
            let location = client.request("POST", &target).send().expect(202).location();
            absent(client, &blob.digest);
            client.finish_upload(&location, &blob).expect(201);
            client.delete(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(202);
        }
    });
}

/// A digest may be of any registered algorithm; the registry learns which only when the upload ends.
#[test]
fn a_blob_may_be_named_by_sha512_however_it_comes() {
    everywhere(|client| {
        let blob = |content: &str| {
            let digest = umbel_model::Digest::of(umbel_model::Algorithm::Sha512, content.as_bytes());
            Blob { digest: digest.to_string(), ..text(content) }
        };
        let (at_once, in_one, in_pieces) = (blob("at once"), blob("in one"), blob("in pieces"));
        let post = with_query(&format!("/v2/{REPOSITORY}/blobs/uploads/"), "digest", &at_once.digest);
        pullable(client, client.request("POST", &post).body(&at_once.bytes).send(), &at_once);
        pullable(client, client.finish_upload(&client.begin_upload(REPOSITORY), &in_one), &in_one);
        let location = chunk(client, &client.begin_upload(REPOSITORY), 0, "in pie").expect(202).location();
        let location = chunk(client, &location, 6, "ces").expect(202).location();
        pullable(client, close(client, &location, &in_pieces.digest), &in_pieces);
        let wrong = with_query(&client.begin_upload(REPOSITORY), "digest", &in_pieces.digest);
        client.request("PUT", &wrong).body("other").send().refused(&[400], "DIGEST_INVALID");
    });
}
