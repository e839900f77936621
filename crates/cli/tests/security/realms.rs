//! A password goes to a token server only where nobody else can read it.

use std::sync::Arc;

use umbel_testkit::network::gate::BearerGate;
use umbel_testkit::network::tls::{Authority, ClientFiles};
use umbel_testkit::network::tokens::{Credentials, Mishap, Tokens};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::network::{OtherHost, Role};

use crate::desk::Desk;
use crate::registry::Registry;
use crate::upstream::{PASSWORD, USER, Upstream, place, tokens};

const CREDS: &str = "--creds robot:hunter2-canary --retry 0";

/// A registry that sends everybody to `realm`.
fn sending_to(realm: String) -> Registry {
    Registry::answering(move |_| {
        Response::new(401, "")
            .with("www-authenticate", format!("Bearer realm=\"{realm}\",service=\"registry\""))
    })
}

#[test]
fn a_token_server_on_another_host_gets_the_password_over_verified_tls_and_nobody_else_does() {
    let authority = Authority::new();
    let (server, gate) = tokens("127.0.0.2:0", Some(authority.server(&["127.0.0.2"])));
    let upstream = Upstream::start();
    let front = upstream.front().gate(Arc::new(gate)).tls(authority.server(&["127.0.0.1"])).start();
    let desk = Desk::new();
    authority.write_cert_dir(desk.path("certs"), ClientFiles::Absent);
    let said = desk.run(&format!("copy {} oci:out:v1 --cert-dir certs {CREDS}", place(&front, "app:v1")));
    said.succeeded();
    assert!(front.log().iter().all(|request| request.authorization_scheme() != Some("Basic")));
    assert!(!front.log().iter().any(|request| request.mentions(PASSWORD)));
    let expected = Credentials::Basic(USER.to_owned(), PASSWORD.to_owned());
    assert!(!server.service().log().is_empty());
    for asked in server.service().log() {
        assert_eq!(asked.credentials, std::slice::from_ref(&expected));
        assert!(!asked.request.target.contains(PASSWORD));
    }
}

#[test]
fn a_certificate_for_the_registry_is_not_shown_to_its_token_server() {
    let authority = Authority::new();
    // This token server insists on a certificate, and would get one if it were the registry.
    let (server, gate) = tokens("127.0.0.2:0", Some(authority.server_requiring_clients(&["127.0.0.2"])));
    let upstream = Upstream::start();
    let front =
        upstream.front().gate(Arc::new(gate)).tls(authority.server_requiring_clients(&["127.0.0.1"])).start();
    let desk = Desk::new();
    authority.write_cert_dir(desk.path("certs"), ClientFiles::Pair);
    let said = desk.run(&format!("inspect {} --cert-dir certs {CREDS}", place(&front, "app:v1")));
    said.refused(7, "was not");
    assert!(!front.log().is_empty());
    assert!(server.service().log().is_empty());
}

#[test]
fn a_realm_that_is_not_safe_is_refused_and_nothing_is_sent_there() {
    let plain = OtherHost::start(Role::Attacker(200));
    let authority = Authority::new();
    let unknown = OtherHost::start_tls(Role::Attacker(200), authority.server(&["127.0.0.2"]));
    let stranger = plain.origin().replace("127.0.0.2", "127.0.0.3");
    for (realm, words) in [
        (format!("{}/token", plain.origin()), "plain http on a host that is not the registry's"),
        (format!("{stranger}/token"), "plain http on a host that is not the registry's"),
        (plain.origin().replace("http://", "http://robot:hunter2-canary@"), "it names a user"),
        (plain.origin().replace("http://", "//"), "it is not an address"),
        ("file:///etc/passwd".to_owned(), "it is neither http nor https"),
        ("ftp://127.0.0.1/token".to_owned(), "it is neither http nor https"),
        ("data:,token".to_owned(), "it is neither http nor https"),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "it leads to a link-local address"),
        ("https://169.254.169.254/latest/meta-data".to_owned(), "it leads to a link-local address"),
        ("https://[fe80::1]/token".to_owned(), "it leads to a link-local address"),
        ("https://[::ffff:169.254.169.254]/token".to_owned(), "it leads to a link-local address"),
        ("/token".to_owned(), "it is not an address"),
        ("https://".to_owned(), "it is not an address"),
        ("registry".to_owned(), "it is not an address"),
        (format!("{}/token", unknown.origin()), "certificate"),
    ] {
        let registry = sending_to(realm.clone());
        let desk = Desk::new();
        let auth =
            desk.authfile(&format!("\"{}\":{{\"identitytoken\":\"identity-canary\"}}", registry.host()));
        for login in [CREDS, &format!("{auth} --retry 0")] {
            for verify in ["", "--tls-verify=false"] {
                let said = desk.run(&format!("inspect {} {login} {verify}", registry.place("app:v1")));
                assert_ne!(said.code, 0, "{realm}");
                assert!(said.err.contains(words), "{realm} {verify}: {said:#?}");
                said.prompt();
                assert!(!said.all().contains("canary"), "{said:#?}");
            }
        }
        assert_eq!(registry.logins(), [""; 0]);
    }
    assert_eq!((plain.log(), unknown.log()), (vec![], vec![]));
}

