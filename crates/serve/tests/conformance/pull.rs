//! Pull: manifests and blobs, whole or in part, and whether they exist.

use std::io::{Read as _, Write as _};

use umbel_testkit::{Blob, Entry, image, index, manifest, media_type};

use crate::{REPOSITORY, everywhere, text};

/// The digest of bytes that nobody pushes.
const NOWHERE: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000ff";

#[test]
fn the_base_says_that_the_registry_speaks_this_protocol() {
    everywhere(|client| {
        let response = client.get("/v2/").expect(200);
        assert_eq!(response.header("Docker-Distribution-API-Version"), Some("registry/2.0"));
        client.head("/v2/").expect(200);
    });
}

#[test]
fn a_path_that_is_no_endpoint_is_404() {
    everywhere(|client| {
        for path in ["/", "/v1/", "/v3/", "/v2/team/app", "/v2/team/app/blobs", "/v2/team/app/nothing/here"] {
            client.get(path).expect(404);
        }
    });
}

#[test]
fn a_method_that_an_endpoint_has_not_is_405() {
    everywhere(|client| {
        client.request("PATCH", "/v2/team/app/manifests/v1").send().expect(405);
        client.request("POST", "/v2/team/app/tags/list").send().expect(405);
        client.delete("/v2/").expect(405);
    });
}

#[test]
fn a_blob_comes_with_its_length_and_its_digest() {
    everywhere(|client| {
        let blob = Blob::new("application/octet-stream", (0..=255).collect::<Vec<u8>>());
        client.push_blob(REPOSITORY, &blob);
        let response = client.get(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(200);
        assert_eq!(response.body, blob.bytes);
        assert_eq!(response.header("Content-Length"), Some("256"));
        assert_eq!(response.header("Docker-Content-Digest"), Some(blob.digest.as_str()));
    });
}

#[test]
fn head_of_a_blob_tells_the_same_without_the_blob() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob(REPOSITORY, &blob);
        let response = client.head(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(200);
        assert_eq!(response.header("Content-Length"), Some("7"));
        assert_eq!(response.header("Docker-Content-Digest"), Some(blob.digest.as_str()));
    });
}

#[test]
fn the_empty_blob_is_a_blob() {
    everywhere(|client| {
        let nothing = text("");
        client.push_blob(REPOSITORY, &nothing);
        let path = format!("/v2/{REPOSITORY}/blobs/{}", nothing.digest);
        assert_eq!(client.get(&path).expect(200).header("Content-Length"), Some("0"));
        assert_eq!(client.head(&path).expect(200).header("Content-Length"), Some("0"));
    });
}

#[test]
fn a_blob_of_many_megabytes_comes_back_whole() {
    everywhere(|client| {
        let bytes: Vec<u8> =
            (0..9_000_001_u32).map(|number| number.to_le_bytes()[usize::from(number % 3 == 0)]).collect();
        let blob = Blob::new("application/octet-stream", bytes);
        client.push_blob(REPOSITORY, &blob);
        let response = client.get(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(200);
        assert_eq!(umbel_testkit::digest(&response.body), blob.digest);
    });
}

#[test]
fn a_blob_that_is_missing_is_404_blob_unknown() {
    everywhere(|client| {
        client.push_blob(REPOSITORY, &text("another"));
        let path = format!("/v2/{REPOSITORY}/blobs/{NOWHERE}");
        client.get(&path).refused(&[404], "BLOB_UNKNOWN");
        client.head(&path).expect(404);
    });
}

#[test]
fn a_blob_of_one_repository_is_not_in_another() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob(REPOSITORY, &blob);
        client.push_blob("team/other", &text("another"));
        client.get(&format!("/v2/team/other/blobs/{}", blob.digest)).refused(&[404], "BLOB_UNKNOWN");
    });
}

#[test]
fn part_of_a_blob_is_206_with_its_place() {
    everywhere(|client| {
        let blob = text("0123456789");
        client.push_blob(REPOSITORY, &blob);
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        for (range, content, place) in [
            ("bytes=2-5", "2345", "bytes 2-5/10"),
            ("bytes=0-0", "0", "bytes 0-0/10"),
            ("bytes=7-", "789", "bytes 7-9/10"),
            ("bytes=-3", "789", "bytes 7-9/10"),
            ("bytes=-30", "0123456789", "bytes 0-9/10"),
            ("bytes=8-100", "89", "bytes 8-9/10"),
            ("bytes=8-18446744073709551615", "89", "bytes 8-9/10"),
        ] {
            let response = client.request("GET", &path).header("Range", range).send().expect(206);
            assert_eq!(response.body, content.as_bytes(), "{range}");
            assert_eq!(response.header("Content-Range"), Some(place), "{range}");
            assert_eq!(
                response.header("Content-Length"),
                Some(content.len().to_string().as_str()),
                "{range}"
            );
        }
    });
}

