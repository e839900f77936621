//! Content discovery: tags, referrers, and the repositories there are.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use umbel_testkit::{
    Blob, Builder, Image, ManifestParts, artifact, digest, image, index, manifest, media_type,
};

use crate::client::{Client, Response};
use crate::{REPOSITORY, everywhere, text};

const SBOM: &str = "application/vnd.example.sbom.v1+json";
const SIGNATURE: &str = "application/vnd.example.signature.v1";

fn push_tags(client: &Client, tags: &[&str]) {
    let artifact = manifest(text("{}")).build();
    for tag in tags {
        client.push_image(REPOSITORY, tag, &artifact);
    }
}

/// What `target` lists, page by page, under `key`.
#[track_caller]
fn listed(client: &Client, target: &str, key: &str) -> Vec<Vec<String>> {
    let page = |response: Response| {
        assert_eq!(response.header("Content-Type"), Some("application/json"), "{target}");
        serde_json::from_value(response.json()[key].clone()).unwrap()
    };
    client.pages(target).into_iter().map(page).collect()
}

/// The tags on the first page of `tags/list` with this query.
#[track_caller]
fn tags(client: &Client, query: &str) -> Vec<String> {
    listed(client, &format!("/v2/{REPOSITORY}/tags/list{query}"), "tags").swap_remove(0)
}

#[test]
fn tags_are_listed_in_order() {
    everywhere(|client| {
        push_tags(client, &["v2", "a", "v10", "latest", "v1", "1.0"]);
        let response = client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200);
        let expected = json!({ "name": REPOSITORY, "tags": ["1.0", "a", "latest", "v1", "v10", "v2"] });
        assert_eq!(response.json(), expected);
        assert_eq!(response.next(), None);
    });
}

#[test]
fn tags_come_in_pages_that_are_linked() {
    everywhere(|client| {
        push_tags(client, &["a", "b", "c", "d", "e"]);
        let pages = listed(client, &format!("/v2/{REPOSITORY}/tags/list?n=2"), "tags");
        assert_eq!(pages, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
        let pages = listed(client, &format!("/v2/{REPOSITORY}/tags/list?n=2&last=a"), "tags");
        assert_eq!(pages, [["b", "c"], ["d", "e"]]);
    });
}

/// "The response to such a request MAY return fewer than `n` results, but only when the total number of tags
/// […] is less than `n` or a Link header is provided."
#[test]
fn the_last_page_of_tags_has_no_link() {
    everywhere(|client| {
        push_tags(client, &["a", "b"]);
        for query in ["", "?n=2", "?n=3", "?n=1&last=a", "?last=b", "?n=1000000000"] {
            let response = client.get(&format!("/v2/{REPOSITORY}/tags/list{query}")).expect(200);
            assert_eq!(response.next(), None, "{query}");
        }
    });
}

#[test]
fn tags_after_the_last_one_follow_it_in_order() {
    everywhere(|client| {
        push_tags(client, &["a", "c", "e"]);
        for (query, expected) in [
            ("?last=a", vec!["c", "e"]),
            ("?last=b", vec!["c", "e"]),
            ("?last=e", vec![]),
            ("?last=z", vec![]),
            ("?last=a&n=1", vec!["c"]),
            ("?n=9&last=c", vec!["e"]),
        ] {
            assert_eq!(tags(client, query), expected, "{query}");
        }
    });
}

/// "When `n` is zero, this endpoint MUST return an empty list, and MUST NOT include a Link header."
#[test]
fn no_tags_at_all_can_be_asked_for() {
    everywhere(|client| {
        push_tags(client, &["a", "b"]);
        let response = client.get(&format!("/v2/{REPOSITORY}/tags/list?n=0")).expect(200);
        assert_eq!(response.json(), json!({ "name": REPOSITORY, "tags": [] }));
        assert_eq!(response.header("Link"), None);
    });
}

#[test]
fn a_number_of_tags_that_is_none_is_refused() {
    everywhere(|client| {
        push_tags(client, &["a", "b"]);
        for query in ["?n=x", "?n=-1", "?n=1.5"] {
            client.get(&format!("/v2/{REPOSITORY}/tags/list{query}")).expect(400).error_codes();
        }
    });
}

#[test]
fn a_repository_without_tags_has_an_empty_list() {
    everywhere(|client| {
        client.push_blob(REPOSITORY, &text("content"));
        let response = client.get(&format!("/v2/{REPOSITORY}/tags/list")).expect(200);
        assert_eq!(response.json(), json!({ "name": REPOSITORY, "tags": [] }));
    });
}

/// An image to refer to, pushed.
fn pushed_subject(client: &Client) -> Image {
    let image = image("linux/amd64").build();
    client.push_image(REPOSITORY, "v1", &image);
    image
}

/// Pushes what refers to another manifest, without a tag.
fn push_referrer(client: &Client, referrer: Builder<ManifestParts>) -> Blob {
    let referrer = referrer.build();
    client.push_image(REPOSITORY, &referrer.manifest.digest, &referrer);
    referrer.manifest
}

/// The descriptors in one page of referrers, whose form is checked.
#[track_caller]
fn descriptors(response: &Response) -> Vec<Value> {
    assert_eq!(response.header("Content-Type"), Some(media_type::OCI_INDEX));
    let body = response.json();
    assert_eq!(body["schemaVersion"], 2);
    assert_eq!(body["mediaType"], media_type::OCI_INDEX);
    body["manifests"].as_array().unwrap().clone()
}

#[track_caller]
fn referrers(client: &Client, subject: &str, query: &str) -> Vec<Value> {
    descriptors(&client.get(&format!("/v2/{REPOSITORY}/referrers/{subject}{query}")).expect(200))
}

/// "If a query results in no matching referrers, an empty manifest list MUST be returned."
#[test]
fn without_referrers_the_index_is_empty() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest.digest;
        for digest in [subject, digest(b"never pushed")] {
            assert_eq!(referrers(client, &digest, ""), [] as [Value; 0]);
        }
    });
}

