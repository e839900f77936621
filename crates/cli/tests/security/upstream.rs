//! A registry that does everything right, to stand behind a front that does not.

use std::net::TcpListener;

use umbel_testkit::network::gate::BearerGate;
use umbel_testkit::network::tls::ServerTls;
use umbel_testkit::network::tokens::{TokenServer, TokenService, Tokens};
use umbel_testkit::network::{Front, FrontBuilder};
use umbel_testkit::{Layout, image, index};

pub(crate) const USER: &str = "robot";
pub(crate) const PASSWORD: &str = "hunter2-canary";
pub(crate) const IDENTITY: &str = "identity-canary";

/// The registry, with an index of two platforms as `app:v1` and an image as `other:v1`.
pub(crate) struct Upstream {
    _scratch: tempfile::TempDir,
    running: umbel_serve::Running,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let (amd64, arm64) = (image("linux/amd64").build(), image("linux/arm64").build());
        let both = index().entry(&amd64).entry(&arm64).build();
        Layout::create(scratch.path().join("app")).add_index(&both, Some("v1"));
        Layout::create(scratch.path().join("other")).add_image(&amd64, Some("v1"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let registry = umbel_serve::Registry::in_directory(scratch.path());
        Self { running: umbel_serve::start(listener, registry).unwrap(), _scratch: scratch }
    }

    /// Something to put before it.
    pub(crate) fn front(&self) -> FrontBuilder {
        Front::before(self.running.address().to_string())
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.running.address().to_string()
    }
}

/// A token server that knows [`USER`], and a gate that sends everybody to it.
pub(crate) fn tokens(bind: &str, tls: Option<ServerTls>) -> (TokenServer, BearerGate) {
    let tokens = Tokens::default();
    let service = TokenService::new(&tokens).account(USER, PASSWORD).refresh_token(USER, IDENTITY);
    let server = TokenServer::start(bind, tls, service);
    let gate = BearerGate::new(&tokens, &server.realm());
    (server, gate)
}

/// A location behind a front.
pub(crate) fn place(front: &Front, name: &str) -> String {
    format!("docker://{}/{name}", front.authority())
}
