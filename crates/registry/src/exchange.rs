//! Sending one request and getting its answer: the way to the host, logins, redirects, and the clock.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, WARNING,
};
use http::{HeaderValue, Method, StatusCode};
use tokio::time::Instant;
use umbel_content::{RemoteError, RemoteProblem, TransportError, VerifiedBody};
use url::Url;

use crate::address::SafeUrl;
use crate::auth::{Authorization, Broker, Scope};
use crate::call::{Answer, Call, Payload, Target};
use crate::host::Way;
use crate::network::lock;
use crate::origin::Origin;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::retry::Trouble;
use crate::tls::Trust;
use crate::tries::Failure;
use crate::{NetworkEvent, redirect, retry_after, warning};

/// How much is read of an answer that says what is wrong, in bytes.
const PROBLEM_LIMIT: usize = 64 << 10;

/// How often one request may be asked for a login: once for the kind of login, once for a token that
/// died; and once more for one that can do more.
const CHALLENGES: usize = 2;

/// Where one attempt at a request goes, and what it may show there.
pub(crate) struct Trip<'t> {
    pub(crate) url: Url,
    pub(crate) trust: Trust,
    pub(crate) authorization: Option<&'t Authorization>,
    pub(crate) patience: Duration,
}

impl Repository {
    /// Makes a request once, answering challenges on the way. What is returned is an answer that
    /// trying again would not change; everything else is a failure.
    pub(crate) async fn once(&self, call: &Call<'_>, patience: Duration) -> Result<Answer, Failure> {
        self.needs_runtime(call)?;
        let broker = &self.host().broker;
        let mut scope = call.scope.clone();
        let mut authorization = broker.authorization(self, &scope).await?;
        let mut challenges = 0;
        loop {
            let shown = authorization.as_ref();
            let answer = self.any_way(call, shown, patience).await?;
            if answer.status != StatusCode::UNAUTHORIZED || Origin::of(&answer.url) != self.origin().ok() {
                return self.settled(answer, shown, patience).await;
            }
            challenges += 1;
            let next = broker.challenged(&answer.headers, shown, &scope, &call.widest);
            // The same token again would be refused again.
            let limit = |next: &Scope| CHALLENGES + usize::from(*next != scope);
            let Some(next) = next.filter(|next| challenges <= limit(next)) else {
                return Err(self.denied(answer, shown, patience).await);
            };
            scope = next;
            authorization = broker.authorization(self, &scope).await?;
            // Asked for a login and still without any, the answer will not change.
            if authorization.is_none() {
                return Err(self.denied(answer, None, patience).await);
            }
        }
    }

    fn needs_runtime(&self, call: &Call<'_>) -> Result<(), Failure> {
        tokio::runtime::Handle::try_current().map(drop).map_err(|error| {
            let (request, problem) = (self.describe(call), RemoteProblem::Unreachable(Box::new(error)));
            Failure::lasting(RemoteError { request, problem, tries: 1 })
        })
    }

    /// Sorts out answers that may be different another time, and those that say no.
    async fn settled(
        &self,
        answer: Answer,
        shown: Option<&Authorization>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        match self.transient(&answer) {
            Some(failure) => Err(Failure { error: self.refused(answer, patience).await, ..failure }),
            None if answer.status == StatusCode::FORBIDDEN => Err(self.denied(answer, shown, patience).await),
            None => Ok(answer),
        }
    }

    /// The failure that an answer is if it may be different another time.
    pub(crate) fn transient(&self, answer: &Answer) -> Option<Failure> {
        let status = answer.status.as_u16();
        if !Trouble::Status(status, None).is_transient() {
            return None;
        }
        let asked = answer.header(http::header::RETRY_AFTER);
        let asked = asked.and_then(|asked| retry_after::parse(asked, time::OffsetDateTime::now_utc()));
        let problem = Problem::default().into_answer(status);
        let error = RemoteError { request: answer.request.clone(), problem, tries: 1 }.into();
        Some(Failure { error, trouble: Some(Trouble::Status(status, asked)) })
    }

