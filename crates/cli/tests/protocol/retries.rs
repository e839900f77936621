//! What is tried again, when, and for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use umbel::registry::{Network, NetworkOptions, Reference, RegistrySource, Repository, Retries};
use umbel::transport::{Blob, Limits, Placing, RemoteError, RemoteProblem, Source};
use umbel_testkit::network::server::start;
use umbel_testkit::network::wire::Response;
use umbel_testkit::network::{Fault, Kind, When};

use crate::site::{Site, blob, bytes, descriptor, hasty, leaf, options, remote, repository, run, tag};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn transient_trouble_is_tried_again() {
    run(async {
        for (fault, status) in [
            (Fault::Status(408), "408"),
            (Fault::Status(429), "429"),
            (Fault::Status(500), "500"),
            (Fault::Status(502), "502"),
            (Fault::Status(503), "503"),
            (Fault::Status(504), "504"),
            (Fault::Reset, "-"),
            (Fault::Close, "-"),
            (Fault::Silence, "-"),
            (Fault::Truncate, "200"),
        ] {
            let site = site(fault, When::nth(Kind::ManifestGet, 1)).await;
            read(&site.repository_with("app", hasty())).await.unwrap();
            assert_eq!(site.told(), format!("ManifestGet {status}, ManifestGet 200"), "{fault:?}");
        }
    });
}

#[test]
fn a_refusal_is_asked_for_once() {
    run(async {
        for status in [400, 403, 404, 405, 406, 410, 415, 416, 501, 505] {
            let site = site(Fault::Status(status), When::always()).await;
            let error = read(&site.repository("app")).await.unwrap_err();
            assert_eq!((site.told(), error.tries), (format!("ManifestGet {status}"), 1));
            let told = match error.problem {
                RemoteProblem::Answered { status, .. } | RemoteProblem::Denied { status, .. } => status,
                problem => panic!("{problem:?}"),
            };
            assert_eq!(told, status);
        }
    });
}

#[test]
fn tries_are_counted_and_told() {
    run(async {
        let site = site(Fault::Status(503), When::always()).await;
        let error = read(&site.repository("app")).await.unwrap_err();
        assert_eq!((site.front.log().len(), error.tries), (5, 5));
        assert!(error.to_string().ends_with("(5 tries)"), "{error}");
    });
}

#[test]
fn a_step_that_fails_for_long_is_given_up_although_there_are_tries_left() {
    run(async {
        let site = site(Fault::Status(503), When::always()).await;
        let retries = Retries { attempts: 10_000, budget: SECOND / 2, ..options().retries };
        let began = Instant::now();
        read(&patient(&site, retries)).await.unwrap_err();
        assert!(began.elapsed() < SECOND * 3, "{:?}", began.elapsed());
        assert!(site.front.log().len() > 5);
    });
}

#[test]
fn all_waits_of_a_program_together_have_an_end() {
    run(async {
        let site = site(Fault::Busy { status: 503, retry_after: SECOND }, When::always()).await;
        let retries = Retries { total: SECOND * 3 / 2, ..options().retries };
        let repository = patient(&site, retries);
        read(&repository).await.unwrap_err();
        assert_eq!(site.front.log().len(), 2);
        read(&repository).await.unwrap_err();
        assert_eq!(site.front.log().len(), 3);
    });
}

#[test]
fn a_wait_that_is_told_in_seconds_is_waited() {
    run(async {
        for status in [429, 503] {
            let site =
                site(Fault::Busy { status, retry_after: SECOND }, When::nth(Kind::ManifestGet, 1)).await;
            read(&site.repository("app")).await.unwrap();
            let log = site.front.log();
            assert!(log[1].began >= log[0].began + SECOND, "{:?}", log[1].began);
        }
    });
}

