//! A request as a value, and its answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use umbel_content::Blob;
use url::Url;

use crate::auth::Scope;

/// A request to a registry.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// What the token that is asked for is to allow.
    pub(crate) scope: Scope,
    /// What it may allow if the registry says that this is not enough.
    pub(crate) widest: Scope,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload<'a>,
    /// How long to wait for an answer; `None` for the usual.
    pub(crate) patience: Option<Duration>,
}

/// Where a request goes.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A path and query on the registry.
    Path(String),
    /// An address that the registry gave out.
    Url(Url),
}

/// What a request carries. All of it can be sent again.
#[derive(Clone)]
pub(crate) enum Payload<'a> {
    /// Nothing.
    None,
    /// Something small.
    Bytes(Bytes),
    /// A blob, opened anew each time.
    Blob(&'a Blob),
}

impl<'a> Call<'a> {
    /// A request without payload.
    pub(crate) fn new(method: Method, target: Target, scope: Scope) -> Self {
        let widest = scope.clone();
        Self {
            method,
            target,
            scope,
            widest,
            headers: HeaderMap::new(),
            payload: Payload::None,
            patience: None,
        }
    }

    /// The request with one more header. A value that cannot be one is left out; ours all can.
    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    #[must_use]
    pub(crate) fn at_most(self, widest: Scope) -> Self {
        Self { widest, ..self }
    }

    #[must_use]
    pub(crate) fn carrying(self, payload: Payload<'a>) -> Self {
        Self { payload, ..self }
    }

    #[must_use]
    pub(crate) fn patient(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }
}

/// The beginning of an answer; the body is still to come.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Where it came from in the end.
    pub(crate) url: Url,
    /// Method and address, for messages.
    pub(crate) request: String,
    pub(crate) response: reqwest::Response,
}

impl Answer {
    /// A header as text.
    pub(crate) fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The size that the answer says to have.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header(http::header::CONTENT_LENGTH)?.trim().parse().ok()
    }
}
