//! A server that goes on answering for as long as somebody listens.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// How a request is answered.
pub(crate) enum Flow {
    /// With a whole message.
    Whole(Vec<u8>),
    /// With this, and then with this again and again.
    Endless(Vec<u8>, Vec<u8>),
}

impl Flow {
    /// A whole answer with this status line, these lines of headers, and this body.
    pub(crate) fn whole(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        Self::Whole([head.as_bytes(), body].concat())
    }

    /// An answer whose body, if `length` is not its length, has no end.
    pub(crate) fn endless(status: &str, headers: &str, length: Length, filling: u8) -> Self {
        let piece = vec![filling; 64 << 10];
        match length {
            Length::Said(length) => Self::Endless(
                format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n").into(),
                piece,
            ),
            Length::Unsaid => Self::Endless(
                format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").into(),
                piece,
            ),
            Length::Chunked => {
                let head = format!("HTTP/1.1 {status}\r\n{headers}Transfer-Encoding: chunked\r\n\r\n");
                Self::Endless(head.into(), [b"10000\r\n", &*piece, b"\r\n"].concat())
            }
        }
    }
}

/// What a head tells of the length of its body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// This.
    Said(u64),
    /// Nothing.
    Unsaid,
    /// That each chunk will tell its own.
    Chunked,
}

impl Length {
    pub(crate) const ALL: [Self; 3] = [Self::Said(u64::MAX / 2), Self::Unsaid, Self::Chunked];
}

/// The server; it ends with the test.
pub(crate) struct Flood {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl Flood {
    /// Answers each request by what `answer` says to its method and target.
    pub(crate) fn start(answer: impl Fn(&str, &str) -> Flow + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sent = Arc::new(AtomicU64::new(0));
        let (counted, answer) = (Arc::clone(&sent), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counted, answer) = (Arc::clone(&counted), Arc::clone(&answer));
                // Whoever has had enough hangs up, and the error of that ends the thread.
                thread::spawn(move || drop(converse(stream, &*answer, &counted)));
            }
        });
        Self { address, sent }
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn place(&self, name: &str) -> String {
        format!("docker://{}/{name}", self.address)
    }

    /// How many bytes were taken from it, by clients and by the kernel for them.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

fn converse(stream: TcpStream, answer: &dyn Fn(&str, &str) -> Flow, sent: &AtomicU64) -> io::Result<()> {
    let mut write = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some((method, target)) = request(&mut reader)? {
        let mut put = |bytes: &[u8]| {
            write.write_all(bytes)?;
            sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
            io::Result::Ok(())
        };
        match answer(&method, &target) {
            Flow::Whole(message) => put(&message)?,
            Flow::Endless(head, piece) => {
                put(&head)?;
                loop {
                    put(&piece)?;
                }
            }
        }
    }
    Ok(())
}

/// Reads a request with its body, if that says its length.
fn request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<(String, String)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        length = line.strip_prefix("content-length: ").and_then(|n| n.parse().ok()).unwrap_or(length);
    }
    io::copy(&mut reader.take(length), &mut io::sink())?;
    let mut words = first.split_whitespace().map(str::to_owned);
    Ok(words.next().zip(words.next()))
}
