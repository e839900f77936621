//! Content management: tags, manifests and blobs are deleted, and are gone.

use serde_json::json;
use umbel_testkit::{artifact, digest, image, index};

use crate::{REPOSITORY, everywhere, text};

#[test]
fn a_deleted_tag_is_gone_and_its_manifest_stays() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        client.push_image(REPOSITORY, "latest", &image);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/v1")).expect(202);
        client.get(&format!("/v2/{REPOSITORY}/manifests/v1")).refused(&[404], "MANIFEST_UNKNOWN");
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(200);
        assert_eq!(client.get(&format!("/v2/{REPOSITORY}/tags/list")).json()["tags"], json!(["latest"]));
    });
}

#[test]
fn a_manifest_outlives_its_last_tag() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/v1")).expect(202);
        let path = format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest);
        assert_eq!(client.get(&path).expect(200).body, image.manifest.bytes);
        let tags = client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200).json();
        assert_eq!(tags, json!({ "name": REPOSITORY, "tags": [] }));
    });
}

/// "Once deleted, a GET to /v2/<name>/manifests/<digest> and any tag pointing to that digest will return a
/// 404."
#[test]
fn a_deleted_manifest_is_gone_with_its_tags() {
    everywhere(|client| {
        let (gone, kept) = (image("linux/amd64").build(), image("linux/arm64").build());
        client.push_image(REPOSITORY, "v1", &gone);
        client.push_image(REPOSITORY, "latest", &gone);
        client.push_image(REPOSITORY, "other", &kept);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/{}", gone.manifest.digest)).expect(202);
        for reference in ["v1", "latest", &gone.manifest.digest] {
            client
                .get(&format!("/v2/{REPOSITORY}/manifests/{reference}"))
                .refused(&[404], "MANIFEST_UNKNOWN");
        }
        assert_eq!(client.get(&format!("/v2/{REPOSITORY}/tags/list")).json()["tags"], json!(["other"]));
        client.get(&format!("/v2/{REPOSITORY}/manifests/other")).expect(200);
    });
}

#[test]
fn a_deleted_manifest_can_be_pushed_again() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(202);
        client.push_image(REPOSITORY, "v1", &image);
        assert_eq!(client.digest_of(REPOSITORY, "v1"), Some(image.manifest.digest));
    });
}

#[test]
fn a_deleted_index_leaves_its_images() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        let list = index().entry(&image).build();
        client.push_index(REPOSITORY, "v1", &list);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/{}", list.manifest.digest)).expect(202);
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", list.manifest.digest)).expect(404);
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(200);
    });
}

#[test]
fn an_image_below_an_index_can_be_deleted() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        let list = index().entry(&image).build();
        client.push_index(REPOSITORY, "v1", &list);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(202);
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(404);
    });
}

#[test]
fn a_deleted_referrer_is_listed_no_more() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        let sbom = artifact("application/spdx+json").subject(&image.manifest).build();
        client.push_image(REPOSITORY, &sbom.manifest.digest, &sbom);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/{}", sbom.manifest.digest)).expect(202);
        let referrers =
            client.get(&format!("/v2/{REPOSITORY}/referrers/{}", image.manifest.digest)).expect(200);
        assert_eq!(referrers.json()["manifests"], json!([]));
    });
}

#[test]
fn a_referrer_outlives_its_subject() {
    everywhere(|client| {
        let image = image("linux/amd64").build();
        client.push_image(REPOSITORY, "v1", &image);
        let sbom = artifact("application/spdx+json").subject(&image.manifest).build();
        client.push_image(REPOSITORY, &sbom.manifest.digest, &sbom);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(202);
        let referrers =
            client.get(&format!("/v2/{REPOSITORY}/referrers/{}", image.manifest.digest)).expect(200);
        assert_eq!(referrers.json()["manifests"][0]["digest"], sbom.manifest.digest);
    });
}

#[test]
fn a_manifest_that_is_missing_cannot_be_deleted() {
    everywhere(|client| {
        client.push_image(REPOSITORY, "v1", &image("linux/amd64").build());
        for reference in ["v2", &digest(b"nothing")] {
            let path = format!("/v2/{REPOSITORY}/manifests/{reference}");
            client.delete(&path).refused(&[404], "MANIFEST_UNKNOWN");
        }
    });
}

#[test]
fn a_deleted_blob_is_gone() {
    everywhere(|client| {
        let blob = text("content");
        client.push_blob(REPOSITORY, &blob);
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        client.delete(&path).expect(202);
        client.get(&path).refused(&[404], "BLOB_UNKNOWN");
        client.head(&path).expect(404);
        client.delete(&path).refused(&[404], "BLOB_UNKNOWN");
        client.push_blob(REPOSITORY, &blob);
        client.get(&path).expect(200);
    });
}

/// "If the repository does not exist, the response MUST return 404 Not Found."
#[test]
fn nothing_can_be_deleted_from_an_unknown_repository() {
    everywhere(|client| {
        let digest = digest(b"content");
        for path in ["manifests/v1".to_owned(), format!("manifests/{digest}"), format!("blobs/{digest}")] {
            client.delete(&format!("/v2/no/where/{path}")).expect(404).error_codes();
        }
    });
}
