//! Answers, and their bodies.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH};
use hyper::{HeaderMap, Response, StatusCode};
use umbel_model::Digest;

use crate::refusal::Refusal;
use crate::storage::Content;

/// How much of a file is read at once.
const CHUNK: u64 = 256 << 10;

/// An answer.
pub(crate) type Reply = Response<ReplyBody>;

/// The body of an answer.
pub(crate) enum ReplyBody {
    /// In memory; empty once it was sent.
    Bytes(Bytes),
    /// The next so many bytes of a file.
    File(File, u64),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let chunk = match &mut *self {
            Self::Bytes(bytes) => Ok(std::mem::take(bytes)),
            Self::File(file, left) => read(file, left),
        };
        match chunk {
            Ok(chunk) if chunk.is_empty() => Poll::Ready(None),
            chunk => Poll::Ready(Some(chunk.map(Frame::data))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::File(_, left) => SizeHint::with_exact(*left),
        }
    }
}

fn read(file: &mut File, left: &mut u64) -> io::Result<Bytes> {
    let length = usize::try_from(CHUNK.min(*left)).unwrap_or_default();
    let mut chunk = BytesMut::zeroed(length);
    let read = file.read(&mut chunk)?;
    if read == 0 && *left > 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    chunk.truncate(read);
    *left -= read as u64;
    Ok(chunk.freeze())
}

/// An answer with a body in memory.
pub(crate) fn bytes(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(ReplyBody::Bytes(body.into()));
    *reply.status_mut() = status;
    with(reply, CONTENT_TYPE, content_type)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(ReplyBody::Bytes(Bytes::new()));
    *reply.status_mut() = status;
    reply
}

/// An answer with a part of some content.
pub(crate) fn content(status: StatusCode, content: Content, part: Range<u64>) -> Result<Reply, Refusal> {
    let body = match content {
        Content::Bytes(bytes) => {
            let at = |position: u64| usize::try_from(position).unwrap_or(bytes.len()).min(bytes.len());
            ReplyBody::Bytes(bytes.slice(at(part.start)..at(part.end)))
        }
        Content::File(mut file, _) => {
            file.seek(SeekFrom::Start(part.start)).map_err(|error| {
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", error.kind().to_string())
            })?;
            ReplyBody::File(file, part.end - part.start)
        }
    };
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    Ok(with(reply, CONTENT_TYPE, "application/octet-stream"))
}

/// Whether the client says that it has this content already (`If-None-Match`).
pub(crate) fn has_already(headers: &HeaderMap, digest: &Digest) -> bool {
    let header = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    header.is_some_and(|header| names(header, digest))
}

/// Whether a list of entity tags, or `*`, names this content.
pub(crate) fn names(header: &str, digest: &Digest) -> bool {
    let tags = header.split(',').map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'));
    tags.into_iter().any(|tag| tag == "*" || tag == digest.as_str())
}

/// The answer that the client has it.
pub(crate) fn not_modified(digest: &Digest) -> Reply {
    with(empty(StatusCode::NOT_MODIFIED), ETAG, &format!("\"{digest}\""))
}

/// The answer with one more header. A value that cannot be one is left out; ours all can.
pub(crate) fn with(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
    reply
}

/// The same answer without its body, for HEAD; the headers stay.
pub(crate) fn without_body(mut reply: Reply) -> Reply {
    let length = reply.body().size_hint().exact().unwrap_or_default();
    *reply.body_mut() = ReplyBody::Bytes(Bytes::new());
    with(reply, CONTENT_LENGTH, &length.to_string())
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let reply = bytes(refusal.status, "application/json", refusal.json());
        let headers = refusal.headers.iter();
        headers.fold(reply, |reply, (name, value)| with(reply, HeaderName::from_static(name), value))
    }
}
