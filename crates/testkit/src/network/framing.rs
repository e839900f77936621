//! HTTP/1.1 on a stream of bytes: heads, bodies and their codings.
//!
//! Everything here answers a malformed message with an [`io::Error`] of kind `InvalidData`, never with a
//! panic. Sizes that a peer states are never allocated from.

use std::io::{self, BufRead, Read as _};

use super::wire::{Request, Response};

/// The longest line, and the longest head: far above any honest one, and small enough to keep.
const HEAD_LIMIT: usize = 256 * 1024;

/// A first line, and headers with their names in lower case.
type Head = (String, Vec<(String, String)>);

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Bytes(u64),
    Chunked,
    UntilClosed,
}

/// How a body that is in memory is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Length,
    Chunked,
}

/// How the names of headers are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `Content-Type`, as servers of HTTP/1.1 are used to.
    Capitals,
    /// `content-type`, as gateways from HTTP/2 pass it on.
    Lower,
}

/// Reads a request up to its body; `None` if the peer closed the connection instead.
pub(crate) fn read_request_head(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let Some((line, headers)) = read_head(reader)? else { return Ok(None) };
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(malformed(format!("request line `{line}`")));
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return Err(malformed(format!("request line `{line}`")));
    }
    Ok(Some(Request { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() }))
}

/// How much body follows the head of a request.
pub(crate) fn request_extent(request: &Request) -> io::Result<Extent> {
    Ok(stated_extent(request.header("transfer-encoding"), request.header("content-length"))?
        .unwrap_or(Extent::Bytes(0)))
}

/// Reads the whole answer to a request with this method; interim answers (1xx) are skipped.
pub(crate) fn read_response(reader: &mut impl BufRead, method: &str) -> io::Result<Response> {
    loop {
        let Some((line, headers)) = read_head(reader)? else {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no answer"));
        };
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let Some(status) = status.filter(|_| line.starts_with("HTTP/1.")) else {
            return Err(malformed(format!("status line `{line}`")));
        };
        let mut response = Response { status, headers, body: Vec::new() };
        if (100..200).contains(&status) {
            continue;
        }
        if has_body(method, status) {
            let stated =
                stated_extent(response.header("transfer-encoding"), response.header("content-length"))?;
            response.body = read_body(reader, stated.unwrap_or(Extent::UntilClosed))?;
            response = response.without("transfer-encoding");
        }
        return Ok(response);
    }
}

/// Reads a body and takes its transfer coding off.
pub(crate) fn read_body(reader: &mut impl BufRead, extent: Extent) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    match extent {
        Extent::Bytes(length) => read_exactly(reader, length, &mut body)?,
        Extent::UntilClosed => drop(reader.read_to_end(&mut body)?),
        Extent::Chunked => read_chunks(reader, &mut body)?,
    }
    Ok(body)
}

/// A request as it goes over the wire, its body framed by `Content-Length`.
pub(crate) fn request_bytes(request: &Request) -> Vec<u8> {
    let mut message = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    push_headers(&mut message, &request.headers, Spelling::Capitals);
    if !request.body.is_empty() || ["POST", "PUT", "PATCH"].contains(&request.method.as_str()) {
        message.push_str(&format!("Content-Length: {}\r\n", request.body.len()));
    }
    finished(message, &request.body)
}

/// The head of an answer, with the blank line behind it.
///
/// An answer to `HEAD` keeps the `Content-Length` it was given; any other states the length of its body.
pub(crate) fn response_head(response: &Response, method: &str, coding: Coding, names: Spelling) -> Vec<u8> {
    let mut message = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    push_headers(&mut message, &response.headers, names);
    let framing = match coding {
        _ if method == "HEAD" => {
            response.header("content-length").map(|length| ("Content-Length", length.to_owned()))
        }
        _ if !has_body(method, response.status) => None,
        Coding::Length => Some(("Content-Length", response.body.len().to_string())),
        Coding::Chunked => Some(("Transfer-Encoding", "chunked".to_owned())),
    };
    if let Some(framing) = framing {
        message.push_str(&format!("{}: {}\r\n", spelled(framing.0, names), framing.1));
    }
    finished(message, &[])
}

/// A body in the coding that its head announced.
pub(crate) fn encoded(body: &[u8], coding: Coding) -> Vec<u8> {
    match coding {
        Coding::Length => body.to_vec(),
        Coding::Chunked => {
            // Chunks of an odd size, so that no reader can mistake them for its own buffers.
            let chunks = body
                .chunks(4099)
                .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
            chunks.chain(*b"0\r\n\r\n").collect()
        }
    }
}

/// Whether an answer with this status to this method has a body.
pub(crate) fn has_body(method: &str, status: u16) -> bool {
    method != "HEAD" && !matches!(status, 100..200 | 204 | 304)
}

