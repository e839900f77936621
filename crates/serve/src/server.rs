//! The server: connections, and the way from a request to its endpoint.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::HeaderName;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::Registry;
use crate::endpoint::{blob, manifest, overview, referrers, upload};
use crate::refusal::Refusal;
use crate::reply::{self, Reply};
use crate::route::{self, Endpoint, Query};

/// Threads that answer requests, each with a runtime of its own. Files are read and written on them.
const WORKERS: usize = 4;

/// A server that runs until it is stopped or dropped.
pub struct Running {
    address: SocketAddr,
    /// Nothing is ever sent; that it is gone tells the workers to stop.
    stop: Option<watch::Sender<()>>,
    workers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it. Requests under way are cut off.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        for worker in self.workers.drain(..) {
            // A worker that panicked has stopped, too.
            let _ = worker.join();
        }
    }
}

/// Serves `registry` to whoever connects to `listener`, on threads of its own.
#[expect(clippy::needless_pass_by_value, reason = "the server has the listener from here on")]
pub fn start(listener: TcpListener, registry: Registry) -> io::Result<Running> {
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let (stop, stopped) = watch::channel(());
    let registry = Arc::new(registry);
    let mut running = Running { address, stop: Some(stop), workers: Vec::new() };
    for _ in 0..WORKERS {
        let (listener, registry, mut stopped) = (listener.try_clone()?, registry.clone(), stopped.clone());
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let work = move || {
            runtime.spawn(accept(listener, registry));
            // It returns when the sender is gone; everything under way ends with the runtime.
            let _ = runtime.block_on(stopped.changed());
        };
        running.workers.push(thread::Builder::new().name("umbel-serve".into()).spawn(work)?);
    }
    Ok(running)
}

async fn accept(listener: tokio::net::TcpListener, registry: Arc<Registry>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, say; it may be better in a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Small answers should not wait for more to come.
        let _ = stream.set_nodelay(true);
        let registry = registry.clone();
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(registry.clone(), request));
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer);
            // A connection that breaks is the client's business.
            let _ = connection.await;
        });
    }
}

async fn answer(registry: Arc<Registry>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let head = request.method() == Method::HEAD;
    let reply = dispatch(&registry, request).await.unwrap_or_else(Reply::from);
    let reply =
        reply::with(reply, HeaderName::from_static("docker-distribution-api-version"), "registry/2.0");
    Ok(if head { reply::without_body(reply) } else { reply })
}

async fn dispatch(registry: &Registry, request: Request<Incoming>) -> Result<Reply, Refusal> {
    let endpoint = route::endpoint(request.uri().path())?;
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let method = request.method().clone();
    match endpoint {
        Endpoint::Base if route::reads(&method) => Ok(overview::base()),
        Endpoint::Catalog if route::reads(&method) => overview::catalog(registry, &query),
        Endpoint::Tags(name) if route::reads(&method) => overview::tags(registry, &name, &query),
        Endpoint::Referrers(name, digest) if route::reads(&method) => {
            referrers::list(registry, &name, &digest, &query)
        }
        Endpoint::Manifest(name, reference) => match method {
            Method::GET | Method::HEAD => manifest::get(registry, &name, &reference, request.headers()),
            Method::PUT => manifest::put(registry, &name, &reference, request).await,
            Method::DELETE => manifest::delete(registry, &name, &reference),
            _ => Err(Refusal::method()),
        },
        Endpoint::Blob(name, digest) => match method {
            Method::GET | Method::HEAD => blob::get(registry, &name, &digest, &request),
            Method::DELETE => blob::delete(registry, &name, &digest),
            _ => Err(Refusal::method()),
        },
        Endpoint::Uploads(name) if method == Method::POST => {
            upload::begin(registry, &name, &query, request).await
        }
        Endpoint::Upload(name, id) => match method {
            Method::GET => upload::status(registry, &name, &id),
            Method::PATCH => upload::append(registry, &name, &id, request).await,
            Method::PUT => upload::finish(registry, &name, &id, &query, request).await,
            Method::DELETE => upload::cancel(registry, &name, &id),
            _ => Err(Refusal::method()),
        },
        Endpoint::Base
        | Endpoint::Catalog
        | Endpoint::Tags(_)
        | Endpoint::Referrers(..)
        | Endpoint::Uploads(_) => Err(Refusal::method()),
    }
}
