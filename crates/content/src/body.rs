//! Streams of bytes, and the check at their end.

use bytes::Bytes;
use umbel_model::raw::Mismatch;
use umbel_model::{Descriptor, Hasher};

use crate::{Task, TransportError};

/// A stream of bytes, read once from front to end.
pub trait Body: Send {
    /// The next bytes, never empty; `None` at the end.
    fn next_chunk(&mut self) -> Task<'_, Option<Bytes>>;
}

/// A body of bytes that are in memory already.
pub struct Buffer(Option<Bytes>);

impl Buffer {
    /// Wraps `bytes`.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(Some(bytes.into()).filter(|bytes| !bytes.is_empty()))
    }
}

impl Body for Buffer {
    fn next_chunk(&mut self) -> Task<'_, Option<Bytes>> {
        let chunk = self.0.take();
        Box::pin(async move { Ok(chunk) })
    }
}

/// A body that fails unless its bytes are those that a descriptor promises.
///
/// More bytes than promised fail at once, fewer or others at the end, so the last call to
/// [`VerifiedBody::next_chunk`] decides: whoever stops before it returned `Ok(None)` has verified
/// nothing.
pub struct VerifiedBody {
    body: Box<dyn Body>,
    expected: Descriptor,
    location: String,
    hasher: Option<Hasher>,
    read: u64,
}

impl VerifiedBody {
    /// Checks `body`, which comes from `location`, against `expected`.
    pub fn new(body: Box<dyn Body>, expected: &Descriptor, location: String) -> Self {
        let hasher = expected.digest.algorithm().map(Hasher::new);
        Self { body, expected: expected.clone(), location, hasher, read: 0 }
    }

    /// What the body is checked against.
    pub fn expected(&self) -> &Descriptor {
        &self.expected
    }

    /// The next bytes; `None` once everything was read and is what was promised.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(hasher) = &mut self.hasher else {
            return Err(self.damaged(Mismatch::UnknownAlgorithm(self.expected.digest.clone())));
        };
        let chunk = self.body.next_chunk().await?;
        if let Some(bytes) = &chunk {
            self.read += bytes.len() as u64;
            hasher.update(bytes);
        }
        let actual = chunk.is_none().then(|| hasher.clone().finish());
        if self.read > self.expected.size || (actual.is_some() && self.read < self.expected.size) {
            let (digest, expected) = (self.expected.digest.clone(), self.expected.size);
            return Err(self.damaged(Mismatch::Size { digest, expected, actual: self.read }));
        }
        match actual {
            Some(actual) if actual != self.expected.digest => {
                let expected = self.expected.digest.clone();
                Err(self.damaged(Mismatch::Digest { expected, actual }))
            }
            _ => Ok(chunk),
        }
    }

    /// All of it, for content known to be small; fails before reading if more than `limit` bytes are
    /// promised.
    pub async fn collect(mut self, limit: u64) -> Result<Vec<u8>, TransportError> {
        if self.expected.size > limit {
            let what = format!("`{}` of `{}`", self.expected.digest, self.location);
            return Err(TransportError::TooLarge { what, size: self.expected.size, limit });
        }
        let mut all = Vec::new();
        while let Some(chunk) = self.next_chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }

    fn damaged(&self, source: Mismatch) -> TransportError {
        TransportError::Damaged { location: self.location.clone(), source }
    }
}
