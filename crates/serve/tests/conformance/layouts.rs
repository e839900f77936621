//! A directory of repositories is a directory of OCI layouts: what others wrote there is served, and what
//! clients push there others can read.

use std::fs;

use serde_json::json;
use umbel_serve::Registry;
use umbel_testkit::{
    Entry, Layout, artifact, digest, image, index, manifest, media_type, reachable_blobs, read_layout, tree,
};

use crate::client::Client;
use crate::{REPOSITORY, in_directory, serve, text};

#[test]
fn a_layout_that_lies_there_is_served() {
    in_directory(|client, root| {
        let (arm, intel) = (image("linux/arm64").build(), image("linux/amd64").docker().build());
        let list = index().entry(&arm).entry(&intel).build();
        let mut layout = Layout::create(root.join(REPOSITORY));
        layout.add_index(&list, Some("v1")).add_image(&intel, Some("intel"));
        let before = tree(root);

        let tags = client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200).json();
        assert_eq!(tags, json!({ "name": REPOSITORY, "tags": ["intel", "v1"] }));
        for (reference, expected) in [
            ("v1", &list.manifest),
            (&list.manifest.digest, &list.manifest),
            ("intel", &intel.manifest),
            (&arm.manifest.digest, &arm.manifest),
        ] {
            let response = client.get(&format!("/v2/{REPOSITORY}/manifests/{reference}")).expect(200);
            assert_eq!(response.body, expected.bytes);
            assert_eq!(response.header("Content-Type"), Some(expected.media_type.as_str()));
        }
        for blob in &list.blobs {
            let response = client.get(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).expect(200);
            assert_eq!(response.body, blob.bytes);
        }
        assert_eq!(tree(root), before, "serving changes nothing");
    });
}

#[test]
fn a_layout_that_others_change_is_served_as_it_is_now() {
    in_directory(|client, root| {
        let (first, second) = (image("linux/amd64").build(), image("linux/arm64").build());
        let mut layout = Layout::create(root.join(REPOSITORY));
        layout.add_image(&first, Some("v1"));
        assert_eq!(client.digest_of(REPOSITORY, "v1"), Some(first.manifest.digest));
        layout.add_image(&second, Some("v2"));
        assert_eq!(client.digest_of(REPOSITORY, "v2"), Some(second.manifest.digest));
    });
}

#[test]
fn a_manifest_without_a_name_is_found_by_its_digest() {
    in_directory(|client, root| {
        let image = image("linux/amd64").build();
        Layout::create(root.join(REPOSITORY)).add_image(&image, None);
        client.get(&format!("/v2/{REPOSITORY}/manifests/{}", image.manifest.digest)).expect(200);
        assert_eq!(client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200).json()["tags"], json!([]));
    });
}

/// Container engines write whole image names there.
#[test]
fn a_name_in_a_layout_that_is_no_tag_is_not_listed() {
    in_directory(|client, root| {
        let image = image("linux/amd64").build();
        let mut layout = Layout::create(root.join(REPOSITORY));
        layout.add_image(&image, Some("docker.io/library/app:1.0")).add_image(&image, Some("v1"));
        assert_eq!(
            client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200).json()["tags"],
            json!(["v1"])
        );
    });
}

#[test]
fn a_referrer_in_a_layout_is_listed() {
    in_directory(|client, root| {
        let image = image("linux/amd64").build();
        let sbom = artifact("application/spdx+json").subject(&image.manifest).build();
        let mut layout = Layout::create(root.join(REPOSITORY));
        layout.add_image(&image, Some("v1")).add_image(&sbom, None);
        let referrers =
            client.get(&format!("/v2/{REPOSITORY}/referrers/{}", image.manifest.digest)).expect(200);
        assert_eq!(referrers.json()["manifests"][0]["digest"], sbom.manifest.digest);
    });
}

/// "Registries MUST include preexisting image manifests that are listed in an image index tagged with the
/// referrers tag schema and have a valid subject field in the referrers API response."
#[test]
fn a_referrer_below_a_referrers_tag_is_listed() {
    in_directory(|client, root| {
        let image = image("linux/amd64").build();
        let sbom = artifact("application/spdx+json").subject(&image.manifest).build();
        let list = index().entry(Entry::from(&sbom).field("artifactType", "application/spdx+json")).build();
        let mut layout = Layout::create(root.join(REPOSITORY));
        let tag = image.manifest.digest.replace(':', "-");
        layout.add_image(&image, Some("v1")).add_index(&list, Some(&tag));
        let referrers =
            client.get(&format!("/v2/{REPOSITORY}/referrers/{}", image.manifest.digest)).expect(200);
        let manifests = referrers.json()["manifests"].clone();
        assert_eq!(manifests.as_array().map(Vec::len), Some(1), "{manifests}");
        assert_eq!(manifests[0]["digest"], sbom.manifest.digest);
    });
}

#[test]
fn what_was_pushed_is_a_layout() {
    in_directory(|client, root| {
        let (arm, intel) = (image("linux/arm64").build(), image("linux/amd64").build());
        let list = index().entry(&arm).entry(&intel).build();
        client.push_index(REPOSITORY, "v1", &list);
        client.push_image(REPOSITORY, "arm", &arm);
        let layout = root.join(REPOSITORY);
        let found = read_layout(&layout);
        assert_eq!(found["v1"], list.manifest);
        assert_eq!(found["arm"], arm.manifest);
        let reached = reachable_blobs(&layout);
        for blob in list.blobs.iter().chain(&list.entries).chain([&list.manifest]) {
            assert!(reached.contains(&blob.digest));
        }
        let marker = fs::read(layout.join("oci-layout")).unwrap();
        let marker: serde_json::Value = serde_json::from_slice(&marker).unwrap();
        assert_eq!(marker["imageLayoutVersion"], "1.0.0");
    });
}

