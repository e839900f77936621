//! Push of manifests: by tag and by digest, and what is refused.

use std::thread;

use serde_json::json;
use umbel_testkit::{Blob, Builder, Entry, ManifestParts, artifact, image, index, manifest, media_type};

use crate::{REPOSITORY, everywhere, text};

/// The longest manifest that is taken: "at least 4 megabytes".
const LONGEST: usize = 4 << 20;

/// An artifact whose manifest has exactly this many bytes.
fn manifest_of_length(length: usize) -> Blob {
    let of_padding = |padding: usize| -> Builder<ManifestParts> {
        artifact("application/vnd.example.long").annotation("padding", &"x".repeat(padding))
    };
    let bare = of_padding(0).build().manifest.bytes.len();
    let manifest = of_padding(length - bare).build().manifest;
    assert_eq!(manifest.bytes.len(), length);
    manifest
}

#[test]
fn a_manifest_pushed_by_tag_tells_where_it_is_and_its_digest() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        let response = client.push_image(REPOSITORY, "v1", &image);
        assert_eq!(response.header("Docker-Content-Digest"), Some(image.manifest.digest.as_str()));
        assert_eq!(client.get(&response.location()).expect(200).body, image.manifest.bytes);
    });
}

#[test]
fn a_manifest_pushed_by_digest_has_no_tag() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        let response = client.push_image(REPOSITORY, &image.manifest.digest, &image);
        assert_eq!(response.header("Docker-Content-Digest"), Some(image.manifest.digest.as_str()));
        assert_eq!(client.get(&response.location()).expect(200).body, image.manifest.bytes);
        assert_eq!(client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200).json()["tags"], json!([]));
    });
}

#[test]
fn a_manifest_with_another_digest_is_400_digest_invalid_and_is_not_stored() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        let other = Blob::new(&image.manifest.media_type, [&image.manifest.bytes[..], b"\n"].concat());
        let named = text("named").digest;
        client.put_manifest(REPOSITORY, &named, &other).refused(&[400], "DIGEST_INVALID");
        for digest in [named, other.digest] {
            client.head(&format!("/v2/{REPOSITORY}/manifests/{digest}")).expect(404);
        }
    });
}

#[test]
fn a_tag_moves_and_what_it_named_stays() {
    everywhere(|client| {
        let (first, second) = (image("linux/amd64").build(), image("linux/arm64").build());
        client.push_image(REPOSITORY, "latest", &first);
        client.push_image(REPOSITORY, "latest", &second);
        assert_eq!(client.digest_of(REPOSITORY, "latest"), Some(second.manifest.digest));
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", first.manifest.digest)).expect(200);
        let tags = client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200).json();
        assert_eq!(tags, json!({ "name": REPOSITORY, "tags": ["latest"] }));
    });
}

#[test]
fn a_manifest_may_have_many_tags() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        for tag in ["v1", "v1.2", "latest"] {
            client.push_image(REPOSITORY, tag, &image);
        }
        for tag in ["v1", "v1.2", "latest"] {
            assert_eq!(client.digest_of(REPOSITORY, tag).as_ref(), Some(&image.manifest.digest));
        }
    });
}

#[test]
fn tags_pushed_at_once_are_all_there() {
    everywhere(|client| {
        let artifact = manifest(text("{}")).build();
        client.push_blob(REPOSITORY, &artifact.config);
        let tags: Vec<String> = (10..40).map(|number| format!("v{number}")).collect();
        thread::scope(|scope| {
            for tag in &tags {
                scope.spawn(|| client.put_manifest(REPOSITORY, tag, &artifact.manifest).expect(201));
            }
        });
        assert_eq!(
            client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200).json()["tags"],
            json!(tags)
        );
    });
}

#[test]
fn every_tag_that_the_specification_allows_is_taken() {
    everywhere(|client| {
        let artifact = manifest(text("{}")).build();
        for tag in ["a", "_", "0", "V1.0-rc.1_x", "list", &"x".repeat(128)] {
            client.push_image(REPOSITORY, tag, &artifact);
            assert_eq!(client.digest_of(REPOSITORY, tag).as_ref(), Some(&artifact.manifest.digest), "{tag}");
        }
    });
}

