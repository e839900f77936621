//! Listings end, whatever the registry says comes next.

use std::sync::atomic::{AtomicUsize, Ordering};

use umbel::model::Digest;
use umbel::registry::{Network, NetworkOptions, Repository, Retries};
use umbel::transport::TransportError;
use umbel_testkit::media_type::OCI_INDEX;
use umbel_testkit::network::wire::{Request, Response};

use crate::desk::PROMPT;
use crate::flood::{Flood, Flow, Length};
use crate::network::block_on;
use crate::registry::Registry;

/// The listings of the client, with their outcome as a count.
const LISTINGS: [&str; 3] = ["tags", "catalog", "referrers"];

fn repository(host: &str) -> Repository {
    let retries = Retries { attempts: 1, ..Retries::default() };
    let network = Network::new(NetworkOptions { retries, ..NetworkOptions::default() });
    network.repository(&format!("{host}/app").parse().unwrap())
}

fn list(host: &str, listing: &str) -> Result<usize, TransportError> {
    let repository = repository(host);
    block_on(async {
        match listing {
            "tags" => repository.tags().await.map(|tags| tags.len()),
            "catalog" => repository.catalog().await.map(|names| names.len()),
            _ => repository.referrers(&Digest::sha256(b"x"), None).await.map(|found| found.entries.len()),
        }
    })
}

/// A page with one name, and the next page if there is one.
fn page(request: &Request, next: Option<String>) -> Response {
    let body = if request.path().contains("/referrers/") {
        format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[]}}"#)
    } else {
        r#"{"name":"app","tags":["v1"],"repositories":["app"]}"#.to_owned()
    };
    let response = Response::new(200, body).with("content-type", OCI_INDEX);
    match next {
        Some(next) => response.with("link", format!("<{next}>; rel=\"next\"")),
        None => response,
    }
}

#[test]
fn pages_that_lead_in_a_circle_are_an_error() {
    for listing in LISTINGS {
        for circle in [1, 2, 7] {
            let count = AtomicUsize::new(0);
            let registry = Registry::answering(move |request: &Request| {
                let next = count.fetch_add(1, Ordering::SeqCst) % circle;
                page(request, Some(format!("{}?page={next}", request.path())))
            });
            let result = list(&registry.host(), listing);
            // A circle of referrers looks like a registry without them, which is asked for a tag then.
            assert!(listing == "referrers" || result.is_err(), "{listing}: {result:?}");
            assert!(registry.log().len() <= circle + 3, "{listing} {circle}: {}", registry.log().len());
        }
    }
}

#[test]
fn pages_that_always_go_on_come_to_an_end() {
    let count = AtomicUsize::new(0);
    let registry = Registry::answering(move |request: &Request| {
        let next = count.fetch_add(1, Ordering::SeqCst);
        page(request, Some(format!("/v2/app/tags/list?last={next}")))
    });
    let error = list(&registry.host(), "tags").unwrap_err();
    assert!(error.to_string().contains("do not end"), "{error}");
    assert!(registry.log().len() <= 10_001);
}

#[test]
fn the_next_page_is_on_the_registry() {
    let elsewhere = Registry::on("127.0.0.2:0", None, |request: &Request| page(request, None));
    for listing in LISTINGS {
        for next in [
            format!("http://{}/v2/app/tags/list", elsewhere.host()),
            format!("//{}/v2/app/tags/list", elsewhere.host()),
            "http://169.254.169.254/latest".to_owned(),
            "file:///etc/passwd".to_owned(),
            "http://user:password@HOST/v2/app/tags/list".to_owned(),
        ] {
            let registry = Registry::answering(move |request: &Request| {
                let own = next.replace("HOST", request.header("host").unwrap());
                page(request, Some(own).filter(|_| !request.target.contains("manifests")))
            });
            let result = list(&registry.host(), listing);
            assert!(listing == "referrers" || result.is_err(), "{listing}: {result:?}");
            assert!(registry.log().len() <= 2, "{:?}", registry.requests());
        }
    }
    assert_eq!(elsewhere.requests(), [""; 0]);
}

#[test]
fn a_page_without_end_is_given_up() {
    for listing in LISTINGS {
        for length in Length::ALL {
            let flood = Flood::start(move |_, _| Flow::endless("200 OK", "", length, b' '));
            let started = std::time::Instant::now();
            let result = list(&flood.host(), listing);
            assert!(
                matches!(result, Err(TransportError::TooLarge { .. })),
                "{listing} {length:?}: {result:?}"
            );
            assert!(started.elapsed() < PROMPT);
            assert!(flood.sent() < 32 << 20);
        }
    }
}

#[test]
fn a_page_is_a_list_of_names() {
    for body in [
        r#"{"tags":[1]}"#,
        r#"{"tags":"v1"}"#,
        r#"{"tags":[["v1"]]}"#,
        "[]",
        "null",
        "",
        "{",
        &"[".repeat(100_000),
        r#"{"tags":[]} x"#,
    ] {
        let body = body.to_owned();
        let registry = Registry::answering(move |_| Response::new(200, body.clone()));
        assert!(list(&registry.host(), "tags").is_err());
    }
}