/// "If the registry supports the referrers API, the registry MUST NOT return a 404 Not Found".
#[test]
fn referrers_in_an_unknown_repository_are_none() {
    everywhere(|client| {
        let response = client.get(&format!("/v2/no/where/referrers/{}", digest(b"x"))).expect(200);
        assert_eq!(descriptors(&response), [] as [Value; 0]);
        client.get("/v2/no/where/tags/list").refused(&[404], "NAME_UNKNOWN");
    });
}

/// "If the request is invalid, such as a digest with an invalid syntax, a 400 Bad Request MUST be returned."
#[test]
fn referrers_of_no_digest_are_400() {
    everywhere(|client| {
        pushed_subject(client);
        for reference in ["v1", "sha256:abc", "sha256", "sha256%3A..%2F..%2Findex.json"] {
            client.get(&format!("/v2/{REPOSITORY}/referrers/{reference}")).refused(&[400], "DIGEST_INVALID");
        }
    });
}

#[test]
fn a_referrer_is_described_with_its_type_and_its_annotations() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest;
        let sbom = artifact(SBOM).subject(&subject).annotation("org.example.format", "<json> & é");
        let sbom = push_referrer(client, sbom);
        let expected = json!({
            "mediaType": media_type::OCI_MANIFEST,
            "digest": sbom.digest,
            "size": sbom.bytes.len(),
            "artifactType": SBOM,
            "annotations": { "org.example.format": "<json> & é" },
        });
        assert_eq!(referrers(client, &subject.digest, ""), [expected]);
    });
}

/// "If the artifactType is empty or missing in the image manifest, the value of artifactType MUST be set to
/// the config descriptor mediaType value."
#[test]
fn a_referrer_without_a_type_has_that_of_its_config() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest;
        let config = || Blob::new(SIGNATURE, "{\"signed\":true}");
        let missing = push_referrer(client, manifest(config()).subject(&subject));
        let empty = push_referrer(client, manifest(config()).subject(&subject).artifact_type(""));
        let found = referrers(client, &subject.digest, "");
        assert_eq!(found.len(), 2);
        for descriptor in &found {
            assert!([&missing.digest, &empty.digest].iter().any(|digest| descriptor["digest"] == **digest));
            assert_eq!(descriptor["artifactType"], SIGNATURE);
        }
    });
}

/// "If the artifactType is empty or missing in an index, the artifactType MUST be omitted."
#[test]
fn an_index_that_refers_has_the_type_that_it_states() {
    everywhere(|client| {
        let subject = pushed_subject(client);
        let list = || index().entry(&subject).subject(&subject.manifest);
        client.push_index(REPOSITORY, "plain", &list().annotation("kind", "plain").build());
        client.push_index(
            REPOSITORY,
            "typed",
            &list().artifact_type(SBOM).annotation("kind", "typed").build(),
        );
        let mut found = referrers(client, &subject.manifest.digest, "");
        found.sort_by_key(|descriptor| descriptor["annotations"]["kind"].to_string());
        assert!(found.iter().all(|descriptor| descriptor["mediaType"] == media_type::OCI_INDEX));
        assert_eq!(found[0].get("artifactType"), None);
        assert_eq!(found[1]["artifactType"], SBOM);
    });
}

