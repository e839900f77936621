//! Refusals: a status, and the error codes of the distribution specification.

use hyper::StatusCode;
use umbel_content::TransportError;

/// An answer that is no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Headers besides those of every answer.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new() }
    }

    pub(crate) fn blob_unknown(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", format!("there is no blob `{what}`"))
    }

    pub(crate) fn manifest_unknown(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", format!("there is no manifest `{what}`"))
    }

    pub(crate) fn manifest_invalid(problem: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", problem.to_string())
    }

    pub(crate) fn name_unknown(repository: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", format!("there is no repository `{repository}`"))
    }

    pub(crate) fn upload_unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", "there is no such upload")
    }

    pub(crate) fn digest_invalid(problem: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", problem.to_string())
    }

    pub(crate) fn precondition(message: &str) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "DENIED", message)
    }

    pub(crate) fn too_large(limit: u64) -> Self {
        let message = format!("a manifest has at most {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID", message)
    }

    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "this cannot be done here")
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body: `{"errors":[{"code":…,"message":…}]}`.
    pub(crate) fn json(&self) -> String {
        serde_json::json!({ "errors": [{ "code": self.code, "message": self.message }] }).to_string()
    }
}

impl From<TransportError> for Refusal {
    /// Trouble with our own files; paths are nobody's business out there.
    fn from(error: TransportError) -> Self {
        let (status, message) = match error {
            TransportError::Busy { .. } => (StatusCode::SERVICE_UNAVAILABLE, "the repository is in use"),
            TransportError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                (StatusCode::INSUFFICIENT_STORAGE, "the disk of the registry is full")
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "the registry cannot read or write its files"),
        };
        Self::new(status, "UNKNOWN", message)
    }
}
