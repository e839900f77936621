//! HTTP/2, where it is offered.
//!
//! Before the usual site stands a relay that speaks it: what the site has in its log is what came through.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hyper::Version;
use tokio::sync::Notify;
use umbel::registry::{Network, NetworkOptions, Reference, Repository, Timeouts, TlsOptions, Verify};
use umbel::transport::{Body as _, Placing};
use umbel::{Copy, Session};
use umbel_testkit::network::tls::Authority;
use umbel_testkit::network::{Fault, Kind, When};
use umbel_testkit::{Layout, image, index};

use crate::relay::{Mishap, Relay};
use crate::site::{Site, blob, bytes, collect, descriptor, hasty, leaf, options, run, tag};

/// More than a window of the client holds, and much more than one of the server.
const LARGE: usize = 6 << 20;

#[test]
fn a_copy_there_and_back_is_one_connection_of_http2() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        let scratch = tempfile::tempdir().unwrap();
        let [from, to, store] = ["from", "to", "store"].map(|name| scratch.path().join(name));
        let list = index().entry(&image("linux/amd64").build()).entry(&image("linux/arm64").build()).build();
        Layout::create(&from).add_index(&list, Some("v1"));
        let session = Session { network: Network::new(offer.options(options())), ..Session::at(&store) };
        let there = format!("docker://{}/app:v1", offer.relay.authority());
        let [from, to] = [from, to].map(|path| format!("oci:{}:v1", path.display()));
        Copy::of(&from, [&there]).run(&session).await.unwrap();
        let copied = Copy::of(&there, [&to]).run(&session).await.unwrap();
        assert_eq!(copied.digest.as_str(), list.manifest.digest);
        assert!(site.asked(Kind::UploadPut).len() >= 4 && site.asked(Kind::BlobGet).len() >= 4);
        offer.claim_connections(1);
    });
}

#[test]
fn many_requests_at_once_share_a_connection() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let repository = offer.repository(options());
        read(&repository).await;
        many(60, || read(&repository)).await;
        assert_eq!(site.front.log().len(), 61);
        assert!(site.front.max_in_flight() > 1);
        offer.claim_connections(1);
    });
}

#[test]
fn many_requests_that_come_before_any_connection_share_the_first_one() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let repository = offer.repository(options());
        many(60, || read(&repository)).await;
        // Which protocol there will be is not known before: each opened one of its own, and left it.
        assert_eq!(offer.used(), 1);
    });
}

#[test]
fn more_requests_than_a_connection_may_have_streams_wait_for_their_turn() {
    run(async {
        let site = Site::plain();
        let offer = Offer::with_streams(&site, 2);
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let repository = offer.repository(options());
        read(&repository).await;
        many(20, || read(&repository)).await;
        many(8, || place(&repository, 100 << 10)).await;
        offer.claim_connections(1);
    });
}

#[test]
fn blobs_larger_than_every_window_go_up_and_come_down() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        let repository = offer.repository(options());
        read_absent(&repository).await;
        // All of them together are larger than the window of a connection, too.
        let contents: Vec<Vec<u8>> = (0..4).map(|cut| bytes(LARGE - cut)).collect();
        let content = &contents;
        let sent = content.iter().map(|content| async {
            let placed = repository.place_blob(&blob(content, &[]), Placing::Send).await;
            placed.unwrap();
        });
        join_all(sent).await;
        let read = content.iter().map(|content| async {
            let body = repository.blob(&descriptor(content)).await.unwrap();
            assert!(collect(body).await.unwrap() == *content);
        });
        join_all(read).await;
        assert_eq!(site.asked(Kind::UploadPut).len(), 4);
        assert_eq!(site.asked(Kind::BlobGet).len(), 4);
        offer.claim_connections(1);
    });
}

#[test]
fn a_stream_that_is_reset_is_tried_again_on_the_same_connection() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        let (repository, raw) = (offer.repository(options()), leaf("a"));
        for (beginning, mishap) in [
            ("GET /v2/app/manifests", Mishap::Reset),
            ("GET /v2/app/manifests", Mishap::ResetAfter),
            ("PUT /v2/app/manifests", Mishap::Reset),
            ("POST /v2/app/blobs/uploads", Mishap::Reset),
            ("PUT /v2/app/blobs/uploads", Mishap::Reset),
        ] {
            offer.relay.befall(beginning, mishap);
        }
        place(&repository, 100).await;
        repository.put_tag(&tag("v1"), &raw).await.unwrap();
        read(&repository).await;
        read(&repository).await;
        assert!(offer.relay.is_over());
        offer.claim_connections(1);
    });
}

#[test]
fn what_was_done_before_its_stream_was_reset_is_not_done_again() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        let (repository, raw) = (offer.repository(options()), leaf("a"));
        offer.relay.befall("PUT /v2/app/blobs/uploads", Mishap::ResetAfter);
        offer.relay.befall("PUT /v2/app/manifests", Mishap::ResetAfter);
        place(&repository, 100).await;
        repository.put_manifest(Reference::Digest(raw.digest()), &raw).await.unwrap();
        assert_eq!(
            site.told(),
            "UploadPost 202, UploadPut 201, BlobHead 200, ManifestPut 201, ManifestHead 200"
        );
        offer.claim_connections(1);
    });
}

