//! The proxy in front of a registry.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

use super::client::fetch;
use super::fault::Fault;
use super::framing::{Coding, Spelling};
use super::gate::Gate;
use super::kind::Kind;
use super::log::{Entry, Log, Logged};
use super::play::{Delivery, Play, Scene, Silence, lost_upload, path_of, play, refusal};
use super::profile::Profile;
use super::quirk::{Habits, Quirk, without_mount};
use super::script::{Script, When};
use super::server::{Exchange, Running, listen, locked, serve};
use super::tls::ServerTls;
use super::wire::{Request, Response};

/// A registry as its clients see it, with all its faults; until it is dropped.
#[derive(Debug)]
pub struct Front {
    running: Running,
    log: Arc<Log>,
    scheme: &'static str,
}

impl Front {
    /// Puts a proxy before the registry at this address (`127.0.0.1:5000`), which speaks plain HTTP.
    pub fn before(registry: impl Into<String>) -> FrontBuilder {
        FrontBuilder {
            bind: "127.0.0.1:0".to_owned(),
            tls: None,
            stage: Stage {
                registry: registry.into(),
                script: Script::default(),
                habits: Habits::default(),
                gate: None,
                other: None,
                scheme: "http",
                lost_uploads: Mutex::default(),
                dead_tokens: Mutex::default(),
            },
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn authority(&self) -> String {
        self.running.address().to_string()
    }

    /// `http://127.0.0.1:PORT`, or with `https`.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority())
    }

    /// All requests so far.
    pub fn log(&self) -> Vec<Logged> {
        self.log.entries()
    }

    /// How many requests a fault really befell.
    pub fn fired(&self) -> usize {
        self.log().iter().filter(|logged| logged.fault.is_some()).count()
    }

    /// The most requests that waited for their answers at the same time.
    pub fn max_in_flight(&self) -> usize {
        self.log.max_in_flight()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.running.connections()
    }
}

/// Builds a [`Front`].
#[must_use = "a builder starts nothing before `start`"]
pub struct FrontBuilder {
    bind: String,
    tls: Option<ServerTls>,
    stage: Stage,
}

impl FrontBuilder {
    /// Adds a fault; of several that are meant for one request the first one befalls it.
    pub fn fault(mut self, fault: Fault, when: When) -> Self {
        self.stage.script.add(fault, when);
        self
    }

    /// Adds a habit.
    pub fn quirk(mut self, quirk: Quirk) -> Self {
        self.stage.habits.add(quirk);
        self
    }

    /// Adds the habits of a product.
    pub fn profile(self, profile: &Profile) -> Self {
        profile.habits.iter().fold(self, |front, (quirk, _)| front.quirk(*quirk))
    }

    /// Lets only those in who may; their credentials do not reach the registry behind.
    pub fn gate(mut self, gate: Arc<dyn Gate>) -> Self {
        self.stage.gate = Some(gate);
        self
    }

    /// Speaks TLS to its clients.
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The origin to which [`Fault::Redirect`] and the like send a client; see
    /// [`OtherHost`](super::OtherHost).
    pub fn other_host(mut self, origin: impl Into<String>) -> Self {
        self.stage.other = Some(origin.into());
        self
    }

    /// Listens here, and not on a free port of `127.0.0.1`.
    pub fn listen_on(mut self, bind: impl Into<String>) -> Self {
        self.bind = bind.into();
        self
    }

    /// Starts the proxy.
    ///
    /// # Panics
    ///
    /// If nothing can listen there, or a fault needs another host and there is none.
    #[track_caller]
    pub fn start(mut self) -> Front {
        if let Some(fault) = self.stage.script.faults().find(|fault| fault.needs_other_host()) {
            assert!(self.stage.other.is_some(), "{fault:?} needs `other_host`");
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.stage.scheme = scheme;
        let log = Arc::new(Log::new());
        let noted = Arc::clone(&log);
        let stage = self.stage;
        let running = serve(listen(&self.bind), self.tls, move |exchange| {
            stage.handle(exchange, noted.begin(exchange))
        });
        Front { running, log, scheme }
    }
}

/// All that decides how a request is answered.
struct Stage {
    registry: String,
    script: Script,
    habits: Habits,
    gate: Option<Arc<dyn Gate>>,
    other: Option<String>,
    scheme: &'static str,
    /// The paths of uploads that [`Fault::LostUpload`] befell.
    lost_uploads: Mutex<BTreeSet<String>>,
    /// The values of `Authorization` that [`Fault::Expired401`] befell. Passwords live on: who has only one
    /// could never get over it.
    dead_tokens: Mutex<BTreeSet<String>>,
}

impl Stage {
    fn handle(&self, exchange: &mut Exchange, entry: Entry<'_>) -> io::Result<()> {
        if self.habits.has(Quirk::LowerCaseHeaders) {
            exchange.spell(Spelling::Lower);
        }
        let fault = self.script.fault(exchange.head(), entry.position());
        if fault == Some(Fault::ResetMidBody) {
            entry.befallen(Fault::ResetMidBody);
            exchange.receive_part()?;
            return exchange.reset();
        }
        let request = exchange.receive()?;
        entry.received(&request);
        match fault {
            Some(fault) => self.misbehave(fault, &request, exchange, entry),
            None => self.behave(&request, exchange, entry),
        }
    }

    fn behave(&self, request: &Request, exchange: &mut Exchange, entry: Entry<'_>) -> io::Result<()> {
        self.deliver(&self.answer(request), Delivery::Whole, exchange, entry)
    }

