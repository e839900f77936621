//! A login stays with the origin that it is for, wherever that sends its clients.

use std::sync::Arc;

use umbel_testkit::network::gate::{BasicGate, Gate};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::network::{Fault, Front, Kind, Logged, OtherHost, Role, When};

use crate::desk::Desk;
use crate::registry::Registry;
use crate::upstream::{PASSWORD, USER, Upstream, tokens};

const CREDS: &str = "--creds robot:hunter2-canary --retry 0";

/// The two ways to be asked for a login; what keeps the token server running is returned, too.
fn gates() -> Vec<(Arc<dyn Gate>, Option<umbel_testkit::network::tokens::TokenServer>)> {
    let (server, bearer) = tokens("127.0.0.1:0", None);
    vec![(Arc::new(BasicGate::new(USER, PASSWORD)), None), (Arc::new(bearer), Some(server))]
}

/// What becomes of `command` when the registry sends every request of this kind to another host.
fn sent_elsewhere(fault: Fault, kind: Kind, command: &str) -> Vec<(i32, String, OtherHost, Front)> {
    let runs = gates().into_iter().map(|(gate, _server)| {
        let upstream = Upstream::start();
        let other = OtherHost::start(Role::Store(upstream.host()));
        let front =
            upstream.front().gate(gate).other_host(other.origin()).fault(fault, When::every(kind)).start();
        let said =
            Desk::with_images().run(&format!("{} {CREDS}", command.replace("HOST", &front.authority())));
        (said.code, said.err, other, front)
    });
    runs.collect()
}

#[test]
fn a_redirect_of_a_read_is_followed_without_the_login() {
    for kind in [Kind::ManifestGet, Kind::BlobGet] {
        for (code, err, other, front) in
            sent_elsewhere(Fault::Redirect, kind, "copy docker://HOST/app:v1 oci:out:v1")
        {
            assert_eq!(code, 0, "{err}");
            assert!(!other.log().is_empty(), "nobody was redirected");
            assert!(front.log().iter().any(Logged::has_credentials));
            assert_eq!(other.credentials(), []);
        }
    }
}

#[test]
fn a_write_is_not_sent_to_where_a_redirect_leads() {
    for kind in [Kind::UploadPost, Kind::UploadPut, Kind::ManifestPut] {
        for (code, err, other, _) in
            sent_elsewhere(Fault::RedirectWrite, kind, "copy oci:images:amd64 docker://HOST/new:v1")
        {
            assert_eq!(code, 7, "{kind:?}: {err}");
            assert!(err.contains("sent on to write at `http://127.0.0.2:"), "{kind:?}: {err}");
            assert_eq!(other.log(), [], "{kind:?}");
        }
    }
}

#[test]
fn an_upload_that_goes_on_elsewhere_does_so_without_the_login() {
    for (code, err, other, front) in
        sent_elsewhere(Fault::BadLocation, Kind::UploadPost, "copy oci:images:amd64 docker://HOST/new:v1")
    {
        assert_ne!(code, 0, "what went elsewhere is not in the registry: {err}");
        assert!(front.log().iter().any(Logged::has_credentials));
        assert_eq!(other.credentials(), []);
        assert!(!other.log().iter().any(|request| request.mentions(PASSWORD)));
    }
}

#[test]
fn a_host_that_a_redirect_leads_to_gets_no_login_by_asking_for_one() {
    for challenge in ["Basic realm=\"x\"", "Bearer realm=\"http://OTHER/token\",service=\"x\""] {
        let other = Registry::on("127.0.0.2:0", None, move |request: &Request| {
            let host = request.header("host").unwrap();
            Response::new(401, "").with("www-authenticate", challenge.replace("OTHER", host))
        });
        let target = format!("http://{}/elsewhere", other.host());
        let registry = Registry::answering(move |request: &Request| {
            if request.header("authorization").is_some() {
                return Response::new(307, "").with("location", &target);
            }
            Response::new(401, "").with("www-authenticate", "Basic realm=\"registry\"")
        });
        let said = Desk::new().run(&format!("inspect {} {CREDS}", registry.place("app:v1")));
        assert_ne!(said.code, 0, "{said:#?}");
        assert_eq!(other.requests(), ["GET /elsewhere"]);
        assert_eq!(other.logins(), [""; 0]);
    }
}

#[test]
fn another_port_is_another_origin() {
    let other = Registry::answering(|_| Response::new(404, ""));
    let target = format!("http://{}/elsewhere", other.host());
    let registry = Registry::answering(move |request: &Request| {
        if request.header("authorization").is_some() {
            return Response::new(307, "").with("location", &target);
        }
        Response::new(401, "").with("www-authenticate", "Basic realm=\"registry\"")
    });
    Desk::new().run(&format!("inspect {} {CREDS}", registry.place("app:v1")));
    assert_eq!((other.requests().len(), other.logins().len()), (1, 0));
    assert_eq!(registry.logins().len(), 1);
}

#[test]
fn redirects_that_lead_astray_are_refused_with_the_reason() {
    for (location, words) in [
        ("file:///etc/passwd", "it is neither http nor https"),
        ("gopher://127.0.0.1/", "it is neither http nor https"),
        ("http://169.254.169.254/latest/meta-data", "it leads to a link-local address"),
        ("http://[fe80::1]/", "it leads to a link-local address"),
        ("http://0xa9fea9fe/", "it leads to a link-local address"),
        ("http://user:hunter2-canary@127.0.0.1/", "it names a user"),
        ("http://[x", "it is not an address"),
        ("/v2/app/manifests/v1", "redirects were followed already"),
    ] {
        let registry = Registry::answering(move |_| Response::new(307, "").with("location", location));
        let said = Desk::new().run(&format!("inspect {} {CREDS}", registry.place("app:v1")));
        said.refused(7, words);
        said.prompt();
        assert!(registry.log().len() <= 6, "{}", registry.log().len());
        assert!(!said.all().contains(PASSWORD), "{said:#?}");
    }
}

#[test]
fn upload_locations_that_lead_astray_are_refused_with_the_reason() {
    for (location, words) in [
        ("file:///etc/passwd", "it is neither http nor https"),
        ("http://169.254.169.254/latest", "it leads to a link-local address"),
        ("http://user:hunter2-canary@127.0.0.1/", "it names a user"),
        ("http://[x", "it is not an address"),
    ] {
        let registry = Registry::answering(move |request: &Request| match request.method.as_str() {
            "POST" => Response::new(202, "").with("location", location),
            _ => crate::registry::missing(),
        });
        let line = format!("copy oci:images:amd64 {} {CREDS}", registry.place("app:v1"));
        let said = Desk::with_images().run(&line);
        said.refused(7, words);
        assert!(registry.log().iter().all(|request| request.method != "PUT"));
        assert!(!said.all().contains(PASSWORD), "{said:#?}");
    }
}
