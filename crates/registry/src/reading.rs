//! Reading the answers that are held in memory.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use http::header::CONTENT_ENCODING;
use tokio::time::Instant;
use umbel_content::{RemoteError, RemoteProblem, TransportError};

use crate::breakage::half_body;
use crate::call::Answer;
use crate::tries::Failure;

/// How much is read of an answer that says what is wrong, in bytes.
const PROBLEM_LIMIT: usize = 64 << 10;

impl Answer {
    /// As much of a body as an error message needs; what cannot be read does not matter.
    pub(crate) async fn beginning(mut self, patience: Duration) -> Vec<u8> {
        let mut read = Vec::new();
        while read.len() < PROBLEM_LIMIT
            && let Ok(Ok(Some(chunk))) = tokio::time::timeout(patience, self.response.chunk()).await
        {
            read.extend_from_slice(&chunk);
        }
        read.truncate(PROBLEM_LIMIT);
        read
    }

    /// All of a body that may have `limit` bytes.
    pub(crate) async fn read_all(mut self, limit: u64, patience: Duration) -> Result<(Self, Bytes), Failure> {
        self.refuse_encoded()?;
        let too_large = |size| {
            let what = format!("the answer to `{}`", self.request);
            Failure::lasting(TransportError::TooLarge { what, size, limit })
        };
        if let Some(size) = self.content_length().filter(|size| *size > limit) {
            return Err(too_large(size));
        }
        let mut all = BytesMut::new();
        let deadline = Instant::now() + patience;
        loop {
            match tokio::time::timeout_at(deadline, self.response.chunk()).await {
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => all.extend_from_slice(&chunk),
                Ok(Err(error)) => return Err(half_body(&self.request, error)),
                Err(_) => return Err(Failure::silence(self.request, patience)),
            }
            if all.len() as u64 > limit {
                return Err(too_large(all.len() as u64));
            }
        }
        Ok((self, all.freeze()))
    }

    /// Refuses a body that was compressed on its way though nobody asked for it: its bytes are not those
    /// of the digest.
    pub(crate) fn refuse_encoded(&self) -> Result<(), Failure> {
        let encoding = self.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        match encoding {
            None | Some(b"identity" | b"") => Ok(()),
            Some(encoding) => {
                let encoding = String::from_utf8_lossy(encoding).into_owned();
                let problem = RemoteProblem::Nonsense(format!("with the encoding `{encoding}`, unasked"));
                Err(Failure::lasting(RemoteError::new(self.request.clone(), problem)))
            }
        }
    }
}
