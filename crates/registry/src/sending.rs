//! What goes out with a request, and the watch over it.

use std::convert::Infallible;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Method;
use http::header::CONTENT_LENGTH;
use reqwest::RequestBuilder;
use tokio::time::Instant;
use umbel_content::{TransportError, VerifiedBody};

use crate::call::Payload;
use crate::network::lock;

/// How much of what is in memory goes out at a time, in bytes.
const SLICE: usize = 64 << 10;

/// The payload of one request on its way out.
pub(crate) struct Outgoing {
    watch: Arc<Watch>,
    /// Why the source of a blob failed; the HTTP library would only say that a body ended early.
    failed: Arc<Mutex<Option<TransportError>>>,
}

impl Outgoing {
    /// Adds `payload` to a request.
    pub(crate) async fn pack(
        builder: RequestBuilder,
        method: &Method,
        payload: &Payload<'_>,
    ) -> Result<(RequestBuilder, Self), TransportError> {
        let outgoing = Self { watch: Arc::new(Watch::new()), failed: Arc::default() };
        let builder = match payload {
            Payload::None if method == Method::GET || method == Method::HEAD => builder,
            Payload::None => builder.header(CONTENT_LENGTH, 0),
            Payload::Bytes(bytes) => {
                let body = sliced(bytes.clone(), outgoing.watch.clone());
                builder.header(CONTENT_LENGTH, bytes.len()).body(body)
            }
            Payload::Blob(blob) => {
                let (watch, failed) = (outgoing.watch.clone(), outgoing.failed.clone());
                let sending = Sending { body: blob.open().await?, held: None, watch, failed };
                builder.header(CONTENT_LENGTH, blob.descriptor().size).body(sending.into_body())
            }
        };
        Ok((builder, outgoing))
    }

    /// Waits for an answer for as long as something moves every so often; `None` if nothing did.
    pub(crate) async fn patiently<T>(
        &self,
        patience: Duration,
        answer: impl Future<Output = T>,
    ) -> Option<T> {
        // Waiting for a turn was not the silence of a server.
        self.watch.moved();
        self.watch.patiently(patience, answer).await
    }

    /// Why the payload could not be read, if it could not.
    pub(crate) fn failure(&self) -> Option<TransportError> {
        lock(&self.failed).take()
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