    /// The error of an answer that is not what was hoped for.
    pub(crate) async fn refused(&self, answer: Answer, patience: Duration) -> TransportError {
        let (request, status) = (answer.request.clone(), answer.status.as_u16());
        if answer.status.is_success() || answer.status.is_redirection() {
            let problem = RemoteProblem::Nonsense(format!("with status {status}"));
            return RemoteError { request, problem, tries: 1 }.into();
        }
        let told = Problem::parse(&self.beginning(answer, patience).await);
        RemoteError { request, problem: told.into_answer(status), tries: 1 }.into()
    }

    async fn denied(&self, answer: Answer, shown: Option<&Authorization>, patience: Duration) -> Failure {
        let (request, status) = (answer.request.clone(), answer.status.as_u16());
        let message = Problem::parse(&self.beginning(answer, patience).await).message;
        // A token may be one for anybody.
        let with_credentials = shown.is_some() && Broker::has_login(self);
        let registry = self.host().name.clone();
        let problem = RemoteProblem::Denied { registry, status, message, with_credentials };
        Failure::lasting(RemoteError { request, problem, tries: 1 })
    }

    /// As much of a body as an error message needs; what cannot be read does not matter.
    async fn beginning(&self, mut answer: Answer, patience: Duration) -> Vec<u8> {
        let mut read = Vec::new();
        while read.len() < PROBLEM_LIMIT
            && let Ok(Ok(Some(chunk))) = tokio::time::timeout(patience, answer.response.chunk()).await
        {
            read.extend_from_slice(&chunk);
        }
        read.truncate(PROBLEM_LIMIT);
        read
    }

    /// Sends a request the way that is known to work, or finds one out.
    async fn any_way(
        &self,
        call: &Call<'_>,
        authorization: Option<&Authorization>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        self.host().wait().await;
        let ways = self.host().ways();
        let mut first = None;
        for (at, way) in ways.iter().enumerate() {
            match self.one_way(call, *way, authorization, patience).await {
                // What is wrong with the right way is what matters, if anything is.
                Ok(answer) if *way == Way::Plain && at + 1 < ways.len() && wants_tls(&answer) => {}
                Ok(answer) => {
                    self.host().settle(*way);
                    self.tell_unverified(*way);
                    return Ok(answer);
                }
                Err(failure) => {
                    let other_way = suggests_another_way(*way, &failure);
                    first.get_or_insert(failure);
                    if !other_way {
                        break;
                    }
                }
            }
        }
        Err(first.expect("a host has a way"))
    }

    fn tell_unverified(&self, way: Way) {
        let options = self.network().options();
        if way == Way::Verified || options.tls.verify != crate::Verify::Never {
            return;
        }
        let (host, plain) = (self.host().name.as_str(), way == Way::Plain);
        let key = format!("unverified {host}");
        self.network().tell_once(key, NetworkEvent::Unverified { host, plain });
    }

    /// Sends a request one way, following redirects of what only reads.
    async fn one_way(
        &self,
        call: &Call<'_>,
        way: Way,
        authorization: Option<&Authorization>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        let lasting = |problem: String| {
            let problem = RemoteProblem::Nonsense(problem);
            Failure::lasting(RemoteError { request: self.describe(call), problem, tries: 1 })
        };
        let home = self.host().url(way, "/").ok().and_then(|url| Origin::of(&url));
        let mut url = match &call.target {
            Target::Path(path) => self.host().url(way, path).map_err(|error| lasting(error.to_string()))?,
            Target::Url(url) => url.clone(),
        };
        let mut hops = 0;
        loop {
            let at_home = Origin::of(&url) == home;
            let trust = match url.scheme() {
                _ if at_home => way.trust(),
                "https" => Trust::Elsewhere,
                _ if way == Way::Plain => Trust::Plain,
                _ => return Err(lasting(format!("sent on to plain http at `{}`", SafeUrl(&url)))),
            };
            let trip =
                Trip { url: url.clone(), trust, authorization: authorization.filter(|_| at_home), patience };
            let answer = self.trip(call, trip).await?;
            let same_method = matches!(answer.status.as_u16(), 307 | 308);
            let reads = call.method == Method::GET || call.method == Method::HEAD;
            if !(same_method || (reads && matches!(answer.status.as_u16(), 301..=303))) {
                return Ok(answer);
            }
            let Some(location) = answer.header(LOCATION) else { return Ok(answer) };
            url = redirect::follow(&url, location, hops).map_err(|refusal| lasting(refusal.to_string()))?;
            if !reads && Origin::of(&url) != home {
                return Err(lasting(format!("sent on to write at `{}`", SafeUrl(&url))));
            }
            hops += 1;
        }
    }