#[test]
fn an_expired_or_misnamed_certificate_of_a_token_server_is_refused() {
    let authority = Authority::new();
    for tls in [authority.expired_server(&["127.0.0.2"]), authority.server(&["auth.example.com"])] {
        let other = OtherHost::start_tls(Role::Attacker(200), tls);
        let registry = sending_to(format!("{}/token", other.origin()));
        let desk = Desk::new();
        authority.write_cert_dir(desk.path("certs"), ClientFiles::Absent);
        let line = format!("inspect {} --cert-dir certs {CREDS}", registry.place("app:v1"));
        assert_eq!(desk.run(&line).code, 7);
        assert_eq!(other.log(), []);
    }
}

#[test]
fn a_token_server_that_sends_on_is_not_followed() {
    let elsewhere = Registry::on("127.0.0.2:0", None, |_| Response::new(200, r#"{"token":"t"}"#));
    for status in [301, 302, 303, 307, 308] {
        let (server, gate) = tokens("127.0.0.1:0", None);
        let target = format!("http://{}/token", elsewhere.host());
        server.service().misbehave(1, Mishap::Instead(Response::new(status, "").with("location", target)));
        let upstream = Upstream::start();
        let front = upstream.front().gate(Arc::new(gate)).start();
        let said = Desk::new().run(&format!("inspect {} {CREDS}", place(&front, "app:v1")));
        assert_ne!(said.code, 0, "{said:#?}");
    }
    assert_eq!(elsewhere.requests(), [""; 0]);
}

#[test]
fn a_challenge_is_read_whatever_stands_in_it() {
    let long = format!("Bearer realm=\"{}\"", "x".repeat(100_000));
    for challenge in [
        "",
        "Bearer",
        "Bearer realm=",
        "Bearer realm=\"",
        "Bearer realm=\"\"",
        "Bearer realm=\"http://127.0.0.1:1/\\",
        "Basic Basic Basic",
        ",,,,,",
        "Bearer =\"x\"",
        "Negotiate, NTLM, Digest realm=\"x\"",
        &long,
    ] {
        let challenge = challenge.to_owned();
        let registry =
            Registry::answering(move |_| Response::new(401, "").with("www-authenticate", &challenge));
        let said = Desk::new().run(&format!("inspect {} --retry 0", registry.place("app:v1")));
        assert!([4, 7].contains(&said.code), "{said:#?}");
        said.prompt();
    }
}

#[test]
fn a_registry_that_asks_for_one_login_after_the_other_gets_few_answers() {
    let (server, gate) = tokens("127.0.0.1:0", None);
    let never = BearerGate::new(&Tokens::default(), &server.realm());
    drop(gate);
    let upstream = Upstream::start();
    let front = upstream.front().gate(Arc::new(never)).start();
    let said = Desk::new().run(&format!("inspect {} --creds robot:hunter2-canary", place(&front, "app:v1")));
    assert_ne!(said.code, 0, "{said:#?}");
    assert!(server.service().log().len() <= 4, "{}", server.service().log().len());
    assert!(front.log().len() <= 5, "{}", front.log().len());
}

#[test]
fn a_token_that_cannot_stand_in_a_header_is_refused() {
    for token in ["a\\r\\nX-Injected: x", "a b", "\\u0000", "é", "", "\\u001b[2J"] {
        let reply = format!("{{\"token\":\"{token}\"}}");
        let registry = Registry::answering(move |request: &Request| {
            if request.path() == "/token" {
                return Response::new(200, reply.clone());
            }
            let realm = format!("Bearer realm=\"http://{}/token\"", request.header("host").unwrap());
            Response::new(401, "").with("www-authenticate", realm)
        });
        let said = Desk::new().run(&format!("inspect {} --retry 0", registry.place("app:v1")));
        said.refused(7, "makes no sense");
        assert!(registry.log().iter().all(|request| request.header("x-injected").is_none()));
        assert_eq!(registry.logins(), [""; 0]);
    }
}
