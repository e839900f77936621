//! Uploads that take more than one request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use umbel_model::{Algorithm, Digest, Hasher};

use crate::refusal::Refusal;
use crate::storage::NewContent;

/// An upload that nobody touched for this long is forgotten when another begins.
const IDLE: Duration = Duration::from_secs(3600);

/// How many uploads can be under way at once.
const MOST: usize = 1000;

/// A blob on its way in.
pub(crate) struct Upload {
    repository: String,
    content: Box<dyn NewContent>,
    /// One for each algorithm that the digest may turn out to be of; none before the first byte.
    hashers: Vec<(Algorithm, Hasher)>,
    length: u64,
    touched: Instant,
}

impl Upload {
    pub(crate) fn new(repository: &str, content: Box<dyn NewContent>) -> Self {
        let repository = repository.to_owned();
        Self { repository, content, hashers: Vec::new(), length: 0, touched: Instant::now() }
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Says that all bytes to come are those of `digest`; else any algorithm has to be expected.
    pub(crate) fn expect(&mut self, digest: Option<&Digest>) {
        if self.hashers.is_empty() {
            let algorithms = match digest.and_then(Digest::algorithm) {
                Some(algorithm) => vec![algorithm],
                None => vec![Algorithm::Sha256, Algorithm::Sha512],
            };
            self.hashers = algorithms.into_iter().map(|a| (a, Hasher::new(a))).collect();
        }
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        for (_, hasher) in &mut self.hashers {
            hasher.update(bytes);
        }
        self.length += bytes.len() as u64;
        self.touched = Instant::now();
        self.content.write(bytes)
    }

    /// Makes the blob appear, if it is what `digest` says.
    pub(crate) fn finish(mut self, digest: &Digest) -> Result<(), Refusal> {
        self.expect(Some(digest));
        let hasher = self.hashers.into_iter().find(|(algorithm, _)| Some(*algorithm) == digest.algorithm());
        let Some((_, hasher)) = hasher else {
            return Err(Refusal::digest_invalid(format!("the algorithm of `{digest}` is not supported")));
        };
        let actual = hasher.finish();
        if actual != *digest {
            return Err(Refusal::digest_invalid(format!("the content is `{actual}`, not `{digest}`")));
        }
        self.content.finish(digest)
    }
}

/// Uploads between their requests. While a request works on one, it is not here, so that two cannot
/// write to it at once.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<HashMap<String, Upload>>);

impl Uploads {
    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Upload>> {
        // Every change is one insertion or removal, so what a panicking thread held is still good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an upload out, to work on it.
    pub(crate) fn take(&self, repository: &str, id: &str) -> Result<Upload, Refusal> {
        let mut uploads = self.locked();
        match uploads.get(id) {
            Some(upload) if upload.repository == repository => {
                uploads.remove(id).ok_or_else(Refusal::upload_unknown)
            }
            _ => Err(Refusal::upload_unknown()),
        }
    }

    /// Puts an upload back, or in for the first time.
    pub(crate) fn put(&self, id: &str, upload: Upload) -> Result<(), Refusal> {
        let mut uploads = self.locked();
        uploads.retain(|_, other| other.touched.elapsed() < IDLE);
        if uploads.len() >= MOST {
            let status = hyper::StatusCode::TOO_MANY_REQUESTS;
            return Err(Refusal::new(status, "TOOMANYREQUESTS", "too many uploads are under way"));
        }
        uploads.insert(id.to_owned(), upload);
        Ok(())
    }
}
