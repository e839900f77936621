//! What a server was asked and what it answered.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::fault::Fault;
use super::kind::Kind;
use super::script::Position;
use super::server::{Exchange, locked};
use super::wire::Request;

/// One request as it came in, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Counts requests from 1, in the order in which their heads were read.
    pub number: usize,
    /// Counts connections from 1.
    pub connection: usize,
    /// How many other requests were waiting for their answers.
    pub in_flight_at_start: usize,
    /// The operation.
    pub kind: Kind,
    /// In capitals.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// All of them with their values, secrets included; names in lower case.
    pub headers: Vec<(String, String)>,
    /// How many bytes of body were read.
    pub body_length: usize,
    /// What was answered; `None` if nothing was, or not yet.
    pub status: Option<u16>,
    /// The fault that really befell this request.
    pub fault: Option<Fault>,
    /// When it came, counted from the start of the server.
    pub began: Duration,
    /// When its answer was ready to be sent, or was given up.
    pub ended: Option<Duration>,
}

impl Logged {
    /// The first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `Basic`, `Bearer`, or whatever else the request came with.
    pub fn authorization_scheme(&self) -> Option<&str> {
        self.header("authorization")?.split(' ').next()
    }

    /// Whether the request carried `Authorization`, `Proxy-Authorization` or `Cookie`.
    pub fn has_credentials(&self) -> bool {
        ["authorization", "proxy-authorization", "cookie"].iter().any(|name| self.header(name).is_some())
    }

    /// Whether `canary` is in the target or in any header.
    pub fn mentions(&self, canary: &str) -> bool {
        self.target.contains(canary) || self.headers.iter().any(|(_, value)| value.contains(canary))
    }
}

/// The log of one server.
#[derive(Debug)]
pub(crate) struct Log {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Logged>,
    in_flight: usize,
    max_in_flight: usize,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), state: Mutex::default() }
    }

    /// Notes the head of a request, which is in flight until the entry is dropped.
    pub(crate) fn begin(&self, exchange: &Exchange) -> Entry<'_> {
        let head = exchange.head();
        let mut state = locked(&self.state);
        let (index, kind) = (state.entries.len(), Kind::of(head));
        let same_kind = state.entries.iter().filter(|earlier| earlier.kind == kind).count();
        let position = Position { of_all: index + 1, of_kind: same_kind + 1 };
        let logged = Logged {
            number: position.of_all,
            connection: exchange.connection(),
            in_flight_at_start: state.in_flight,
            kind,
            method: head.method.clone(),
            target: head.target.clone(),
            headers: head.headers.clone(),
            body_length: 0,
            status: None,
            fault: None,
            began: self.started.elapsed(),
            ended: None,
        };
        state.entries.push(logged);
        state.in_flight += 1;
        state.max_in_flight = state.max_in_flight.max(state.in_flight);
        Entry { log: self, index, position }
    }

    pub(crate) fn entries(&self) -> Vec<Logged> {
        locked(&self.state).entries.clone()
    }

    pub(crate) fn max_in_flight(&self) -> usize {
        locked(&self.state).max_in_flight
    }
}

/// A request that is being answered.
///
/// Everything is noted *before* the answer goes out, so that a test which has the answer finds it in the
/// log, and requests sent one after another never count as parallel.
pub(crate) struct Entry<'log> {
    log: &'log Log,
    index: usize,
    position: Position,
}

impl Entry<'_> {
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn received(&self, request: &Request) {
        self.note(|logged| logged.body_length = request.body.len());
    }

    pub(crate) fn befallen(&self, fault: Fault) {
        self.note(|logged| logged.fault = Some(fault));
    }

    /// Ends the request with this answer.
    pub(crate) fn answered(self, status: u16) {
        self.note(|logged| logged.status = Some(status));
    }

    fn note(&self, change: impl FnOnce(&mut Logged)) {
        if let Some(logged) = locked(&self.log.state).entries.get_mut(self.index) {
            change(logged);
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let ended = self.log.started.elapsed();
        self.note(|logged| logged.ended = Some(ended));
        locked(&self.log.state).in_flight -= 1;
    }
}