#[test]
fn a_part_beyond_the_end_of_a_blob_is_416_with_the_length() {
    everywhere(|client| {
        let blob = text("0123456789");
        client.push_blob(REPOSITORY, &blob);
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            let response = client.request("GET", &path).header("Range", range).send().expect(416);
            assert_eq!(response.header("Content-Range"), Some("bytes */10"), "{range}");
        }
    });
}

/// RFC 9110, 14.2: "a server MAY ignore the Range header field", and must where it does not understand it.
#[test]
fn a_range_that_makes_no_sense_is_ignored() {
    everywhere(|client| {
        let blob = text("0123456789");
        client.push_blob(REPOSITORY, &blob);
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        for range in ["lines=1-2", "bytes=5-2", "bytes=a-b", "bytes", "bytes=-"] {
            let response = client.request("GET", &path).header("Range", range).send().expect(200);
            assert_eq!(response.body, blob.bytes, "{range}");
        }
    });
}

/// RFC 9110, 14.2: ranges are defined for GET alone.
#[test]
fn head_knows_no_ranges() {
    everywhere(|client| {
        let blob = text("0123456789");
        client.push_blob(REPOSITORY, &blob);
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        let response = client.request("HEAD", &path).header("Range", "bytes=0-1").send().expect(200);
        assert_eq!(response.header("Content-Length"), Some("10"));
    });
}

#[test]
fn a_manifest_comes_as_it_was_pushed() {
    everywhere(|client| {
        // No encoder writes it like this.
        let odd = image("linux/amd64").build();
        let json =
            String::from_utf8(odd.manifest.bytes.clone()).unwrap().replacen('{', "{\n\t\"x\" :1e0,  ", 1);
        let pushed = Blob::new(media_type::OCI_MANIFEST, json + "\r\n ");
        client.push_image(REPOSITORY, "plain", &odd);
        client.put_manifest(REPOSITORY, "odd", &pushed).expect(201);
        for reference in ["odd", &pushed.digest] {
            let response = client.get(&format!("/v2/{REPOSITORY}/manifests/{reference}")).expect(200);
            assert_eq!(response.body, pushed.bytes);
            assert_eq!(response.header("Content-Type"), Some(media_type::OCI_MANIFEST));
            assert_eq!(response.header("Docker-Content-Digest"), Some(pushed.digest.as_str()));
            assert_eq!(response.header("Content-Length"), Some(pushed.size().to_string().as_str()));
        }
    });
}

#[test]
fn a_manifest_keeps_its_media_type() {
    everywhere(|client| {
        let docker = image("linux/arm64").docker().build();
        client.push_image(REPOSITORY, "image", &docker);
        client.push_index(REPOSITORY, "oci", &index().entry(&docker).build());
        client.push_index(REPOSITORY, "docker", &index().docker().entry(&docker).build());
        for (tag, expected) in [
            ("image", media_type::DOCKER_MANIFEST),
            ("oci", media_type::OCI_INDEX),
            ("docker", media_type::DOCKER_LIST),
        ] {
            let response = client.get(&format!("/v2/{REPOSITORY}/manifests/{tag}")).expect(200);
            assert_eq!(response.header("Content-Type"), Some(expected));
        }
    });
}

/// A registry does not convert: whoever cannot read it must say so, and not be given something else.
#[test]
fn a_manifest_keeps_its_media_type_whatever_the_client_accepts() {
    everywhere(|client| {
        let image = image("linux/arm64").build();
        client.push_image(REPOSITORY, "v1", &image);
        let request = client.request("GET", &format!("/v2/{REPOSITORY}/manifests/v1"));
        let response = request.header("Accept", media_type::DOCKER_MANIFEST).send().expect(200);
        assert_eq!(response.header("Content-Type"), Some(media_type::OCI_MANIFEST));
        assert_eq!(response.body, image.manifest.bytes);
    });
}