/// "If filtering is requested and applied, the response MUST include a header OCI-Filters-Applied".
#[test]
fn referrers_are_filtered_by_their_type() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest;
        let sbom = push_referrer(client, artifact(SBOM).subject(&subject));
        let config = Blob::new(SIGNATURE, "{}");
        let signature = push_referrer(client, manifest(config).subject(&subject));
        for (filter, expected) in [
            ("application%2Fvnd.example.sbom.v1%2Bjson", vec![&sbom.digest]),
            (SIGNATURE, vec![&signature.digest]),
            ("application/none", vec![]),
        ] {
            let path = format!("/v2/{REPOSITORY}/referrers/{}?artifactType={filter}", subject.digest);
            let response = client.get(&path).expect(200);
            assert_eq!(response.header("OCI-Filters-Applied"), Some("artifactType"), "{filter}");
            let found: Vec<_> = descriptors(&response).iter().map(|entry| entry["digest"].clone()).collect();
            assert_eq!(
                found,
                expected.into_iter().map(|digest| json!(digest)).collect::<Vec<_>>(),
                "{filter}"
            );
        }
        let all = client.get(&format!("/v2/{REPOSITORY}/referrers/{}", subject.digest)).expect(200);
        assert_eq!(descriptors(&all).len(), 2);
        assert_eq!(all.header("OCI-Filters-Applied"), None);
    });
}

#[test]
fn referrers_come_in_pages_that_are_linked() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest;
        let mut pushed = BTreeSet::new();
        for number in 0..5 {
            let referrer = |kind| artifact(kind).subject(&subject).annotation("number", &number.to_string());
            pushed.insert(push_referrer(client, referrer(SIGNATURE)).digest);
            push_referrer(client, referrer(SBOM));
        }
        let path = format!("/v2/{REPOSITORY}/referrers/{}?n=2&artifactType={SIGNATURE}", subject.digest);
        let pages = client.pages(&path);
        let sizes: Vec<_> = pages.iter().map(|page| descriptors(page).len()).collect();
        assert_eq!(sizes, [2, 2, 1]);
        let digest = |descriptor: &Value| descriptor["digest"].as_str().unwrap().to_owned();
        let found: BTreeSet<_> = pages.iter().flat_map(descriptors).map(|entry| digest(&entry)).collect();
        assert_eq!(found, pushed);
        assert!(pages.iter().all(|page| page.header("OCI-Filters-Applied") == Some("artifactType")));
    });
}

#[test]
fn a_referrer_pushed_twice_is_listed_once() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest;
        let sbom = artifact(SBOM).subject(&subject).build();
        for reference in [&sbom.manifest.digest, "sbom", "other", &sbom.manifest.digest] {
            client.push_image(REPOSITORY, reference, &sbom);
        }
        assert_eq!(referrers(client, &subject.digest, "").len(), 1);
    });
}

#[test]
fn a_referrer_stays_when_its_tag_moves_on() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest;
        client.push_image(REPOSITORY, "sbom", &artifact(SBOM).subject(&subject).build());
        push_tags(client, &["sbom"]);
        assert_eq!(referrers(client, &subject.digest, "").len(), 1);
    });
}

#[test]
fn a_referrer_of_one_repository_is_not_in_another() {
    everywhere(|client| {
        let subject = pushed_subject(client).manifest;
        client.push_image("team/other", "sbom", &artifact(SBOM).subject(&subject).build());
        assert_eq!(referrers(client, &subject.digest, ""), [] as [Value; 0]);
    });
}

#[test]
fn the_catalog_lists_the_repositories_in_order() {
    everywhere(|client| {
        assert_eq!(client.get("/v2/_catalog").expect(200).json(), json!({ "repositories": [] }));
        for repository in ["team/app", "b", "team", "team/app/tool", "a/deep/er/one"] {
            client.push_image(repository, "v1", &manifest(text("{}")).build());
        }
        let all = ["a/deep/er/one", "b", "team", "team/app", "team/app/tool"];
        assert_eq!(listed(client, "/v2/_catalog", "repositories"), [all]);
        let pages = listed(client, "/v2/_catalog?n=2", "repositories");
        assert_eq!(pages, [&all[..2], &all[2..4], &all[4..]]);
        assert_eq!(listed(client, "/v2/_catalog?last=b", "repositories"), [&all[2..]]);
    });
}