    /// One request, one answer.
    pub(crate) async fn trip(&self, call: &Call<'_>, trip: Trip<'_>) -> Result<Answer, Failure> {
        let request = format!("{} {}", call.method, SafeUrl(&trip.url));
        let unreachable = |source: Box<dyn Error + Send + Sync>| RemoteError {
            request: request.clone(),
            problem: RemoteProblem::Unreachable(source),
            tries: 1,
        };
        let network = self.network();
        let client = network.clients().get(trip.trust, network.options());
        let client = client.map_err(|error| Failure::lasting(unreachable(Box::new(error))))?;
        let mut builder = client.request(call.method.clone(), trip.url.clone()).headers(call.headers.clone());
        builder = builder.header(ACCEPT_ENCODING, "identity");
        if let Some(header) = trip.authorization.and_then(Authorization::header) {
            builder = builder.header(AUTHORIZATION, header);
        }
        let (watch, failed) = (Arc::new(Watch::new()), Arc::new(Mutex::new(None)));
        builder = match &call.payload {
            Payload::None if call.method == Method::GET || call.method == Method::HEAD => builder,
            Payload::None => builder.header(CONTENT_LENGTH, 0),
            Payload::Bytes(bytes) => {
                let body = sliced(bytes.clone(), watch.clone());
                builder.header(CONTENT_LENGTH, bytes.len()).body(body)
            }
            Payload::Blob(blob) => {
                let sending = Sending {
                    body: blob.open().await?,
                    held: None,
                    watch: watch.clone(),
                    failed: failed.clone(),
                };
                builder.header(CONTENT_LENGTH, blob.descriptor().size).body(sending.into_body())
            }
        };
        let permits = match call.payload {
            Payload::Blob(_) => &self.host().sending,
            Payload::None | Payload::Bytes(_) => &self.host().permits,
        };
        let permit = permits.acquire().await;
        // Waiting for a turn is not the silence of a server.
        watch.moved();
        let started = Instant::now();
        let answered = watch.patiently(trip.patience, builder.send()).await;
        drop(permit);
        if let Some(error) = lock(&failed).take() {
            return Err(Failure::lasting(error));
        }
        let response = match answered {
            None => {
                let error = RemoteError { request, problem: RemoteProblem::Silent(trip.patience), tries: 1 };
                return Err(Failure { error: error.into(), trouble: Some(Trouble::Silence) });
            }
            Some(Err(error)) => return Err(broken(request, error)),
            Some(Ok(response)) => response,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        network.tell(NetworkEvent::Answered {
            request: &request,
            status: status.as_u16(),
            authorized: trip.authorization.is_some() || call.headers.contains_key(AUTHORIZATION),
            after: started.elapsed(),
        });
        let answer = Answer { status, headers, url: trip.url, request, response };
        self.tell_warnings(&answer);
        Ok(answer)
    }

    fn tell_warnings(&self, answer: &Answer) {
        let host = self.host().name.as_str();
        let lines = answer.headers.get_all(WARNING).iter().filter_map(|line| line.to_str().ok());
        for text in warning::parse(lines) {
            let key = format!("warning {host} {text}");
            self.network().tell_once(key, NetworkEvent::Warning { host, text: &text });
        }
    }

    /// All of a body that may have `limit` bytes.
    pub(crate) async fn read_all(
        &self,
        mut answer: Answer,
        limit: u64,
        patience: Duration,
    ) -> Result<(Answer, Bytes), Failure> {
        self.refuse_encoded(&answer)?;
        let too_large = |size| {
            let what = format!("the answer to `{}`", answer.request);
            Failure::lasting(TransportError::TooLarge { what, size, limit })
        };
        if let Some(size) = answer.content_length().filter(|size| *size > limit) {
            return Err(too_large(size));
        }
        let mut all = BytesMut::new();
        let deadline = Instant::now() + patience;
        loop {
            match tokio::time::timeout_at(deadline, answer.response.chunk()).await {
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => all.extend_from_slice(&chunk),
                Ok(Err(error)) => return Err(half_body(&answer.request, error)),
                Err(_) => {
                    let (request, problem) = (answer.request.clone(), RemoteProblem::Silent(patience));
                    let error = RemoteError { request, problem, tries: 1 }.into();
                    return Err(Failure { error, trouble: Some(Trouble::Silence) });
                }
            }
            if all.len() as u64 > limit {
                return Err(too_large(all.len() as u64));
            }
        }
        Ok((answer, all.freeze()))
    }

    /// Refuses a body that was compressed on its way though nobody asked for it: its bytes are not those
    /// of the digest.
    pub(crate) fn refuse_encoded(&self, answer: &Answer) -> Result<(), Failure> {
        let encoding = answer.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        match encoding {
            None | Some(b"identity" | b"") => Ok(()),
            Some(encoding) => {
                let encoding = String::from_utf8_lossy(encoding).into_owned();
                let problem = RemoteProblem::Nonsense(format!("with the encoding `{encoding}`, unasked"));
                Err(Failure::lasting(RemoteError { request: answer.request.clone(), problem, tries: 1 }))
            }
        }
    }

    /// Method and address of a request, for messages.
    pub(crate) fn describe(&self, call: &Call<'_>) -> String {
        let url = match &call.target {
            Target::Path(path) => self.host().url(self.host().way(), path).ok(),
            Target::Url(url) => Some(url.clone()),
        };
        let address = url.map_or_else(|| self.host().name.clone(), |url| SafeUrl(&url).to_string());
        format!("{} {address}", call.method)
    }
}

/// The failure of a request that got no answer.
fn broken(request: String, error: reqwest::Error) -> Failure {
    if let Some(problem) = tls_problem(&error) {
        return Failure::lasting(RemoteError { request, problem, tries: 1 });
    }
    let is_parse = cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse);
    let trouble = match () {
        () if error.is_builder() => None,
        () if error.is_connect() => Some(Trouble::Connect),
        () => Some(Trouble::Reset),
    };
    let problem = RemoteProblem::Unreachable(if is_parse { Box::new(NotHttp) } else { innermost(error) });
    Failure { error: RemoteError { request, problem, tries: 1 }.into(), trouble }
}

