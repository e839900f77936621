//! A blob on its way in, which goes on after an interruption.

use std::hint::black_box;
use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_RANGE;
use tokio::time::Instant;
use umbel_content::{Body, RemoteError, RemoteProblem, Task, TransportError};
use umbel_model::Descriptor;

use crate::breakage::half_body;
use crate::content_range::{Resume, resumed};
use crate::repository::Repository;
use crate::retry::Trouble;
use crate::tries::Failure;

/// A server slower than this many bytes in so long keeps a connection for nothing.
const SLOWEST: (u64, Duration) = (120 << 10, Duration::from_secs(120));

/// A blob larger than this, in bytes, comes in so many pieces that their memory is worth a thought.
const LARGE: u64 = 4 << 20;

/// Keeps the memory of pieces for the next ones.
///
/// glibc gives what is freed above a threshold back to the kernel, which has to clear it when it is needed
/// again: a tenth of the time of a large copy. The threshold follows the largest piece that was freed so far
/// (`mallopt(3)`, `M_MMAP_THRESHOLD`), so one that is never touched is enough. Elsewhere this does nothing.
fn keep_freed_memory() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(16 << 20))));
}

/// The bytes of a blob of a registry.
///
/// When a transfer breaks, the rest is asked for by range; a registry that knows no ranges sends all of
/// it again, and what was read already is skipped. Every piece that arrives renews the tries.
pub struct BlobBody {
    repository: Repository,
    descriptor: Descriptor,
    response: reqwest::Response,
    /// How much was handed out.
    offset: u64,
    /// How much of what comes was handed out before.
    skip: u64,
    /// Since when, and from which offset on, the speed is measured.
    pace: (Instant, u64),
}

impl BlobBody {
    pub(crate) fn new(repository: Repository, descriptor: Descriptor, response: reqwest::Response) -> Self {
        if descriptor.size > LARGE {
            keep_freed_memory();
        }
        Self { repository, descriptor, response, offset: 0, skip: 0, pace: (Instant::now(), 0) }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let failure = match self.piece().await {
            Ok(piece) => return Ok(piece),
            Err(failure) => failure,
        };
        let repository = self.repository.clone();
        let mut tries = repository.tries();
        tries.again(failure).await?;
        loop {
            let patience = tries.patience(repository.network().options().timeouts.answer);
            let failure = match self.resume(patience).await {
                Ok(()) => match self.piece().await {
                    Ok(piece) => return Ok(piece),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            tries.again(failure).await?;
        }
    }

    /// The next bytes that were not handed out yet.
    async fn piece(&mut self) -> Result<Option<Bytes>, Failure> {
        let idle = self.repository.network().options().timeouts.idle;
        loop {
            let chunk = match tokio::time::timeout(idle, self.response.chunk()).await {
                Ok(Ok(chunk)) => chunk,
                Ok(Err(error)) => return Err(half_body(&self.request(), error)),
                Err(_) => return Err(self.silence(idle)),
            };
            let Some(mut chunk) = chunk else { return self.end() };
            let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
            self.skip -= known as u64;
            let chunk = chunk.split_off(known);
            if chunk.is_empty() {
                continue;
            }
            // A piece that is not handed out is not counted either: it has to come again.
            let offset = self.offset + chunk.len() as u64;
            self.keep_pace(offset)?;
            self.offset = offset;
            return Ok(Some(chunk));
        }
    }

    /// An end that comes early without the HTTP library noticing is an interruption, too.
    fn end(&self) -> Result<Option<Bytes>, Failure> {
        if self.offset >= self.descriptor.size {
            return Ok(None);
        }
        let text = format!("it ended after {} of {} bytes", self.offset, self.descriptor.size);
        let problem = RemoteProblem::Nonsense(text);
        let error = RemoteError::new(self.request(), problem).into();
        Err(Failure { error, trouble: Some(Trouble::HalfBody) })
    }

    fn keep_pace(&mut self, offset: u64) -> Result<(), Failure> {
        let (since, from) = self.pace;
        if since.elapsed() < SLOWEST.1 {
            return Ok(());
        }
        self.pace = (Instant::now(), offset);
        if offset - from >= SLOWEST.0 { Ok(()) } else { Err(self.silence(SLOWEST.1)) }
    }

    async fn resume(&mut self, patience: Duration) -> Result<(), Failure> {
        let answer = self.repository.blob_from(&self.descriptor, self.offset, patience).await?;
        let range = answer.header(CONTENT_RANGE);
        self.skip = match resumed(answer.status.as_u16(), range, self.offset, self.descriptor.size) {
            Resume::Continue => 0,
            Resume::StartOver { skip } => skip,
            Resume::Refused(reason) => {
                let problem = RemoteProblem::Nonsense(reason.to_string());
                let error = RemoteError::new(self.request(), problem);
                return Err(Failure::lasting(error));
            }
        };
        self.response = answer.response;
        Ok(())
    }

    fn silence(&self, waited: Duration) -> Failure {
        Failure::silence(self.request(), waited)
    }

    fn request(&self) -> String {
        format!("the blob `{}` of `{}`", self.descriptor.digest, self.repository.name())
    }
}

impl Body for BlobBody {
    fn next_chunk(&mut self) -> Task<'_, Option<Bytes>> {
        Box::pin(self.next())
    }
}
