//! Writing blobs in one piece: asking, mounting, sending, and what happens to sessions.

use std::sync::Arc;

use umbel::model::{Descriptor, ImageName};
use umbel::registry::{Credentials, NetworkOptions, Secret};
use umbel::transport::{Placed, Placing, RemoteProblem, TransportError};
use umbel_testkit::network::gate::BasicGate;
use umbel_testkit::network::{Fault, Kind, OtherHost, Quirk, Role, When};

use crate::site::{Site, blob, blob_said_to_be, bytes, collect, descriptor, hasty, options, remote, run};

/// More than is sent without asking.
const LARGE: usize = 32 << 10;

#[test]
fn a_small_blob_is_sent_without_asking_and_a_large_one_is_asked_for() {
    run(async {
        for (size, expected) in [
            (0, "UploadPost 202, UploadPut 201"),
            (100, "UploadPost 202, UploadPut 201"),
            (LARGE, "BlobHead 404, UploadPost 202, UploadPut 201"),
        ] {
            let (site, content) = (Site::plain(), bytes(size));
            let placed =
                site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
            assert_eq!((placed, site.told().as_str()), (Placed::Written, expected));
            let put = site.asked(Kind::UploadPut).remove(0);
            assert_eq!(put.header("content-length"), Some(size.to_string().as_str()));
            assert_eq!(put.header("content-type"), Some("application/octet-stream"));
            assert_eq!(site.asked(Kind::UploadPost)[0].header("content-length"), Some("0"));
            assert!(holds(&site, &content).await);
        }
    });
}

#[test]
fn a_blob_that_is_there_is_not_sent() {
    run(async {
        let (site, content) = (Site::plain(), bytes(LARGE));
        site.truth("app").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        let placed = site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
        assert_eq!((placed, site.told().as_str()), (Placed::Present, "BlobHead 200"));
        let home = site.name("app");
        let placed =
            site.repository("app").place_blob(&blob(&content, &[home]), Placing::Reuse).await.unwrap();
        assert_eq!((placed, site.front.log().len()), (Placed::Present, 1));
    });
}

#[test]
fn a_registry_that_says_to_have_what_it_has_not_is_not_believed() {
    run(async {
        let content = bytes(LARGE);
        let site = Site::with(|front| front.fault(Fault::HeadLies200, When::every(Kind::BlobHead)));
        let placed = site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
        assert_eq!(placed, Placed::Written);
        assert!(holds(&site, &content).await);
    });
}

#[test]
fn a_blob_of_a_neighbour_is_mounted() {
    run(async {
        for size in [100, LARGE] {
            let (site, content) = (Site::plain(), bytes(size));
            site.truth("base").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
            let known = blob(&content, &[site.name("base")]);
            let placed = site.repository("app").place_blob(&known, Placing::Reuse).await.unwrap();
            assert_eq!((placed, site.told().as_str()), (Placed::Mounted, "MountPost 201"));
            assert!(holds(&site, &content).await);
        }
    });
}

#[test]
fn a_mount_that_is_declined_begins_the_upload() {
    run(async {
        for (size, expected) in
            [(100, "MountPost 202, UploadPut 201"), (LARGE, "MountPost 202, BlobHead 404, UploadPut 201")]
        {
            let content = bytes(size);
            let site = Site::with(|front| front.quirk(Quirk::NoMount));
            let known = blob(&content, &[site.name("base")]);
            let placed = site.repository("app").place_blob(&known, Placing::Reuse).await.unwrap();
            assert_eq!((placed, site.told().as_str()), (Placed::Written, expected));
            assert!(holds(&site, &content).await);
        }
    });
}

#[test]
fn a_mount_that_is_refused_is_followed_by_an_upload() {
    run(async {
        for status in [400, 404, 405] {
            let content = bytes(100);
            let site = Site::with(|front| front.fault(Fault::Status(status), When::every(Kind::MountPost)));
            let known = blob(&content, &[site.name("base")]);
            site.repository("app").place_blob(&known, Placing::Reuse).await.unwrap();
            assert_eq!(site.told(), format!("MountPost {status}, UploadPost 202, UploadPut 201"));
        }
    });
}

#[test]
fn a_lost_session_is_begun_anew_and_three_are_enough() {
    run(async {
        let content = bytes(100);
        for (lost, expected) in [
            (1, "UploadPost 202, UploadPut 404, UploadPost 202, UploadPut 201"),
            (
                2,
                "UploadPost 202, UploadPut 404, UploadPost 202, UploadPut 404, UploadPost 202, UploadPut 201",
            ),
        ] {
            let site =
                Site::with(|front| front.fault(Fault::LostUpload, When::between(Kind::UploadPut, 1..=lost)));
            site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
            assert_eq!(site.told(), expected);
        }
        let site = Site::with(|front| front.fault(Fault::LostUpload, When::every(Kind::UploadPut)));
        let error = remote(site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await);
        assert!(error.to_string().contains("keeps losing"), "{error}");
        assert_eq!(site.asked(Kind::UploadPost).len(), 3);
    });
}

