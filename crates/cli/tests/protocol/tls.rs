//! TLS: whom the client trusts, and what it does where there is none.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use umbel::registry::{
    ClientPair, Credentials, NetworkEvent, NetworkOptions, Reference, Repository, Retries, Secret, Timeouts,
    TlsOptions, Verify,
};
use umbel::transport::{RemoteProblem, TransportError};
use umbel_testkit::network::gate::BearerGate;
use umbel_testkit::network::tls::{Authority, ServerTls};
use umbel_testkit::network::tokens::{TokenServer, TokenService, Tokens};

use crate::site::{Site, leaf, observed, options, remote, repository, run, tag};

const NAMES: &[&str] = &["127.0.0.1", "localhost"];

#[test]
fn a_private_authority_is_trusted_if_it_is_named() {
    run(async {
        let authority = Authority::new();
        let site = site(authority.server(NAMES)).await;
        for verify in [Verify::ExceptLoopback, Verify::Always] {
            read(&site.repository_with("app", trusting(&authority, verify))).await.unwrap();
        }
        assert_eq!(site.told(), "ManifestGet 200, ManifestGet 200");
    });
}

#[test]
fn on_the_loopback_tls_is_found_out_once() {
    run(async {
        let authority = Authority::new();
        let site = site(authority.server(NAMES)).await;
        let repository = site.repository_with("app", trusting(&authority, Verify::ExceptLoopback));
        for _ in 0..3 {
            read(&repository).await.unwrap();
        }
        // One by plain http that comes to nothing, and one that is kept.
        assert_eq!((site.front.log().len(), site.front.connections()), (3, 2));
    });
}

#[test]
fn a_server_that_does_not_prove_who_it_is_is_refused_at_once() {
    run(async {
        let (authority, stranger) = (Authority::new(), Authority::new());
        for (server, why) in [
            (authority.server(&["elsewhere.test"]), "wrong name"),
            (authority.expired_server(NAMES), "expired"),
            (stranger.server(NAMES), "unknown authority"),
        ] {
            let site = site(server).await;
            let began = Instant::now();
            let error =
                remote(read(&site.repository_with("app", trusting(&authority, Verify::Always))).await);
            assert!(matches!(error.problem, RemoteProblem::Untrusted(_)), "{why}: {error:?}");
            assert_eq!((site.front.connections(), error.tries), (1, 1), "{why}");
            assert!(began.elapsed() < Duration::from_secs(5) && site.front.log().is_empty(), "{why}");
        }
    });
}

#[test]
fn a_client_shows_its_certificate_to_the_registry_that_wants_one() {
    run(async {
        let authority = Authority::new();
        let site = site(authority.server_requiring_clients(NAMES)).await;
        let without = trusting(&authority, Verify::Always);
        assert!(read(&site.repository_with("app", without)).await.is_err());
        assert!(site.front.log().is_empty());
        let (certificate, key) = authority.client_pair();
        let client = ClientPair { certificate: certificate.into_bytes(), key: key.into_bytes() };
        let tls = TlsOptions { client: Some(client), ..trusting(&authority, Verify::Always).tls };
        read(&site.repository_with("app", NetworkOptions { tls, ..options() })).await.unwrap();
        assert_eq!(site.told(), "ManifestGet 200");
    });
}

#[test]
fn who_verifies_nothing_is_told_so_once() {
    run(async {
        let never = TlsOptions { verify: Verify::Never, ..TlsOptions::default() };
        let line = |event: NetworkEvent<'_>| match event {
            NetworkEvent::Unverified { plain, .. } => {
                Some(if plain { "plain" } else { "unverified" }.to_owned())
            }
            _ => None,
        };
        for (tls, expected) in
            [(None, "plain"), (Some(Authority::new().server(&["elsewhere.test"])), "unverified")]
        {
            let site = match tls {
                None => Site::plain(),
                Some(tls) => site(tls).await,
            };
            site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
            let (options, lines) = observed(line);
            let repository = site.repository_with("app", NetworkOptions { tls: never.clone(), ..options });
            for _ in 0..3 {
                read(&repository).await.unwrap();
            }
            assert_eq!(*lines.lock().unwrap(), [expected]);
        }
    });
}

#[test]
fn plain_http_is_not_spoken_to_whom_tls_is_insisted_on() {
    run(async {
        let site = Site::plain();
        let tls = TlsOptions { verify: Verify::Always, ..TlsOptions::default() };
        let usual = options();
        let timeouts = Timeouts { connect: Duration::from_millis(500), ..usual.timeouts };
        let retries = Retries { attempts: 2, ..usual.retries };
        let began = Instant::now();
        assert!(
            read(&site.repository_with("app", NetworkOptions { tls, timeouts, retries, ..usual }))
                .await
                .is_err()
        );
        assert!(site.front.log().is_empty() && began.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn a_handshake_that_does_not_come_to_an_end_is_given_up_like_a_connection() {
    run(async {
        // It accepts, and that is all it does.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tls = TlsOptions { verify: Verify::Always, ..TlsOptions::default() };
        let usual = options();
        let timeouts = Timeouts { connect: Duration::from_millis(300), ..usual.timeouts };
        let retries = Retries { attempts: 2, ..usual.retries };
        let options = NetworkOptions { tls, timeouts, retries, ..usual };
        let began = Instant::now();
        let error =
            remote(read(&repository(&listener.local_addr().unwrap().to_string(), "app", options)).await);
        assert!(began.elapsed() < Duration::from_secs(5), "{error} {:?}", began.elapsed());
        assert_eq!(error.tries, 2);
    });
}

#[test]
fn a_token_server_with_tls_serves_a_registry_without() {
    run(async {
        let (authority, tokens) = (Authority::new(), Tokens::default());
        let service = TokenService::new(&tokens).account("robot", "secret");
        let server = TokenServer::start("127.0.0.2:0", Some(authority.server(&["127.0.0.2"])), service);
        let site = Site::with(|front| front.gate(Arc::new(BearerGate::new(&tokens, &server.realm()))));
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let credentials = Credentials::Password { user: "robot".into(), password: Secret::new("secret") };
        let options = NetworkOptions {
            credentials: Arc::new(move |_| Ok(Some(credentials.clone()))),
            ..trusting(&authority, Verify::ExceptLoopback)
        };
        read(&site.repository_with("app", options)).await.unwrap();
        assert_eq!(server.service().log().len(), 1);

        // The same server, and nobody who vouches for it: the password stays here.
        let options = NetworkOptions { credentials: Arc::new(|_| Ok(None)), ..crate::site::options() };
        assert!(read(&site.repository_with("app", options)).await.is_err());
        assert_eq!(server.service().log().len(), 1);
    });
}

/// A registry with TLS and something to read.
async fn site(tls: ServerTls) -> Site {
    let site = Site::with(|front| front.tls(tls));
    site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
    site
}

fn trusting(authority: &Authority, verify: Verify) -> NetworkOptions {
    let tls = TlsOptions { verify, authorities: vec![authority.pem().into_bytes()], client: None };
    NetworkOptions { tls, ..options() }
}

async fn read(repository: &Repository) -> Result<(), TransportError> {
    repository.manifest(Reference::Tag(&tag("v1")), 1 << 20).await.map(drop)
}
