//! A host that is not the registry, to which a registry may send its clients.
//!
//! It listens on `127.0.0.2`, so that neither the name nor the port is the registry's, and notes all that it
//! hears: what a client tells it is the measure of how well the client keeps its secrets.

use std::sync::Arc;

use super::client::fetch;
use super::kind::Kind;
use super::log::{Log, Logged};
use super::play::{acknowledged, refusal};
use super::server::{Running, listen, serve};
use super::tls::ServerTls;
use super::wire::{Request, Response};

/// The second host, until it is dropped.
#[derive(Debug)]
pub struct OtherHost {
    running: Running,
    log: Arc<Log>,
    scheme: &'static str,
}

/// What the host does with its visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Serves reads from the registry at this address (`127.0.0.1:5000`), as object stores behind
    /// registries do. Writes are acknowledged and forgotten.
    Store(String),
    /// Answers everything with this status, and waits for somebody's password.
    Attacker(u16),
}

impl OtherHost {
    /// Starts a host that speaks plain HTTP.
    ///
    /// # Panics
    ///
    /// If nothing can listen on `127.0.0.2`.
    #[track_caller]
    pub fn start(role: Role) -> Self {
        Self::with(role, None)
    }

    /// Starts a host that speaks TLS.
    ///
    /// # Panics
    ///
    /// If nothing can listen on `127.0.0.2`.
    #[track_caller]
    pub fn start_tls(role: Role, tls: ServerTls) -> Self {
        Self::with(role, Some(tls))
    }

    /// `http://127.0.0.2:PORT`, or with `https`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.running.address())
    }

    /// All requests so far.
    pub fn log(&self) -> Vec<Logged> {
        self.log.entries()
    }

    /// The requests that came with credentials; there should be none.
    pub fn credentials(&self) -> Vec<Logged> {
        self.log().into_iter().filter(Logged::has_credentials).collect()
    }

    #[track_caller]
    fn with(role: Role, tls: Option<ServerTls>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let log = Arc::new(Log::new());
        let noted = Arc::clone(&log);
        let running = serve(listen("127.0.0.2:0"), tls, move |exchange| {
            let entry = noted.begin(exchange);
            let request = exchange.receive()?;
            entry.received(&request);
            let response = role.answer(&request);
            entry.answered(response.status);
            exchange.answer(&response)
        });
        Self { running, log, scheme }
    }
}

impl Role {
    fn answer(&self, request: &Request) -> Response {
        let kind = Kind::of(request);
        match self {
            Self::Attacker(status) => Response::new(*status, ""),
            Self::Store(_) if kind.writes() => acknowledged(kind, request),
            Self::Store(registry) => {
                // The store has its own name and keys, and does not care for those of the registry.
                let asked = request.clone().without("host").without("authorization");
                fetch(registry, &asked).unwrap_or_else(|error| refusal(502, "UNKNOWN", &error.to_string()))
            }
        }
    }
}