#[test]
fn an_upload_is_tried_as_often_as_anything_else_and_its_error_is_the_last_one() {
    run(async {
        let content = bytes(100);
        let site = Site::with(|front| front.fault(Fault::Status(503), When::between(Kind::UploadPut, 1..=4)));
        site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
        assert_eq!(site.asked(Kind::UploadPut).len(), 5);

        let site = Site::with(|front| front.fault(Fault::Status(503), When::every(Kind::UploadPut)));
        let error = remote(site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await);
        assert!(matches!(error.problem, RemoteProblem::Answered { status: 503, .. }), "{error}");
        assert_eq!((error.tries, site.asked(Kind::UploadPut).len()), (5, 5));
    });
}

#[test]
fn an_upload_that_breaks_off_is_sent_again_from_a_new_session() {
    run(async {
        let content = bytes(LARGE);
        for fault in [Fault::ResetMidBody, Fault::Reset, Fault::Close, Fault::Silence] {
            let site = Site::with(|front| front.fault(fault, When::nth(Kind::UploadPut, 1)));
            let repository = site.repository_with("app", hasty());
            repository.place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
            let expected = "UploadPost 202, UploadPut -, BlobHead 404, UploadPost 202, UploadPut 201";
            assert_eq!(site.told(), expected, "{fault:?}");
            assert!(holds(&site, &content).await);
        }
    });
}

#[test]
fn what_took_effect_without_a_word_is_not_sent_again() {
    run(async {
        let content = bytes(100);
        for (fault, status) in [(Fault::Applied500, "500"), (Fault::AppliedReset, "-")] {
            let site = Site::with(|front| front.fault(fault, When::nth(Kind::UploadPut, 1)));
            site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
            assert_eq!(site.told(), format!("UploadPost 202, UploadPut {status}, BlobHead 200"));
        }
    });
}

#[test]
fn another_number_than_201_is_looked_behind() {
    run(async {
        let content = bytes(100);
        let site = Site::with(|front| front.quirk(Quirk::Put200));
        site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
        assert_eq!(site.told(), "UploadPost 202, UploadPut 200, BlobHead 200");

        let portal = Site::with(|front| front.fault(Fault::Html200, When::every(Kind::UploadPut)));
        let placed = portal.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await;
        assert!(placed.is_err());
    });
}

#[test]
fn locations_of_every_kind_lead_to_the_upload() {
    run(async {
        let content = bytes(100);
        for quirk in [Quirk::LocationAbsolute, Quirk::LocationRelative, Quirk::LocationWithQuery] {
            let site = Site::with(|front| front.quirk(quirk).quirk(Quirk::NoDigestHeader));
            site.repository("app").place_blob(&blob(&content, &[]), Placing::Reuse).await.unwrap();
            assert_eq!(site.told(), "UploadPost 202, UploadPut 201", "{quirk:?}");
            assert!(holds(&site, &content).await);
        }
    });
}

#[test]
fn an_upload_that_a_registry_sends_elsewhere_goes_there_without_the_login() {
    run(async {
        let elsewhere = OtherHost::start(Role::Attacker(200));
        let site = Site::with(|front| {
            front
                .gate(Arc::new(BasicGate::new("robot", "secret")))
                .other_host(elsewhere.origin())
                .fault(Fault::BadLocation, When::every(Kind::UploadPost))
        });
        let password = Credentials::Password { user: "robot".into(), password: Secret::new("secret") };
        let login = Arc::new(move |_: &ImageName| Ok(Some(password.clone())));
        let repository = site.repository_with("app", NetworkOptions { credentials: login, ..options() });
        assert!(repository.place_blob(&blob(b"x", &[]), Placing::Reuse).await.is_err());
        assert!(!elsewhere.log().is_empty() && elsewhere.credentials().is_empty());
    });
}

#[test]
fn an_upload_without_address_is_an_error() {
    run(async {
        let site = Site::with(|front| front.fault(Fault::NoLocation, When::every(Kind::UploadPost)));
        let error = remote(site.repository("app").place_blob(&blob(b"x", &[]), Placing::Reuse).await);
        assert!(error.to_string().contains("without the address"), "{error}");
        assert_eq!(site.told(), "UploadPost 202");
    });
}

#[test]
fn what_is_damaged_at_its_source_never_completes_an_upload() {
    run(async {
        for size in [1, 100, LARGE, 9 << 20] {
            let content = bytes(size);
            let mut wrong = content.clone();
            wrong[size / 2] ^= 1;
            damaged(&descriptor(&content), &wrong).await;
            damaged(&descriptor(&content), &[&content[..], b"more"].concat()).await;
            damaged(&descriptor(&content), &content[..size - 1]).await;
        }
    });
}

/// Claims that octets which are not those of `said` do not get into a registry, in one piece or in several.
async fn damaged(said: &Descriptor, wrong: &[u8]) {
    let whole = Site::plain();
    let chunked = Site::with(|front| front.fault(Fault::Status(405), When::every(Kind::UploadPut)));
    for site in [whole, chunked] {
        let wrong = blob_said_to_be(said.clone(), wrong, &[]);
        let placed = site.repository("app").place_blob(&wrong, Placing::Send).await;
        assert!(matches!(placed, Err(TransportError::Damaged { .. })), "{placed:?}");
        assert!(!site.truth("app").has_blob(said).await.unwrap());
        assert!(site.front.log().iter().all(|logged| logged.status != Some(201)), "{}", site.told());
    }
}

/// Whether the registry has the content.
pub(crate) async fn holds(site: &Site, content: &[u8]) -> bool {
    let body = site.truth("app").blob(&descriptor(content)).await.unwrap();
    collect(body).await.unwrap() == content
}