#[test]
fn head_of_a_manifest_tells_the_same_without_the_manifest() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        for reference in ["v1", &image.manifest.digest] {
            let response = client.head(&format!("/v2/{REPOSITORY}/manifests/{reference}")).expect(200);
            assert_eq!(response.header("Content-Length"), Some(image.manifest.size().to_string().as_str()));
            assert_eq!(response.header("Content-Type"), Some(media_type::OCI_MANIFEST));
            assert_eq!(response.header("Docker-Content-Digest"), Some(image.manifest.digest.as_str()));
        }
    });
}

#[test]
fn a_manifest_that_is_missing_is_404_manifest_unknown() {
    everywhere(|client| {
        client.push_image(REPOSITORY, "v1", &image("linux/amd64").build());
        for reference in ["v2", NOWHERE] {
            let path = format!("/v2/{REPOSITORY}/manifests/{reference}");
            client.get(&path).refused(&[404], "MANIFEST_UNKNOWN");
            client.head(&path).expect(404);
        }
    });
}

/// "An attempt to pull a nonexistent repository MUST return response code 404 Not Found".
#[test]
fn a_repository_that_is_missing_is_404() {
    everywhere(|client| {
        client.get("/v2/no/where/tags/list").refused(&[404], "NAME_UNKNOWN");
        for path in ["manifests/v1".to_owned(), format!("manifests/{NOWHERE}"), format!("blobs/{NOWHERE}")] {
            let path = format!("/v2/no/where/{path}");
            let codes = client.get(&path).expect(404).error_codes();
            assert!(
                ["NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"].contains(&codes[0].as_str()),
                "{codes:?}"
            );
            client.head(&path).expect(404);
        }
    });
}

#[test]
fn an_image_below_an_index_is_found_by_its_digest() {
    everywhere(|client| {
        let (arm, intel) = (image("linux/arm64").build(), image("linux/amd64").build());
        client.push_index(REPOSITORY, "v1", &index().entry(&arm).entry(Entry::from(&intel)).build());
        for manifest in [&arm.manifest, &intel.manifest] {
            let response = client.get(&format!("/v2/{REPOSITORY}/manifests/{}", manifest.digest)).expect(200);
            assert_eq!(response.body, manifest.bytes);
        }
    });
}

#[test]
fn a_repository_may_be_named_like_an_endpoint() {
    everywhere(|client| {
        let artifact = manifest(text("{}")).build();
        for repository in
            ["tags", "tags/list", "manifests", "team/manifests/v1", "referrers", "uploads", "v2"]
        {
            client.push_image(repository, "v1", &artifact);
            let response = client.get(&format!("/v2/{repository}/manifests/v1")).expect(200);
            assert_eq!(response.body, artifact.manifest.bytes, "{repository}");
            assert_eq!(
                client.get(&format!("/v2/{repository}/tags/list")).expect(200).json()["name"],
                repository
            );
        }
    });
}

#[test]
fn every_name_that_the_specification_allows_is_a_repository() {
    everywhere(|client| {
        let long = format!("{}/{}", "a".repeat(120), "b".repeat(100));
        for name in ["a", "0", "a.b", "a_b", "a__b", "a-b", "a---b", "a/b/c/d/e/f", "x86/64.v3", &long] {
            client.push_image(name, "v1", &manifest(text("{}")).build());
            assert_eq!(client.get(&format!("/v2/{name}/tags/list")).expect(200).json()["name"], name);
        }
    });
}

#[test]
fn a_connection_serves_many_requests() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        let mut stream = client.connect();
        for (request, status) in [
            (format!("HEAD /v2/{REPOSITORY}/manifests/v1"), "200"),
            (format!("HEAD /v2/{REPOSITORY}/manifests/v2"), "404"),
            (format!("HEAD /v2/{REPOSITORY}/blobs/{}", image.config.digest), "200"),
            (format!("HEAD /v2/{REPOSITORY}/blobs/{NOWHERE}"), "404"),
        ] {
            write!(stream, "{request} HTTP/1.1\r\nHost: registry\r\n\r\n").unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                answer.extend(byte);
            }
            // A body would stand before the next status.
            let line = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(line.as_bytes()), "{request}: {}", answer.escape_ascii());
        }
    });
}

/// RFC 9110, 4.2.3: percent-encoded or not, a character in the path of a URL is the same.
#[test]
fn a_digest_may_be_percent_encoded() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        let encoded = |blob: &Blob| blob.digest.replace(':', "%3A");
        client.get(&format!("/v2/{REPOSITORY}/blobs/{}", encoded(&image.config))).expect(200);
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", encoded(&image.manifest))).expect(200);
    });
}