/// What is wrong with TLS; another try would find the same.
fn tls_problem(error: &reqwest::Error) -> Option<RemoteProblem> {
    let tls = cause::<rustls::Error>(error)?;
    match tls {
        rustls::Error::InvalidCertificate(_) => Some(RemoteProblem::Untrusted(Box::new(tls.clone()))),
        rustls::Error::AlertReceived(_) => Some(RemoteProblem::NoTls(Box::new(tls.clone()))),
        rustls::Error::InvalidMessage(_) => Some(RemoteProblem::NoTls(Box::new(NotTls))),
        _ => None,
    }
}

/// What speaks at the other end is not TLS: perhaps plain http.
#[derive(Debug, thiserror::Error)]
#[error("what was answered is not TLS")]
struct NotTls;

/// The failure of an answer whose body broke off.
pub(crate) fn half_body(request: &str, error: reqwest::Error) -> Failure {
    let problem = RemoteProblem::Unreachable(innermost(error));
    let error = RemoteError { request: request.to_owned(), problem, tries: 1 };
    Failure { error: error.into(), trouble: Some(Trouble::HalfBody) }
}

/// What speaks at the other end is not HTTP: perhaps TLS.
#[derive(Debug, thiserror::Error)]
#[error("what was answered is not HTTP")]
struct NotHttp;