/// "[A tag] MUST be at most 128 characters in length and MUST match" an expression.
#[test]
fn a_reference_that_is_neither_tag_nor_digest_is_refused() {
    everywhere(|client| {
        let artifact = manifest(text("{}")).build();
        client.push_image(REPOSITORY, "v1", &artifact);
        let long = "x".repeat(129);
        for reference in
            [".hidden", "-v1", "v1+x", "a:b", "%C3%A9", "v%201", "sha256:abc", "a%2Fb", "..", &long]
        {
            let response = client.put_manifest(REPOSITORY, reference, &artifact.manifest);
            assert!([400, 404].contains(&response.status), "{reference}: {}", response.status);
            let response = client.get(&format!("/v2/{REPOSITORY}/manifests/{reference}"));
            assert!([400, 404].contains(&response.status), "{reference}: {}", response.status);
        }
        assert_eq!(client.get(&format!("/v2/{REPOSITORY}/tags/list")).json()["tags"], json!(["v1"]));
    });
}

#[test]
fn an_image_whose_blobs_are_missing_is_manifest_blob_unknown() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_blob(REPOSITORY, &image.config);
        let refused = client.put_manifest(REPOSITORY, "v1", &image.manifest);
        refused.refused(&[400, 404], "MANIFEST_BLOB_UNKNOWN");
        let said = String::from_utf8(refused.body).unwrap();
        assert!(said.contains(&image.layers[0].digest), "it says which: {said}");
        client.get(&format!("/v2/{REPOSITORY}/manifests/v1")).expect(404);
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(404);
    });
}

#[test]
fn an_index_whose_images_are_missing_is_manifest_blob_unknown() {
    everywhere(|client| {
        let (here, missing) = (image("linux/amd64").build(), image("linux/arm64").build());
        client.push_image(REPOSITORY, "v1", &here);
        let list = index().entry(&here).entry(&missing).build();
        client.put_manifest(REPOSITORY, "v2", &list.manifest).refused(&[400, 404], "MANIFEST_BLOB_UNKNOWN");
        client.get(&format!("/v2/{REPOSITORY}/manifests/v2")).expect(404);
    });
}

#[test]
fn an_index_of_indexes_is_taken() {
    everywhere(|client| {
        let inner = index().entry(&image("linux/amd64").build()).build();
        client.push_index(REPOSITORY, "inner", &inner);
        let outer = index().entry(&inner).build();
        client.put_manifest(REPOSITORY, "outer", &outer.manifest).expect(201);
        assert_eq!(client.digest_of(REPOSITORY, "outer"), Some(outer.manifest.digest));
    });
}

#[test]
fn an_empty_index_is_taken() {
    everywhere(|client| {
        client.push_index(REPOSITORY, "empty", &index().build());
        assert_eq!(client.digest_of(REPOSITORY, "empty"), Some(index().build().manifest.digest));
    });
}

/// "The uploaded manifest MUST reference any blobs that make up the object", and not those of another
/// repository, whose blobs its readers may not see.
#[test]
fn blobs_of_another_repository_do_not_count() {
    everywhere(|client| {
        let artifact = manifest(text("{}")).build();
        client.push_image("team/other", "v1", &artifact);
        let refused = client.put_manifest(REPOSITORY, "v1", &artifact.manifest);
        refused.refused(&[400, 404], "MANIFEST_BLOB_UNKNOWN");
    });
}

/// "A registry MUST initially accept an otherwise valid manifest with a subject field that references a
/// manifest that does not exist in the repository".
#[test]
fn a_subject_may_come_later() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        let sbom = artifact("application/spdx+json").subject(&image.manifest).build();
        client.push_image(REPOSITORY, "sbom", &sbom);
        client.push_image(REPOSITORY, "v1", &image);
        let referrers =
            client.get(&format!("/v2/{REPOSITORY}/referrers/{}", image.manifest.digest)).expect(200);
        assert_eq!(referrers.json()["manifests"][0]["digest"], sbom.manifest.digest);
    });
}

