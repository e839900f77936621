//! Listing, referring, deleting, and what registries want people to know.

use std::sync::Arc;

use umbel::model::{Algorithm, Digest, Manifest, Raw};
use umbel::registry::{NetworkEvent, Reference, Repository};
use umbel::transport::Placing;
use umbel_testkit::network::server::{Running, start};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::network::{Kind, Quirk};
use umbel_testkit::{Blob, artifact};

use crate::site::{
    Site, blob, bytes, descriptor, digest_of, document, leaf, observed, options, remote, repository, run, tag,
};

#[test]
fn lists_are_read_to_their_last_page() {
    run(async {
        let server = serve(|request| match request.target.as_str() {
            "/v2/app/tags/list?n=1000" => {
                page(r#"{"name":"app","tags":["a","b"]}"#, "/v2/app/tags/list?n=2&last=b")
            }
            "/v2/app/tags/list?n=2&last=b" => page(r#"{"name":"app","tags":[]}"#, "list?last=c"),
            "/v2/app/tags/list?last=c" => Response::new(200, r#"{"name":"app","tags":["z"]}"#),
            "/v2/_catalog?n=1000" => page(r#"{"repositories":["a"]}"#, "?last=a"),
            "/v2/_catalog?last=a" => Response::new(200, r#"{"repositories":["a/b"]}"#),
            _ => Response::new(404, ""),
        });
        let repository = client(&server);
        assert_eq!(repository.tags().await.unwrap(), ["a", "b", "z"]);
        assert_eq!(repository.catalog().await.unwrap(), ["a", "a/b"]);
    });
}

#[test]
fn a_list_of_nothing_is_empty_however_it_is_written() {
    run(async {
        for body in [r#"{"tags":null,"repositories":null}"#, r#"{"tags":[],"repositories":[]}"#, "{}"] {
            let server = serve(move |_| Response::new(200, body));
            assert!(client(&server).tags().await.unwrap().is_empty());
            assert!(client(&server).catalog().await.unwrap().is_empty());
        }
        for body in ["[]", r#"{"tags":"a"}"#, r#"{"tags":[1]}"#, "<p>Welcome", ""] {
            let server = serve(move |_| Response::new(200, body));
            remote(client(&server).tags().await);
        }
    });
}

#[test]
fn pages_lead_neither_elsewhere_nor_round_in_circles() {
    run(async {
        for next in ["http://127.0.0.2:1/v2/app/tags/list", "/v2/app/tags/list?n=1000", "?n=1"] {
            let server = serve(move |_| page(r#"{"tags":["a"]}"#, next));
            remote(client(&server).tags().await);
        }
    });
}

#[test]
fn referrers_come_from_the_registry_page_by_page_and_of_the_type_that_is_wanted() {
    run(async {
        let subject = leaf("subject");
        for says_so in [true, false] {
            let named = subject.digest().clone();
            let server = serve(move |request| {
                let first = format!("/v2/app/referrers/{named}?artifactType=application%2Fa");
                let response = if request.target == first {
                    page(&listed(&[("application/a", "1"), ("application/b", "2")]), "?last=2")
                } else {
                    Response::new(200, listed(&[("application/a", "3")]))
                };
                let response = response.with("content-type", umbel_testkit::media_type::OCI_INDEX);
                if says_so { response.with("oci-filters-applied", "artifactType") } else { response }
            });
            let found = client(&server).referrers(subject.digest(), Some("application/a")).await.unwrap();
            let sizes: Vec<u64> = found.entries.iter().map(|entry| entry.size).collect();
            assert_eq!((sizes, found.from_tag), (vec![1, 3], false));
        }
    });
}

#[test]
fn a_registry_that_lists_a_document_itself_is_left_to_it() {
    run(async {
        let (site, subject) = (Site::plain(), subject());
        let repository = site.repository("app");
        let one = referrer(&site, &subject, "application/a").await;
        let seen = site.front.log().len();
        repository.put_manifest(Reference::Digest(one.digest()), &one).await.unwrap();
        assert_eq!(site.front.log().len() - seen, 1, "{}", site.told());
        let found = repository.referrers(&digest_of(&subject), None).await.unwrap();
        assert_eq!((found.entries.len(), found.from_tag), (1, false));
        assert_eq!(found.entries[0].digest, *one.digest());
    });
}

#[test]
fn where_a_registry_lists_nothing_the_client_keeps_the_list() {
    run(async {
        let (site, subject) = (Site::with(|front| front.quirk(Quirk::NoReferrers)), subject());
        let repository = site.repository("app");
        assert!(repository.referrers(&digest_of(&subject), None).await.unwrap().entries.is_empty());
        let mut written = Vec::new();
        for (kind, times) in [("application/a", 2), ("application/b", 1)] {
            let raw = referrer(&site, &subject, kind).await;
            for _ in 0..times {
                repository.put_manifest(Reference::Digest(raw.digest()), &raw).await.unwrap();
            }
            written.push(raw.digest().clone());
        }
        let found = repository.referrers(&digest_of(&subject), None).await.unwrap();
        let digests: Vec<Digest> = found.entries.iter().map(|entry| entry.digest.clone()).collect();
        assert_eq!((digests, found.from_tag), (written.clone(), true));
        let found = repository.referrers(&digest_of(&subject), Some("application/b")).await.unwrap();
        assert_eq!(found.entries.iter().map(|entry| &entry.digest).collect::<Vec<_>>(), [&written[1]]);
    });
}

#[test]
fn two_who_refer_to_one_subject_at_the_same_time_are_both_on_the_list() {
    run(async {
        let (site, subject) = (Site::with(|front| front.quirk(Quirk::NoReferrers)), subject());
        let mut writing = Vec::new();
        for kind in ["application/a", "application/b"] {
            let raw = referrer(&site, &subject, kind).await;
            let repository = site.repository("app");
            writing.push(tokio::spawn(async move {
                repository.put_manifest(Reference::Digest(raw.digest()), &raw).await.unwrap();
            }));
        }
        for one in writing {
            one.await.unwrap();
        }
        let found = site.repository("app").referrers(&digest_of(&subject), None).await.unwrap();
        assert_eq!(found.entries.len(), 2);
    });
}

#[test]
fn a_tag_that_somebody_uses_for_something_else_is_left_alone() {
    run(async {
        let (site, subject) = (Site::with(|front| front.quirk(Quirk::NoReferrers)), subject());
        let fallback = tag(&subject.digest.replace(':', "-"));
        let other = referrer(&site, &subject, "application/other").await;
        site.truth("app").put_tag(&fallback, &other).await.unwrap();
        let one = referrer(&site, &subject, "application/a").await;
        let written = site.repository("app").put_manifest(Reference::Digest(one.digest()), &one).await;
        assert!(written.is_err());
        let kept = site.truth("app").manifest_digest(Reference::Tag(&fallback)).await.unwrap();
        assert_eq!(kept.as_ref(), Some(other.digest()));
    });
}

#[test]
fn the_tag_of_a_long_digest_is_cut_as_the_specification_says() {
    run(async {
        let subject = Digest::of(Algorithm::Sha512, b"subject");
        let site = Site::with(|front| front.quirk(Quirk::NoReferrers));
        site.repository("app").referrers(&subject, None).await.unwrap();
        let target = site.asked(Kind::ManifestGet).remove(0).target;
        assert_eq!(target, format!("/v2/app/manifests/sha512-{}", &subject.encoded()[..64]));
    });
}

#[test]
fn what_is_deleted_is_gone_and_what_is_gone_was_not_there() {
    run(async {
        let (site, raw, content) = (Site::plain(), leaf("a"), bytes(100));
        let repository = site.repository("app");
        repository.put_tag(&tag("v1"), &raw).await.unwrap();
        repository.place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        for expected in [true, false] {
            assert_eq!(repository.delete_manifest(Reference::Tag(&tag("v1"))).await.unwrap(), expected);
            assert_eq!(repository.delete_blob(&descriptor(&content).digest).await.unwrap(), expected);
        }
        let by_digest = Reference::Digest(raw.digest());
        assert_eq!(repository.manifest_digest(by_digest).await.unwrap().as_ref(), Some(raw.digest()));
        assert!(repository.delete_manifest(by_digest).await.unwrap());
        assert!(!repository.delete_manifest(by_digest).await.unwrap());
        assert_eq!(site.asked(Kind::BlobDelete).len(), 2);
    });
}

#[test]
fn a_warning_is_told_once_a_text() {
    run(async {
        let server = serve(|request| {
            let word = request.target.rsplit('/').next().unwrap_or_default().to_owned();
            Response::new(404, "")
                .with("warning", "299 - \"all is old\"")
                .with("warning", format!("299 - \"{word} is old\", 199 - \"not this\""))
        });
        let (options, lines) = observed(|event| match event {
            NetworkEvent::Warning { host, text } => {
                Some(format!("{}: {text}", host.split(':').next().unwrap_or_default()))
            }
            _ => None,
        });
        let repository = repository(&server.address().to_string(), "app", options);
        for word in ["a", "a", "b"] {
            assert_eq!(repository.manifest_digest(Reference::Tag(&tag(word))).await.unwrap(), None);
        }
        let expected = ["127.0.0.1: all is old", "127.0.0.1: a is old", "127.0.0.1: b is old"];
        assert_eq!(*lines.lock().unwrap(), expected);
    });
}

fn subject() -> Blob {
    umbel_testkit::index().annotation("org.example.word", "subject").build().manifest
}

/// A document that refers to the subject; what it names is in the repository.
async fn referrer(site: &Site, subject: &Blob, kind: &str) -> Raw {
    let image = artifact(kind).subject(subject).build();
    for part in std::iter::once(&image.config).chain(&image.layers) {
        site.truth("app").place_blob(&blob(&part.bytes, &[]), Placing::Send).await.unwrap();
    }
    let raw = document(&image.manifest);
    assert!(matches!(Manifest::parse(raw.clone()), Ok(Manifest::Image(_))));
    raw
}

/// A page of referrers, each with a type and a size.
fn listed(entries: &[(&str, &str)]) -> String {
    let entry = |(kind, size): &(&str, &str)| {
        let digest = umbel_testkit::digest(size.as_bytes());
        let media_type = umbel_testkit::media_type::OCI_MANIFEST;
        format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size},"artifactType":"{kind}"}}"#)
    };
    let entries = entries.iter().map(entry).collect::<Vec<_>>().join(",");
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{entries}]}}"#,
        umbel_testkit::media_type::OCI_INDEX
    )
}

fn page(body: &str, next: &str) -> Response {
    Response::new(200, body).with("link", format!("<{next}>; rel=\"next\""))
}

fn serve(handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Running {
    start("127.0.0.1:0", None, Arc::new(handler))
}

fn client(server: &Running) -> Repository {
    repository(&server.address().to_string(), "app", options())
}
