//! Tags are written last and read back.

use umbel::model::Raw;
use umbel::registry::{NetworkOptions, ReadBack, Reference};
use umbel::transport::RemoteProblem;
use umbel_testkit::network::{Fault, Kind, When};

use crate::site::{Site, leaf, options, remote, run, tag};

#[test]
fn a_tag_is_written_once_and_looked_at_once() {
    run(async {
        let (site, raw) = (Site::plain(), leaf("a"));
        site.repository("app").put_tag(&tag("v1"), &raw).await.unwrap();
        assert_eq!(site.told(), "ManifestPut 201, ManifestHead 200");
        let put = site.front.log().remove(0);
        assert_eq!(put.header("content-type"), Some(raw.media_type().as_str()));
        assert_eq!(put.header("content-length"), Some(raw.size().to_string().as_str()));
    });
}

#[test]
fn a_tag_is_not_looked_at_if_nobody_wants_that() {
    run(async {
        let site = Site::plain();
        let options = NetworkOptions { read_back: ReadBack::No, ..options() };
        site.repository_with("app", options).put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        assert_eq!(site.told(), "ManifestPut 201");
    });
}

#[test]
fn a_registry_that_shows_a_tag_late_is_given_time() {
    run(async {
        let site =
            Site::with(|front| front.fault(Fault::HeadLies404, When::between(Kind::ManifestHead, 1..=3)));
        site.repository("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        assert_eq!(
            site.told(),
            "ManifestPut 201, ManifestHead 404, ManifestHead 404, ManifestHead 404, ManifestHead 200"
        );
    });
}

#[test]
fn a_tag_that_was_taken_and_not_kept_is_written_once_more() {
    run(async {
        let site = Site::with(|front| front.fault(Fault::DropWrite, When::nth(Kind::ManifestPut, 1)));
        let raw = leaf("a");
        site.repository("app").put_tag(&tag("v1"), &raw).await.unwrap();
        assert_eq!(site.asked(Kind::ManifestPut).len(), 2);
        let found = site.truth("app").manifest_digest(Reference::Tag(&tag("v1"))).await.unwrap();
        assert_eq!(found.as_ref(), Some(raw.digest()));
    });
}

#[test]
fn a_tag_that_is_never_kept_is_an_error() {
    run(async {
        let (old, new) = (leaf("old"), leaf("new"));
        // Where something else is, somebody may have put it there since: that is not written over.
        for (before, puts) in [(None, 2), (Some(&old), 1)] {
            let site = Site::with(|front| front.fault(Fault::DropWrite, When::every(Kind::ManifestPut)));
            if let Some(before) = before {
                site.truth("app").put_tag(&tag("v1"), before).await.unwrap();
            }
            let error = remote(site.repository("app").put_tag(&tag("v1"), &new).await);
            let RemoteProblem::NotKept { written, found } = &error.problem else { panic!("{error}") };
            assert_eq!((written, found.as_ref()), (new.digest(), before.map(Raw::digest)));
            assert_eq!(site.asked(Kind::ManifestPut).len(), puts);
        }
    });
}

#[test]
fn who_may_write_and_not_read_writes() {
    run(async {
        let site = Site::with(|front| front.fault(Fault::Deny403, When::every(Kind::ManifestHead)));
        site.repository("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        assert_eq!(site.told(), "ManifestPut 201, ManifestHead 403");
    });
}

#[test]
fn a_page_in_place_of_an_answer_is_no_success() {
    run(async {
        let site = Site::with(|front| front.fault(Fault::Html200, When::every(Kind::ManifestPut)));
        remote(site.repository("app").put_tag(&tag("v1"), &leaf("a")).await);
        assert!(site.truth("app").manifest_digest(Reference::Tag(&tag("v1"))).await.unwrap().is_none());
    });
}

#[test]
fn a_digest_that_the_registry_got_wrong_is_looked_behind() {
    run(async {
        let site = Site::with(|front| front.fault(Fault::WrongPutDigest, When::every(Kind::ManifestPut)));
        site.repository("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        assert_eq!(site.asked(Kind::ManifestPut).len(), 1);
    });
}
