//! A client for one request on a connection of its own.

use std::io::{self, BufReader, Write as _};
use std::net::TcpStream;

use super::framing;
use super::wire::{Request, Response};

/// Sends `request` to `authority` over plain HTTP, and reads the whole answer.
///
/// The request goes out as it is; a `Host` is added if it has none.
pub fn fetch(authority: &str, request: &Request) -> io::Result<Response> {
    let mut stream = TcpStream::connect(authority)?;
    let mut sent = request.clone().without("connection").without("expect").with("connection", "close");
    if sent.header("host").is_none() {
        sent = sent.with("host", authority);
    }
    stream.write_all(&framing::request_bytes(&sent))?;
    framing::read_response(&mut BufReader::new(stream), &sent.method)
}
