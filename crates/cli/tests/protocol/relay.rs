//! A server that speaks HTTP/2 over TLS, and passes what it is asked for on to another.
//!
//! It is made of another library than the testkit's servers, which speak HTTP/1.1 alone. What befalls its
//! streams and connections has no likeness there: a stream that is reset while its neighbours live on, a
//! connection that takes its leave, and one that falls silent with all that it carries.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::{self, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_rustls::TlsAcceptor;
use umbel_testkit::network::client::fetch;
use umbel_testkit::network::tls::ServerTls;
use umbel_testkit::network::wire;

/// The window that streams and connections have by the standard. More would let a blob through without
/// anybody asking for more.
const WINDOW: u32 = 65_535;

/// What befalls a request, and perhaps its connection.
#[derive(Clone, Debug)]
pub(crate) enum Mishap {
    /// The stream is reset, and nothing was done.
    Reset,
    /// The stream is reset, and everything was done.
    ResetAfter,
    /// The stream is reset in the middle of the answer's body, once somebody says so.
    Break(Arc<Notify>),
    /// The connection takes no more requests; this one and those under way are answered.
    GoAway,
    /// The connection is closed, with everything under way.
    HangUp,
    /// The connection stays, and nothing is ever heard of it again.
    FallSilent,
}

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// The number of the connection, from 1 on.
    pub(crate) connection: usize,
    pub(crate) version: Version,
}

/// The server; it runs until it is dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// Who has the answers.
    behind: String,
    /// How many streams a connection may have at once.
    streams: u32,
    connections: AtomicUsize,
    /// How many of the connections are over.
    ended: watch::Sender<usize>,
    seen: Mutex<Vec<Seen>>,
    mishaps: Mutex<VecDeque<(String, Mishap)>>,
}

impl Relay {
    /// A server before `behind`, with as many streams for a connection as servers usually allow.
    pub(crate) fn before(behind: &str, tls: &ServerTls) -> Self {
        Self::with_streams(behind, tls, 128)
    }

    /// A server that allows `streams` at once on a connection.
    pub(crate) fn with_streams(behind: &str, tls: &ServerTls, streams: u32) -> Self {
        let shared = Arc::new(Shared {
            behind: behind.to_owned(),
            streams,
            connections: AtomicUsize::default(),
            ended: watch::Sender::default(),
            seen: Mutex::default(),
            mishaps: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let tls = TlsAcceptor::from(tls.offering(&["h2", "http/1.1"]));
        let served = shared.clone();
        let thread = thread::spawn(move || {
            runtime.spawn(accept(listener, tls, served));
            // Nothing is ever sent: that the sender is gone is the message.
            let _ = runtime.block_on(stopped);
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Lets `mishap` befall the next request whose method and target begin with `beginning`.
    pub(crate) fn befall(&self, beginning: &str, mishap: Mishap) {
        self.shared.mishaps.lock().unwrap().push_back((beginning.to_owned(), mishap));
    }

    /// Whether everything that was to befall requests did.
    pub(crate) fn is_over(&self) -> bool {
        self.shared.mishaps.lock().unwrap().is_empty()
    }

    /// The requests, in the order in which they came.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// How many connections were opened, those without any request included.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until so many connections are over.
    pub(crate) async fn ended(&self, count: usize) {
        self.shared.ended.subscribe().wait_for(|ended| *ended >= count).await.unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: net::TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let number = shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let (tls, shared) = (tls.clone(), shared.clone());
        tokio::spawn(async move {
            serve(stream, tls, shared.clone(), number).await;
            shared.ended.send_modify(|ended| *ended += 1);
        });
    }
}

/// Serves a connection until it ends, or until something befalls it.
async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>, number: usize) {
    // A client that does not get through with its handshake sees that for itself.
    let Ok(stream) = tls.accept(stream).await else { return };
    let (orders, mut ordered) = mpsc::unbounded_channel();
    let service = service_fn(|request| answer(request, shared.clone(), number, orders.clone()));
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .max_concurrent_streams(shared.streams)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            // What breaks a connection is the client's business.
            _ = connection.as_mut() => return,
            Some(order) = ordered.recv() => match order {
                Mishap::GoAway => connection.as_mut().graceful_shutdown(),
                Mishap::HangUp => return,
                _ => pending().await,
            },
        }
    }
}

type Answer = Response<BoxBody<Bytes, io::Error>>;

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    connection: usize,
    orders: mpsc::UnboundedSender<Mishap>,
) -> io::Result<Answer> {
    shared.seen.lock().unwrap().push(Seen { connection, version: request.version() });
    let mishap = shared.befalling(&format!("{} {}", request.method(), request.uri().path()));
    let leaves = matches!(mishap, Some(Mishap::GoAway));
    match mishap {
        Some(Mishap::Reset) => return Err(io::Error::other("reset")),
        Some(order @ (Mishap::HangUp | Mishap::FallSilent)) => {
            orders.send(order).unwrap();
            return pending().await;
        }
        _ => {}
    }
    let response = pass_on(request, shared.behind.clone()).await?;
    let body = match mishap {
        Some(Mishap::ResetAfter) => return Err(io::Error::other("reset")),
        Some(Mishap::Break(told)) => half(&response.body, told),
        _ => Full::from(response.body).map_err(|never| match never {}).boxed(),
    };
    if leaves {
        orders.send(Mishap::GoAway).unwrap();
    }
    let mut built = Response::builder().status(response.status);
    for (name, value) in response.headers {
        built = built.header(name, value);
    }
    built.body(body).map_err(io::Error::other)
}

impl Shared {
    /// What befalls a request, which befalls no other then.
    fn befalling(&self, line: &str) -> Option<Mishap> {
        let mut mishaps = self.mishaps.lock().unwrap();
        let at = mishaps.iter().position(|(beginning, _)| line.starts_with(beginning))?;
        mishaps.remove(at).map(|(_, mishap)| mishap)
    }
}

async fn pass_on(request: Request<Incoming>, behind: String) -> io::Result<wire::Response> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut passed = wire::Request::new(request.method().as_str(), target);
    for (name, value) in request.headers() {
        passed = passed.with(name.as_str(), value.to_str().map_err(io::Error::other)?);
    }
    passed.body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes().to_vec();
    tokio::task::spawn_blocking(move || fetch(&behind, &passed)).await?
}

/// The first half of a body, and then an end that is none, once `told`.
fn half(body: &[u8], told: Arc<Notify>) -> BoxBody<Bytes, io::Error> {
    let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
    let pieces = stream::unfold(Some(half), move |half| {
        let told = told.clone();
        async move {
            if let Some(half) = half {
                return Some((Ok(Frame::data(half)), None));
            }
            told.notified().await;
            Some((Err(io::Error::other("broken")), None))
        }
    });
    StreamBody::new(pieces).boxed()
}