#[test]
fn a_body_whose_stream_is_reset_goes_on_where_it_broke() {
    run(async {
        let (site, content, told) = (Site::plain(), bytes(LARGE), Arc::new(Notify::new()));
        let offer = Offer::before(&site);
        site.truth("app").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        offer.relay.befall("GET /v2/app/blobs", Mishap::Break(told.clone()));
        let mut body = offer.repository(options()).blob(&descriptor(&content)).await.unwrap();
        let first = body.next_chunk().await.unwrap().unwrap();
        told.notify_one();
        let rest = collect(body).await.unwrap();
        assert!([&first[..], &rest].concat() == content);
        assert_eq!(site.told(), "BlobGet 200, BlobGet 206");
        offer.claim_connections(1);
    });
}

#[test]
fn a_connection_that_takes_its_leave_finishes_what_is_under_way_and_another_takes_over() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let repository = offer.repository(options());
        read(&repository).await;
        offer.relay.befall("GET", Mishap::GoAway);
        read(&repository).await;
        offer.relay.ended(1).await;
        read(&repository).await;
        offer.claim_connections(2);

        offer.relay.befall("GET", Mishap::GoAway);
        many(20, || read(&repository)).await;
        offer.relay.ended(2).await;
        read(&repository).await;
        assert_eq!((site.front.log().len(), offer.used()), (24, 3));
    });
}

#[test]
fn a_connection_that_breaks_is_survived_by_all_that_it_carries() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let repository = offer.repository(options());
        read(&repository).await;
        for beginning in ["GET", "PUT"] {
            offer.relay.befall(beginning, Mishap::HangUp);
            let reading = many(10, || read(&repository));
            let sending = many(10, || place(&repository, 100 << 10));
            tokio::join!(reading, sending);
        }
        assert!(offer.relay.is_over());
        assert!(offer.used() >= 3);
    });
}

#[test]
fn a_connection_that_falls_silent_is_not_asked_again() {
    run(async {
        let site = Site::plain();
        let offer = Offer::before(&site);
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let repository = offer.repository(hasty());
        read(&repository).await;
        offer.relay.befall("GET", Mishap::FallSilent);
        read(&repository).await;
        assert_eq!(site.front.log().len(), 2);
        offer.claim_connections(2);
    });
}

#[test]
fn an_answer_that_takes_long_on_a_connection_with_life_is_waited_for() {
    run(async {
        let slow = Fault::Stall(Duration::from_millis(1500));
        let site = Site::with(|front| front.fault(slow, When::nth(Kind::ManifestGet, 1)));
        let offer = Offer::before(&site);
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let usual = options();
        // Long enough for the client to make sure of the connection meanwhile.
        let timeouts = Timeouts { answer: Duration::from_secs(3), ..usual.timeouts };
        read(&offer.repository(NetworkOptions { timeouts, ..usual })).await;
        assert_eq!(site.told(), "ManifestGet 200");
        offer.claim_connections(1);
    });
}

/// A relay before a site, and the authority that vouches for it.
struct Offer {
    relay: Relay,
    authority: Authority,
}

impl Offer {
    fn before(site: &Site) -> Self {
        let authority = Authority::new();
        let relay = Relay::before(&site.front.authority(), &authority.server(&["127.0.0.1"]));
        Self { relay, authority }
    }

    /// A relay that allows few streams on a connection.
    fn with_streams(site: &Site, streams: u32) -> Self {
        let authority = Authority::new();
        let tls = authority.server(&["127.0.0.1"]);
        Self { relay: Relay::with_streams(&site.front.authority(), &tls, streams), authority }
    }

    /// The options, for TLS alone: what is tried without it would count as a connection.
    fn options(&self, usual: NetworkOptions) -> NetworkOptions {
        let authorities = vec![self.authority.pem().into_bytes()];
        NetworkOptions { tls: TlsOptions { verify: Verify::Always, authorities, client: None }, ..usual }
    }

    fn repository(&self, usual: NetworkOptions) -> Repository {
        crate::site::repository(&self.relay.authority(), "app", self.options(usual))
    }

    /// How many connections had requests; all of them came by HTTP/2.
    #[track_caller]
    fn used(&self) -> usize {
        let seen = self.relay.seen();
        assert!(seen.iter().all(|seen| seen.version == Version::HTTP_2), "{seen:?}");
        seen.iter().map(|seen| seen.connection).collect::<BTreeSet<_>>().len()
    }

    /// Claims that all came by HTTP/2 over so many connections, and that there were no others.
    #[track_caller]
    fn claim_connections(&self, count: usize) {
        assert_eq!((self.used(), self.relay.connections()), (count, count), "{:?}", self.relay.seen());
    }
}

/// Does something so often at once.
async fn many<F: Future<Output = ()>>(times: usize, mut something: impl FnMut() -> F) {
    join_all((0..times).map(|_| something())).await;
}

async fn read(repository: &Repository) {
    repository.manifest(Reference::Tag(&tag("v1")), 1 << 20).await.unwrap();
}

/// Gets the connection open, and nothing else.
async fn read_absent(repository: &Repository) {
    assert_eq!(repository.manifest_digest(Reference::Tag(&tag("v1"))).await.unwrap(), None);
}

/// Sends so many bytes.
async fn place(repository: &Repository, size: usize) {
    repository.place_blob(&blob(&bytes(size), &[]), Placing::Send).await.unwrap();
}