/// The reason at the bottom of an error; what the HTTP library wraps around it says nothing more.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Innermost(String);

fn innermost(error: reqwest::Error) -> Box<dyn Error + Send + Sync> {
    let error = error.without_url();
    let causes = std::iter::successors(Some(&error as &dyn Error), |error| (*error).source());
    Box::new(Innermost(causes.last().map(ToString::to_string).unwrap_or_default()))
}

/// The first error of its kind among the causes of another.
fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // What an `io::Error` wraps is not its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// Whether a plain answer says that this is a TLS port. Servers in Go and nginx answer so; what a registry
/// refuses, it refuses in JSON.
fn wants_tls(answer: &Answer) -> bool {
    let is_v2 = answer.headers.contains_key("docker-distribution-api-version");
    let is_json = answer.header(CONTENT_TYPE).is_some_and(|told| told.contains("json"));
    answer.status == StatusCode::BAD_REQUEST && !is_v2 && !is_json
}

/// Whether a failure is what a wrong guess about TLS looks like.
fn suggests_another_way(way: Way, failure: &Failure) -> bool {
    let TransportError::Remote(RemoteError { problem: RemoteProblem::Unreachable(source), .. }) =
        &failure.error
    else {
        return false;
    };
    match way {
        // A TLS server answers with an alert, which is no HTTP.
        Way::Plain => source.is::<NotHttp>(),
        Way::Unverified => failure.trouble == Some(Trouble::Connect),
        Way::Verified => false,
    }
}

/// When something last moved.
struct Watch {
    start: Instant,
    /// Milliseconds after the start.
    moved: AtomicU64,
}

impl Watch {
    fn new() -> Self {
        Self { start: Instant::now(), moved: AtomicU64::new(0) }
    }

    fn moved(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(now, Ordering::Relaxed);
    }

    /// Waits for `future` for as long as something moves every so often; `None` if nothing did.
    async fn patiently<T>(&self, patience: Duration, future: impl Future<Output = T>) -> Option<T> {
        let mut future = std::pin::pin!(future);
        loop {
            let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
            let deadline = self.start + moved + patience;
            match tokio::time::timeout_at(deadline, &mut future).await {
                Ok(value) => return Some(value),
                Err(_) if Duration::from_millis(self.moved.load(Ordering::Relaxed)) > moved => {}
                Err(_) => return None,
            }
        }
    }
}

/// How much of what is in memory goes out at a time, in bytes.
const SLICE: usize = 64 << 10;

/// Bytes on their way out, in slices, so that a slow line is not taken for silence.
fn sliced(bytes: Bytes, watch: Arc<Watch>) -> reqwest::Body {
    reqwest::Body::wrap_stream(stream::unfold(bytes, move |mut rest| {
        watch.moved();
        let slice = rest.split_to(rest.len().min(SLICE));
        std::future::ready((!slice.is_empty()).then_some((Ok::<_, Infallible>(slice), rest)))
    }))
}

/// A blob on its way out.
///
/// One piece is held back until the next is there, so that the last one leaves only when all of the
/// blob was verified: what is damaged never completes an upload.
struct Sending {
    body: VerifiedBody,
    held: Option<Bytes>,
    watch: Arc<Watch>,
    /// Why the source failed; the HTTP library would only say that a body ended early.
    failed: Arc<Mutex<Option<TransportError>>>,
}

impl Sending {
    fn into_body(self) -> reqwest::Body {
        reqwest::Body::wrap_stream(stream::unfold(self, |mut sending| async move {
            let piece = sending.next().await.transpose()?;
            Some((piece, sending))
        }))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, std::io::Error> {
        self.watch.moved();
        loop {
            let read = match self.body.next_chunk().await {
                Ok(read) => read,
                Err(error) => {
                    let told = std::io::Error::other(error.to_string());
                    *lock(&self.failed) = Some(error);
                    return Err(told);
                }
            };
            match (std::mem::replace(&mut self.held, read), self.held.is_some()) {
                (Some(piece), _) => return Ok(Some(piece)),
                (None, true) => {}
                (None, false) => return Ok(None),
            }
        }
    }
}