#[test]
fn a_tag_that_moved_is_in_the_layout_once() {
    in_directory(|client, root| {
        let (first, second) = (image("linux/amd64").build(), image("linux/arm64").build());
        client.push_image(REPOSITORY, "latest", &first);
        client.push_image(REPOSITORY, "latest", &second);
        let found = read_layout(root.join(REPOSITORY));
        assert_eq!(found["latest"], second.manifest);
        assert!(reachable_blobs(root.join(REPOSITORY)).contains(&first.manifest.digest), "still reachable");
    });
}

#[test]
fn entries_of_others_survive_a_push() {
    in_directory(|client, root| {
        let (theirs, ours) = (image("linux/amd64").build(), image("linux/arm64").build());
        let mut layout = Layout::create(root.join(REPOSITORY));
        layout.add_entry(Entry::from(&theirs).annotation("org.example.key", "value"), Some("docker.io/x:1"));
        client.push_image(REPOSITORY, "v1", &ours);
        let bytes = fs::read(root.join(REPOSITORY).join("index.json")).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let entry = written["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["annotations"]["org.opencontainers.image.ref.name"] == "docker.io/x:1");
        let entry = entry.expect("their entry is there");
        assert_eq!(entry["annotations"]["org.example.key"], "value");
        assert_eq!(entry["platform"], json!({ "architecture": "amd64", "os": "linux" }));
    });
}

#[test]
fn what_was_deleted_is_gone_from_the_layout() {
    in_directory(|client, root| {
        let (gone, kept) = (image("linux/amd64").build(), image("linux/arm64").build());
        client.push_image(REPOSITORY, "v1", &gone);
        client.push_image(REPOSITORY, "kept", &kept);
        client.delete(&format!("/v2/{REPOSITORY}/manifests/{}", gone.manifest.digest)).expect(202);
        client.delete(&format!("/v2/{REPOSITORY}/blobs/{}", gone.config.digest)).expect(202);
        let found = read_layout(root.join(REPOSITORY));
        assert_eq!(found.keys().collect::<Vec<_>>(), ["kept"]);
        let hex = gone.config.digest.trim_start_matches("sha256:");
        assert!(!root.join(REPOSITORY).join("blobs/sha256").join(hex).exists());
    });
}

#[test]
fn a_repository_may_lie_in_another() {
    in_directory(|client, root| {
        let artifact = manifest(text("{}")).build();
        for repository in ["team", "team/app", "team/app/tool"] {
            client.push_image(repository, "v1", &artifact);
            assert_eq!(read_layout(root.join(repository))["v1"], artifact.manifest);
        }
    });
}

#[test]
fn everything_is_there_after_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let image = image("linux/amd64").build();
    let sbom = artifact("application/spdx+json").subject(&image.manifest).build();
    {
        let running = serve(Registry::in_directory(root.path()));
        let client = Client::new(running.address());
        client.push_image(REPOSITORY, "v1", &image);
        client.push_image(REPOSITORY, &sbom.manifest.digest, &sbom);
    }
    let running = serve(Registry::in_directory(root.path()));
    let client = Client::new(running.address());
    let response = client.get(&format!("/v2/{REPOSITORY}/manifests/v1")).expect(200);
    assert_eq!(response.body, image.manifest.bytes);
    assert_eq!(response.header("Content-Type"), Some(media_type::OCI_MANIFEST));
    let referrers = client.get(&format!("/v2/{REPOSITORY}/referrers/{}", image.manifest.digest)).expect(200);
    assert_eq!(referrers.json()["manifests"][0]["digest"], sbom.manifest.digest);
    assert_eq!(client.get("/v2/_catalog").expect(200).json()["repositories"], json!([REPOSITORY]));
}

#[test]
fn a_server_that_is_dropped_listens_no_more() {
    let running = serve(Registry::in_memory());
    let address = running.address();
    Client::new(address).get("/v2/").expect(200);
    drop(running);
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// What is on its way is not yet content: no reader of the layout sees half a blob.
#[test]
fn an_upload_under_way_is_not_among_the_blobs() {
    in_directory(|client, root| {
        client.push_image(REPOSITORY, "v1", &manifest(text("{}")).build());
        let blobs = root.join(REPOSITORY).join("blobs");
        let before = tree(&blobs);
        let location = client.begin_upload(REPOSITORY);
        client.request("PATCH", &location).body("half of it").send().expect(202);
        let complete = |name: &std::path::Path| {
            let hex = name.file_name().and_then(|name| name.to_str()).unwrap();
            hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let after = tree(&blobs);
        let new: Vec<_> = after.keys().filter(|name| !before.contains_key(*name) && complete(name)).collect();
        assert!(new.is_empty(), "{new:?}");
        assert!(
            !after.keys().any(|name| name.ends_with(digest(b"half of it").trim_start_matches("sha256:")))
        );
        client.delete(&location).expect(204);
        assert_eq!(tree(root.join(REPOSITORY).join("blobs")), before, "cancelled, it leaves nothing");
    });
}
