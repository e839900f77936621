//! A listener with a thread for each connection.
//!
//! [`start`] serves whole answers; the proxy uses `serve`, whose handler holds an `Exchange` and may spoil it: answer in part, slowly, or not at all. Nothing that a client sends makes a thread panic; what
//! cannot be read as HTTP ends its connection.

use std::collections::HashMap;
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::framing::{self, Coding, Spelling};
use super::tls::{ServerTls, Stream};
use super::wire::{Request, Response};

/// Serves until it is dropped; open connections are closed then.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// Answers every request on `bind` (`127.0.0.1:0` for a free port) with what `handler` makes of it.
///
/// # Panics
///
/// If nothing can listen there.
#[track_caller]
pub fn start(
    bind: &str,
    tls: Option<ServerTls>,
    handler: Arc<dyn Fn(&Request) -> Response + Send + Sync>,
) -> Running {
    serve(listen(bind), tls, move |exchange| {
        let request = exchange.receive()?;
        let response = handler(&request);
        exchange.answer(&response)
    })
}

/// Listens on `bind`.
#[track_caller]
pub(crate) fn listen(bind: &str) -> TcpListener {
    TcpListener::bind(bind).unwrap_or_else(|error| panic!("cannot listen on {bind}: {error}"))
}

/// Calls `handler` for every request; an error from it ends the connection.
#[track_caller]
pub(crate) fn serve(
    listener: TcpListener,
    tls: Option<ServerTls>,
    handler: impl Fn(&mut Exchange) -> io::Result<()> + Send + Sync + 'static,
) -> Running {
    let address = listener.local_addr().unwrap_or_else(|error| panic!("no address to serve on: {error}"));
    let shared = Arc::new(Shared::default());
    let accepting = thread::spawn({
        let shared = Arc::clone(&shared);
        move || accept(&listener, tls.map(Arc::new).as_ref(), &Arc::new(handler), &shared)
    });
    Running { address, shared, accepting: Some(accepting) }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The listener is waiting for a connection, so it gets one.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
        for stream in locked(&self.shared.open).values() {
            // One that the client has closed already cannot be shut down again.
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

/// One request on a connection, and the means to answer it.
pub(crate) struct Exchange {
    head: Request,
    number: usize,
    reader: BufReader<Box<dyn Stream>>,
    raw: TcpStream,
    names: Spelling,
    ending: Ending,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The body of the request was not read yet, so nothing behind it can be.
    Unread,
    KeepAlive,
    Close,
}

impl Exchange {
    /// The request without its body.
    pub(crate) fn head(&self) -> &Request {
        &self.head
    }

    /// Counts connections from 1.
    pub(crate) fn connection(&self) -> usize {
        self.number
    }

    /// Spells the names of headers so, from now on.
    pub(crate) fn spell(&mut self, names: Spelling) {
        self.names = names;
    }

    /// The request with its body.
    pub(crate) fn receive(&mut self) -> io::Result<Request> {
        let extent = framing::request_extent(&self.head)?;
        self.invite()?;
        let body = framing::read_body(&mut self.reader, extent)?;
        let closes = |connection: &str| connection.eq_ignore_ascii_case("close");
        self.ending = if self.head.header("connection").is_some_and(closes) {
            Ending::Close
        } else {
            Ending::KeepAlive
        };
        Ok(Request { body, ..self.head.clone() })
    }

    /// Waits until a part of the body came, and takes it.
    pub(crate) fn receive_part(&mut self) -> io::Result<()> {
        let half = framing::request_extent(&self.head).map(|extent| match extent {
            framing::Extent::Bytes(length) => length / 2,
            framing::Extent::Chunked | framing::Extent::UntilClosed => 1,
        })?;
        self.invite()?;
        io::copy(&mut self.reader.by_ref().take(half), &mut io::sink()).map(drop)
    }

    /// Sends a whole answer.
    pub(crate) fn answer(&mut self, response: &Response) -> io::Result<()> {
        self.answer_coded(response, Coding::Length)
    }

    /// Sends a whole answer with its body in this coding.
    pub(crate) fn answer_coded(&mut self, response: &Response, coding: Coding) -> io::Result<()> {
        let mut message = self.response_head(response, coding);
        if self.body_wanted(response) {
            message.extend(framing::encoded(&response.body, coding));
        }
        self.write(&message)
    }

    /// Sends the head and the first half of the body, then closes.
    pub(crate) fn answer_half(&mut self, response: &Response) -> io::Result<()> {
        self.close();
        let mut message = self.response_head(response, Coding::Length);
        message.extend(&response.body[..response.body.len() / 2]);
        self.write(&message)
    }

    /// Sends a whole answer, its body in `parts` parts with a pause before each.
    pub(crate) fn answer_slowly(
        &mut self,
        response: &Response,
        parts: usize,
        pause: Duration,
    ) -> io::Result<()> {
        let head = self.response_head(response, Coding::Length);
        self.write(&head)?;
        let size = response.body.len().div_ceil(parts.max(1)).max(1);
        response.body.chunks(size).try_for_each(|part| {
            thread::sleep(pause);
            self.write(part)
        })
    }

    /// Closes the connection after this exchange, answered or not.
    pub(crate) fn close(&mut self) {
        self.ending = Ending::Close;
    }

    /// Breaks the connection, so that the client gets a reset.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        // With no time to linger, the kernel answers the last close with a reset.
        rustix::net::sockopt::set_socket_linger(&self.raw, Some(Duration::ZERO))?;
        self.close();
        Ok(())
    }

    /// Says nothing until the client goes away, or the server stops.
    pub(crate) fn wait_for_the_end(&mut self) -> io::Result<()> {
        self.close();
        io::copy(&mut self.raw, &mut io::sink()).map(drop)
    }

    /// Asks for the body, if the client waits for that.
    fn invite(&mut self) -> io::Result<()> {
        if self.head.header("expect").is_some_and(|expected| expected.eq_ignore_ascii_case("100-continue")) {
            return self.write(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        Ok(())
    }

    fn response_head(&self, response: &Response, coding: Coding) -> Vec<u8> {
        let closes = self.ending != Ending::KeepAlive;
        let ending = if closes { "close" } else { "keep-alive" };
        let told = response.clone().setting("connection", ending);
        framing::response_head(&told, &self.head.method, coding, self.names)
    }

    fn body_wanted(&self, response: &Response) -> bool {
        framing::has_body(&self.head.method, response.status)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.reader.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    accepted: AtomicUsize,
    /// Second handles on the open connections, to end them.
    open: Mutex<HashMap<usize, TcpStream>>,
}

fn accept<H>(listener: &TcpListener, tls: Option<&Arc<ServerTls>>, handler: &Arc<H>, shared: &Arc<Shared>)
where
    H: Fn(&mut Exchange) -> io::Result<()> + Send + Sync + 'static,
{
    loop {
        let accepted = listener.accept();
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        // A client that gave up while it waited harms nobody else.
        let Ok((stream, _)) = accepted else { continue };
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst) + 1;
        let (tls, handler, shared) = (tls.cloned(), Arc::clone(handler), Arc::clone(shared));
        thread::spawn(move || {
            // A connection that breaks is the client's to report; the log shows what was answered.
            drop(converse(stream, number, tls.as_deref(), &*handler, &shared));
            locked(&shared.open).remove(&number);
        });
    }
}

/// Serves the requests of one connection, one after another.
fn converse(
    stream: TcpStream,
    number: usize,
    tls: Option<&ServerTls>,
    handler: &dyn Fn(&mut Exchange) -> io::Result<()>,
    shared: &Shared,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    locked(&shared.open).insert(number, stream.try_clone()?);
    let raw = stream.try_clone()?;
    let stream: Box<dyn Stream> = match tls {
        Some(tls) => tls.accept(stream)?,
        None => Box::new(stream),
    };
    let mut exchange = Exchange {
        head: Request::new("GET", "/"),
        number,
        reader: BufReader::new(stream),
        raw,
        names: Spelling::Capitals,
        ending: Ending::KeepAlive,
    };
    while exchange.ending == Ending::KeepAlive && !shared.stopping.load(Ordering::SeqCst) {
        let Some(head) = framing::read_request_head(&mut exchange.reader)? else { break };
        (exchange.head, exchange.ending) = (head, Ending::Unread);
        handler(&mut exchange)?;
    }
    Ok(())
}

/// The value behind the lock; a thread that panicked with it left nothing half done.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
