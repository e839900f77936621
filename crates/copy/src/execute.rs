//! Taking the steps of a plan.

use umbel_content::{Source, TransportError, WriteBackend};
use umbel_model::{Descriptor, Digest, Raw};

use crate::{GatherError, Plan, Step};

/// Something that happened during a copy.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A blob is at the destination already.
    BlobPresent(&'a Descriptor),
    /// A blob was written.
    BlobWritten(&'a Descriptor),
    /// A document was written.
    ManifestWritten(&'a Raw),
    /// The name stands for the root now.
    Published(&'a Raw),
}

/// What a copy did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Blobs that were written.
    pub blobs_written: usize,
    /// Blobs that were there already.
    pub blobs_present: usize,
    /// Their size, of those written, in bytes.
    pub bytes_written: u64,
    /// Documents below the root.
    pub manifests: usize,
}

/// Takes the steps of `plan`, one after another, and tells `observer` of each.
///
/// Stops at the first error. Whatever was written until then stays and is found by the next run; the
/// name has not moved.
pub async fn execute(
    plan: &Plan,
    source: &Source,
    destination: &dyn WriteBackend,
    observer: &(dyn Fn(Event<'_>) + Send + Sync),
) -> Result<Report, CopyError> {
    let mut report = Report::default();
    for step in &plan.steps {
        match step {
            Step::Blob(blob) if destination.has(blob).await.map_err(CopyError::Write)? => {
                report.blobs_present += 1;
                observer(Event::BlobPresent(blob));
            }
            Step::Blob(blob) => {
                let body = source.blob(blob).await.map_err(CopyError::blob(&blob.digest))?;
                destination.write_blob(body).await.map_err(CopyError::blob(&blob.digest))?;
                report.blobs_written += 1;
                report.bytes_written += blob.size;
                observer(Event::BlobWritten(blob));
            }
            Step::Manifest(raw) => {
                destination.write_manifest(raw).await.map_err(CopyError::Write)?;
                report.manifests += 1;
                observer(Event::ManifestWritten(raw));
            }
            Step::Publish(raw) => {
                destination.publish(raw).await.map_err(CopyError::Write)?;
                observer(Event::Published(raw));
            }
        }
    }
    Ok(report)
}

/// A copy that failed. The destination's name stands for what it stood for before.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// What is to be copied cannot be read.
    #[error("cannot read what is to be copied")]
    Gather(#[from] GatherError),
    /// A blob cannot be copied.
    #[error("cannot copy the blob `{digest}`")]
    Blob {
        /// Which.
        digest: Digest,
        /// Why; reading or writing it.
        source: TransportError,
    },
    /// The destination cannot be written.
    #[error(transparent)]
    Write(TransportError),
}

impl CopyError {
    fn blob(digest: &Digest) -> impl FnOnce(TransportError) -> Self {
        let digest = digest.clone();
        move |source| Self::Blob { digest, source }
    }
}