#[test]
fn a_wait_that_is_told_as_a_date_is_waited() {
    run(async {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let server = start(
            "127.0.0.1:0",
            None,
            Arc::new(move |_| match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Response::new(429, "").with("retry-after", http_date(SystemTime::now() + SECOND * 2)),
                _ => Response::new(200, "{}").with("content-type", leaf("a").media_type().as_str()),
            }),
        );
        let began = Instant::now();
        read(&repository(&server.address().to_string(), "app", options())).await.unwrap();
        // The date has whole seconds, and the wait is cut by as much.
        assert!(began.elapsed() >= SECOND * 9 / 10, "{:?}", began.elapsed());
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_wait_that_is_too_long_is_not_begun() {
    run(async {
        let site = site(Fault::Busy { status: 429, retry_after: SECOND * 3600 }, When::always()).await;
        let error = read(&site.repository("app")).await.unwrap_err();
        assert!(matches!(error.problem, RemoteProblem::Answered { status: 429, .. }), "{error}");
        assert_eq!(site.told(), "ManifestGet 429");
    });
}

#[test]
fn what_one_request_is_told_to_wait_all_others_to_the_host_wait() {
    run(async {
        let busy = Fault::Busy { status: 429, retry_after: SECOND };
        let site = site(busy, When::nth(Kind::ManifestGet, 1)).await;
        let repository = site.repository("app");
        let first = tokio::spawn({
            let repository = repository.clone();
            async move { read(&repository).await.unwrap() }
        });
        tokio::time::sleep(SECOND / 5).await;
        let others: Vec<_> = (0..6)
            .map(|_| {
                let repository = repository.clone();
                tokio::spawn(async move { read(&repository).await.unwrap() })
            })
            .collect();
        first.await.unwrap();
        for other in others {
            other.await.unwrap();
        }
        let log = site.front.log();
        assert_eq!(log.len(), 8);
        assert!(log[1..].iter().all(|later| later.began >= log[0].began + SECOND), "{}", site.told());
    });
}

#[test]
fn no_more_requests_than_are_allowed_are_under_way() {
    run(async {
        let site = site(Fault::Stall(SECOND / 20), When::always()).await;
        let repository = site.repository_with("app", NetworkOptions { parallel: 3, ..options() });
        let all: Vec<_> = (0..12)
            .map(|_| {
                let repository = repository.clone();
                tokio::spawn(async move { read(&repository).await.unwrap() })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
        assert_eq!((site.front.log().len(), site.front.max_in_flight()), (12, 3));
    });
}

#[test]
fn waiting_for_a_turn_is_not_silence() {
    run(async {
        // Each request takes less than is waited for an answer, all of them together take much more.
        let site = site(Fault::Stall(SECOND * 2 / 5), When::always()).await;
        let repository = site.repository_with("app", NetworkOptions { parallel: 1, ..hasty() });
        let all: Vec<_> = (0..5)
            .map(|_| {
                let repository = repository.clone();
                tokio::spawn(async move { read(&repository).await.unwrap() })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(site.front.log().len(), 5, "{}", site.told());
    });
}

#[test]
fn what_is_read_to_be_sent_does_not_wait_for_the_sending() {
    run(async {
        let content = bytes(1 << 20);
        let site = Site::with(|front| front.fault(Fault::Truncate, When::nth(Kind::BlobGet, 1)));
        site.truth("base").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        let network = Network::new(NetworkOptions { parallel: 1, ..options() });
        let source = RegistrySource::new(&network, site.name("base"));
        let source = Source::new(Arc::new(source), Limits::default());
        let known = Blob::new(source, descriptor(&content));
        network.repository(&site.name("app")).place_blob(&known, Placing::Send).await.unwrap();
        assert_eq!(site.told(), "UploadPost 202, BlobGet 200, UploadPut 201, BlobGet 206");
    });
}

#[test]
fn a_document_that_was_written_without_a_word_is_not_written_again() {
    run(async {
        for (fault, status) in [(Fault::Applied500, "500"), (Fault::AppliedReset, "-")] {
            let (site, raw) =
                (Site::with(|front| front.fault(fault, When::nth(Kind::ManifestPut, 1))), leaf("a"));
            let repository = site.repository("app");
            repository.put_manifest(Reference::Digest(raw.digest()), &raw).await.unwrap();
            assert_eq!(site.told(), format!("ManifestPut {status}, ManifestHead 200"));
        }
    });
}

#[test]
fn a_document_that_was_not_written_is_looked_for_and_written_again() {
    run(async {
        for fault in [Fault::Reset, Fault::ResetMidBody, Fault::Silence] {
            let (site, raw) =
                (Site::with(|front| front.fault(fault, When::nth(Kind::ManifestPut, 1))), leaf("a"));
            let repository = site.repository_with("app", hasty());
            repository.put_manifest(Reference::Digest(raw.digest()), &raw).await.unwrap();
            assert_eq!(site.told(), "ManifestPut -, ManifestHead 404, ManifestPut 201");
        }
    });
}

#[test]
fn a_deletion_that_took_effect_without_a_word_is_a_deletion() {
    run(async {
        for fault in [Fault::Applied500, Fault::AppliedReset] {
            let site = site(fault, When::nth(Kind::ManifestDelete, 1)).await;
            let raw = leaf("a");
            let repository = site.repository("app");
            assert!(repository.delete_manifest(Reference::Digest(raw.digest())).await.unwrap());
            assert_eq!(site.front.log().last().unwrap().status, Some(404));
        }
    });
}

/// A registry with the fault and with a document that the client can read.
async fn site(fault: Fault, when: When) -> Site {
    let site = Site::with(|front| front.fault(fault, when));
    site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
    site
}

fn patient(site: &Site, retries: Retries) -> Repository {
    site.repository_with("app", NetworkOptions { retries, ..options() })
}

async fn read(repository: &Repository) -> Result<(), RemoteError> {
    match repository.manifest(Reference::Tag(&tag("v1")), 1 << 20).await {
        Ok(_) => Ok(()),
        error => Err(remote(error)),
    }
}

/// A time as HTTP writes it, of today or tomorrow.
fn http_date(time: SystemTime) -> String {
    let time = time::OffsetDateTime::from(time);
    let (day, month) = (&time.weekday().to_string()[..3], &time.month().to_string()[..3]);
    let (hour, minute, second) = time.to_hms();
    format!("{day}, {:02} {month} {} {hour:02}:{minute:02}:{second:02} GMT", time.day(), time.year())
}