/// Reads a first line and headers; `None` at the end of the stream.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let Some(first) = read_line(reader)? else { return Ok(None) };
    let (mut headers, mut size) = (Vec::new(), first.len());
    loop {
        let Some(line) = read_line(reader)? else {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the head ends early"));
        };
        if line.is_empty() {
            return Ok(Some((first, headers)));
        }
        size += line.len();
        let Some((name, value)) = line.split_once(':').filter(|_| size <= HEAD_LIMIT) else {
            return Err(malformed(format!("header `{line}`")));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Reads a line without its end; `None` at the end of the stream.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let limit = u64::try_from(HEAD_LIMIT).unwrap_or(u64::MAX);
    if reader.take(limit).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let Some(line) = line.strip_suffix(b"\n") else { return Err(malformed("a line without an end")) };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Ok(Some(String::from_utf8_lossy(line).into_owned()))
}

/// What the headers say of the body's extent; `None` if nothing.
fn stated_extent(coding: Option<&str>, length: Option<&str>) -> io::Result<Option<Extent>> {
    if let Some(coding) = coding {
        return if coding.eq_ignore_ascii_case("chunked") {
            Ok(Some(Extent::Chunked))
        } else {
            Err(malformed(format!("transfer coding `{coding}`")))
        };
    }
    let Some(length) = length else { return Ok(None) };
    let length = length.parse().map_err(|_| malformed(format!("content length `{length}`")))?;
    Ok(Some(Extent::Bytes(length)))
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(reader)?.unwrap_or_default();
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| malformed(format!("chunk size `{line}`")))?;
        if size == 0 {
            // Trailers are read over.
            while read_line(reader)?.is_some_and(|line| !line.is_empty()) {}
            return Ok(());
        }
        read_exactly(reader, size, body)?;
        if read_line(reader)?.is_none_or(|line| !line.is_empty()) {
            return Err(malformed("a chunk longer than its size"));
        }
    }
}

fn read_exactly(reader: &mut impl BufRead, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(length).read_to_end(body)?;
    if u64::try_from(read).ok() == Some(length) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{read} bytes of {length}")))
}

/// Writes all headers but those that frame the body.
fn push_headers(message: &mut String, headers: &[(String, String)], names: Spelling) {
    for (name, value) in headers {
        if !["content-length", "transfer-encoding"].contains(&name.as_str()) {
            message.push_str(&format!("{}: {value}\r\n", spelled(name, names)));
        }
    }
}

fn spelled(name: &str, names: Spelling) -> String {
    match names {
        Spelling::Lower => name.to_ascii_lowercase(),
        Spelling::Capitals => {
            let starts = std::iter::once('-').chain(name.chars());
            let spell = |(before, letter): (char, char)| {
                if before == '-' { letter.to_ascii_uppercase() } else { letter }
            };
            starts.zip(name.chars()).map(spell).collect()
        }
    }
}

fn finished(head: String, body: &[u8]) -> Vec<u8> {
    let mut message = head.into_bytes();
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(body);
    message
}

fn reason(status: u16) -> &'static str {
    match status {
        200..300 => "OK",
        300..400 => "Elsewhere",
        400..500 => "Client Error",
        _ => "Server Error",
    }
}

fn malformed(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: &[u8], method: &str) -> io::Result<Response> {
        read_response(&mut &bytes[..], method)
    }

    #[test]
    fn bodies_are_read_by_length_by_chunks_and_until_the_end() {
        for text in [
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhellomore",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nT: 1\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello",
        ] {
            assert_eq!(answer(text.as_bytes(), "GET").unwrap().body, b"hello", "{text}");
        }
    }

    #[test]
    fn answers_to_head_and_those_without_content_have_no_body() {
        let head = answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").unwrap();
        assert_eq!((head.header("content-length"), head.body.len()), (Some("5"), 0));
        assert!(answer(b"HTTP/1.1 204 No Content\r\n\r\nrest", "GET").unwrap().body.is_empty());
    }

    #[test]
    fn malformed_messages_are_errors() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\n",
            "",
        ] {
            assert!(answer(text.as_bytes(), "GET").is_err(), "{text}");
        }
        for text in ["GET /\r\n\r\n", "GET http://x/ HTTP/1.1\r\n\r\n", "GET / SPDY/3\r\n\r\n", "\r\n\r\n"] {
            assert!(read_request_head(&mut text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn every_coding_and_spelling_reads_back() {
        let sent = Response::new(200, vec![7; 10_000]).with("content-type", "a/b");
        for coding in [Coding::Length, Coding::Chunked] {
            for names in [Spelling::Capitals, Spelling::Lower] {
                let head = response_head(&sent, "GET", coding, names);
                let message = [head, encoded(&sent.body, coding)].concat();
                assert_eq!(answer(&message, "GET").unwrap().without("content-length"), sent);
            }
        }
    }

    #[test]
    fn names_are_spelled_as_wanted() {
        let answer = Response::new(201, "").with("docker-content-digest", "x").with("etag", "y");
        let text = |names| String::from_utf8(response_head(&answer, "PUT", Coding::Length, names)).unwrap();
        assert!(
            text(Spelling::Capitals)
                .contains("\r\nDocker-Content-Digest: x\r\nEtag: y\r\nContent-Length: 0\r\n")
        );
        assert!(
            text(Spelling::Lower)
                .contains("\r\ndocker-content-digest: x\r\netag: y\r\ncontent-length: 0\r\n")
        );
    }

    #[test]
    fn request_reads_back() {
        let sent = Request { body: b"abc".to_vec(), ..Request::new("put", "/v2/x?y").with("a", "b") };
        let bytes = request_bytes(&sent);
        let mut reader = &bytes[..];
        let head = read_request_head(&mut reader).unwrap().unwrap();
        let body = read_body(&mut reader, request_extent(&head).unwrap()).unwrap();
        assert_eq!(Request { body, ..head.without("content-length") }, sent);
        assert_eq!(read_request_head(&mut reader).unwrap(), None);
    }
}