    fn misbehave(
        &self,
        fault: Fault,
        request: &Request,
        exchange: &mut Exchange,
        entry: Entry<'_>,
    ) -> io::Result<()> {
        let other = self.other.as_deref().unwrap_or_default();
        let challenge = || self.challenge(request);
        let scene = Scene { kind: Kind::of(request), request, other, challenge: &challenge };
        match play(fault, &scene) {
            Play::Unanswered(silence) => {
                entry.befallen(fault);
                // The request stays in flight for as long as its client waits.
                fall_silent(silence, exchange)
            }
            Play::Instead(response) => {
                entry.befallen(fault);
                self.remember(fault, request);
                self.deliver(&response, Delivery::Whole, exchange, entry)
            }
            Play::Late(time) => {
                entry.befallen(fault);
                thread::sleep(time);
                self.behave(request, exchange, entry)
            }
            Play::AsUpload => {
                entry.befallen(fault);
                self.behave(&without_mount(request.clone()), exchange, entry)
            }
            Play::Changed(change) => {
                let right = self.answer(request);
                let wrong = change(&scene, &right).inspect(|_| entry.befallen(fault));
                self.deliver(&wrong.unwrap_or(right), Delivery::Whole, exchange, entry)
            }
            Play::Delivered(spoiled) => {
                let right = self.answer(request);
                let delivery = Some(spoiled).filter(|spoiled| spoiled.can_spoil(&right));
                delivery.inspect(|_| entry.befallen(fault));
                self.deliver(&right, delivery.unwrap_or(Delivery::Whole), exchange, entry)
            }
        }
    }

    /// Notes what is never to be good again.
    fn remember(&self, fault: Fault, request: &Request) {
        if fault == Fault::LostUpload {
            locked(&self.lost_uploads).insert(request.path().to_owned());
        }
        let token = request.header("authorization").filter(|value| value.starts_with("Bearer "));
        if let Some(token) = token.filter(|_| fault == Fault::Expired401) {
            locked(&self.dead_tokens).insert(token.to_owned());
        }
    }

    /// The answer that is right for this registry, with its habits.
    fn answer(&self, request: &Request) -> Response {
        let kind = Kind::of(request);
        let request = match self.admit(request) {
            Ok(request) => request,
            Err(refused) => return refused,
        };
        if kind.continues_upload() && locked(&self.lost_uploads).contains(request.path()) {
            return lost_upload();
        }
        if let Some(refused) = self.habits.refusal(kind, &request) {
            return refused;
        }
        let origin = format!("{}://{}", self.scheme, request.header("host").unwrap_or_default());
        let response = self.forward(self.habits.request(kind, request.clone()), &origin);
        self.habits.response(kind, &request, response, &origin)
    }

    /// The request, without the credentials that got it in.
    fn admit(&self, request: &Request) -> Result<Request, Response> {
        if request.header("authorization").is_some_and(|token| locked(&self.dead_tokens).contains(token)) {
            return Err(self.challenge(request));
        }
        let Some(gate) = &self.gate else { return Ok(request.clone()) };
        gate.admit(request)?;
        Ok(request.clone().without("authorization"))
    }

    /// What somebody without credentials hears.
    fn challenge(&self, request: &Request) -> Response {
        let stranger = request.clone().without("authorization");
        let refused = self.gate.as_ref().and_then(|gate| gate.admit(&stranger).err());
        refused.unwrap_or_else(|| {
            refusal(401, "UNAUTHORIZED", "authentication required")
                .with("www-authenticate", "Basic realm=\"registry\"")
        })
    }

    /// Asks the registry behind; whatever it says of itself is said of the proxy.
    fn forward(&self, request: Request, origin: &str) -> Response {
        let request = request.with("x-forwarded-proto", self.scheme);
        let response = fetch(&self.registry, &request).unwrap_or_else(|error| {
            refusal(502, "UNKNOWN", &format!("no answer from the registry behind the proxy: {error}"))
        });
        let response = response.without("connection").without("keep-alive");
        let location = response.header("location").unwrap_or_default();
        let authority = location.split_once("://").and_then(|(_, rest)| rest.split('/').next());
        let own = [Some(self.registry.as_str()), request.header("host")];
        if authority.is_some() && own.contains(&authority) {
            let home = format!("{origin}{}", path_of(location));
            return response.setting("location", home);
        }
        response
    }

    fn deliver(
        &self,
        response: &Response,
        delivery: Delivery,
        exchange: &mut Exchange,
        entry: Entry<'_>,
    ) -> io::Result<()> {
        if self.habits.has(Quirk::CloseAfterAnswer) {
            exchange.close();
        }
        if delivery != Delivery::Reset {
            entry.answered(response.status);
        }
        let chunked = self.habits.has(Quirk::ChunkedAnswers) && exchange.head().method == "GET";
        match delivery {
            Delivery::Whole if chunked => exchange.answer_coded(response, Coding::Chunked),
            Delivery::Whole => exchange.answer(response),
            Delivery::Chunked => exchange.answer_coded(response, Coding::Chunked),
            Delivery::Half => exchange.answer_half(response),
            Delivery::Slow(pause) => exchange.answer_slowly(response, PARTS, pause),
            Delivery::Reset => exchange.reset(),
        }
    }
}

/// Into how many parts a slow answer is cut.
const PARTS: usize = 20;

fn fall_silent(silence: Silence, exchange: &mut Exchange) -> io::Result<()> {
    match silence {
        Silence::Reset => exchange.reset(),
        Silence::Close => {
            exchange.close();
            Ok(())
        }
        Silence::Wait => exchange.wait_for_the_end(),
    }
}