/// "A registry implementation that supports the referrers API MUST respond with the response header
/// OCI-Subject".
#[test]
fn a_manifest_with_a_subject_is_answered_with_it() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        let sbom = artifact("application/spdx+json").subject(&image.manifest).build();
        let list = index().entry(&image).subject(&image.manifest).build();
        assert_eq!(client.push_image(REPOSITORY, "v1", &image).header("OCI-Subject"), None);
        for response in [
            client.push_image(REPOSITORY, "sbom", &sbom),
            client.push_image(REPOSITORY, &sbom.manifest.digest, &sbom),
            client.push_index(REPOSITORY, "list", &list),
        ] {
            assert_eq!(response.header("OCI-Subject"), Some(image.manifest.digest.as_str()));
        }
    });
}

#[test]
fn a_manifest_of_four_mebibytes_is_taken() {
    everywhere(|client| {
        let longest = manifest_of_length(LONGEST);
        client.push_blob(REPOSITORY, &artifact("").build().config);
        client.put_manifest(REPOSITORY, "longest", &longest).expect(201);
        let response = client.get(&format!("/v2/{REPOSITORY}/manifests/longest")).expect(200);
        assert_eq!(umbel_testkit::digest(&response.body), longest.digest);
    });
}

#[test]
fn a_longer_manifest_is_413() {
    everywhere(|client| {
        let longer = manifest_of_length(LONGEST + 1);
        client.push_blob(REPOSITORY, &artifact("").build().config);
        client.put_manifest(REPOSITORY, "longer", &longer).expect(413);
        let request = client.request("PUT", &format!("/v2/{REPOSITORY}/manifests/longer"));
        request.header("Content-Type", media_type::OCI_MANIFEST).streamed(&longer.bytes).send().expect(413);
        client.get(&format!("/v2/{REPOSITORY}/manifests/longer")).expect(404);
    });
}

#[test]
fn what_is_no_manifest_is_400_manifest_invalid() {
    everywhere(|client| {
        client.push_image(REPOSITORY, "v1", &manifest(text("{}")).build());
        for bytes in ["", "not JSON", "[]", "{\"schemaVersion\":2", "{\"schemaVersion\":2,\"layers\":7}"] {
            let rubbish = Blob::new(media_type::OCI_MANIFEST, bytes);
            client.put_manifest(REPOSITORY, "rubbish", &rubbish).refused(&[400], "MANIFEST_INVALID");
        }
        client.get(&format!("/v2/{REPOSITORY}/manifests/rubbish")).expect(404);
    });
}

#[test]
fn an_index_with_a_hostile_digest_is_refused() {
    everywhere(|client| {
        client.push_image(REPOSITORY, "v1", &manifest(text("{}")).build());
        for digest in ["sha256:../../../oci-layout", "../../index.json", "sha256:", ""] {
            let entry =
                Entry::absent(&json!({ "mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": 2 }));
            let hostile = index().entry(entry).build().manifest;
            let response = client.put_manifest(REPOSITORY, "hostile", &hostile);
            assert!([400, 404].contains(&response.status), "{digest}: {}", response.status);
            response.error_codes();
        }
    });
}

/// "The registry SHOULD ignore parameters on the Content-Type header", and give none back.
#[test]
fn parameters_of_a_media_type_are_ignored() {
    everywhere(|client| {
        let artifact = manifest(text("{}")).build();
        client.push_blob(REPOSITORY, &artifact.config);
        let media_type = format!("{}; charset=utf-8", media_type::OCI_MANIFEST);
        client.put_manifest(REPOSITORY, "v1", &Blob { media_type, ..artifact.manifest }).expect(201);
        let response = client.get(&format!("/v2/{REPOSITORY}/manifests/v1")).expect(200);
        assert_eq!(response.header("Content-Type"), Some(media_type::OCI_MANIFEST));
    });
}

#[test]
fn a_manifest_whose_length_is_not_announced_is_taken() {
    everywhere(|client| {
        let artifact = manifest(text("{}")).build();
        client.push_blob(REPOSITORY, &artifact.config);
        let request = client.request("PUT", &format!("/v2/{REPOSITORY}/manifests/v1"));
        let request = request.header("Content-Type", media_type::OCI_MANIFEST);
        request.streamed(&artifact.manifest.bytes).send().expect(201);
        assert_eq!(client.digest_of(REPOSITORY, "v1"), Some(artifact.manifest.digest));
    });
}
