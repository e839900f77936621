//! Taking the steps of a plan.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use umbel_content::{Blob, Placed, Placing, Source, TransportError, WriteBackend};
use umbel_model::{Descriptor, Digest, Manifest, Raw};

use crate::{GatherError, Plan, Step};

/// Something that happened during a copy.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A blob is at the destination.
    BlobPlaced(&'a Descriptor, Placed),
    /// A document was written.
    ManifestWritten(&'a Raw),
    /// The destination said to have something that it does not have; it is written again.
    Repairing(&'a Raw),
    /// The name stands for the root now.
    Published(&'a Raw),
}

/// What a copy did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Blobs that were written.
    pub blobs_written: usize,
    /// Blobs that the destination took from another of its repositories.
    pub blobs_mounted: usize,
    /// Blobs that were there already.
    pub blobs_present: usize,
    /// Their size, of those written, in bytes.
    pub bytes_written: u64,
    /// Documents below the root that were written.
    pub manifests: usize,
    /// Entries that were known to be there, with everything below them.
    pub entries_known: usize,
}

/// Takes the steps of `plan`, those of a stage together, and tells `observer` of each.
///
/// Stops at the first error. Whatever was written until then stays and is found by the next run; the
/// name has not moved. Where a destination refuses a document because something below it is missing,
/// though it seemed to be there, that is written, once.
pub async fn execute(
    plan: &Plan,
    source: &Source,
    destination: &dyn WriteBackend,
    observer: &(dyn Fn(Event<'_>) + Send + Sync),
) -> Result<Report, Interrupted> {
    let report = Mutex::new(Report { entries_known: plan.known, ..Report::default() });
    let execution = Execution { source, destination, observer, report };
    let mut result = Ok(());
    for stage in &plan.stages {
        let steps = stage.iter().map(|step| execution.take(step));
        let steps = stream::iter(steps).buffer_unordered(destination.parallel());
        result = steps.try_collect::<()>().await;
        if result.is_err() {
            break;
        }
    }
    let report = execution.report.into_inner().unwrap_or_else(PoisonError::into_inner);
    result.map(|()| report).map_err(|source| Interrupted { source, report })
}

struct Execution<'e> {
    source: &'e Source,
    destination: &'e dyn WriteBackend,
    observer: &'e (dyn Fn(Event<'_>) + Send + Sync),
    report: Mutex<Report>,
}

type Working<'w> = Pin<Box<dyn Future<Output = Result<(), CopyError>> + Send + 'w>>;

impl Execution<'_> {
    fn count(&self, count: impl FnOnce(&mut Report)) {
        count(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn take<'s>(&'s self, step: &'s Step) -> Working<'s> {
        match step {
            Step::Blob(blob) => Box::pin(self.place(blob, Placing::Reuse)),
            Step::Manifest(raw) => self.write(raw),
            Step::Publish(raw) => Box::pin(self.publish(raw)),
        }
    }

    async fn place(&self, descriptor: &Descriptor, how: Placing) -> Result<(), CopyError> {
        let blob = Blob::new(self.source.clone(), descriptor.clone());
        let placed = self.destination.place_blob(&blob, how).await;
        let placed =
            placed.map_err(|source| CopyError::Blob { digest: descriptor.digest.clone(), source })?;
        self.count(|report| match placed {
            Placed::Present => report.blobs_present += 1,
            Placed::Mounted => report.blobs_mounted += 1,
            Placed::Written => {
                report.blobs_written += 1;
                report.bytes_written += descriptor.size;
            }
        });
        (self.observer)(Event::BlobPlaced(descriptor, placed));
        Ok(())
    }

    fn write<'s>(&'s self, raw: &'s Raw) -> Working<'s> {
        Box::pin(async move {
            if let Err(error) = self.destination.write_manifest(raw).await {
                self.supply(raw, error, CopyError::Write).await?;
                self.destination.write_manifest(raw).await.map_err(CopyError::Write)?;
            }
            self.count(|report| report.manifests += 1);
            (self.observer)(Event::ManifestWritten(raw));
            Ok(())
        })
    }

    async fn publish(&self, raw: &Raw) -> Result<(), CopyError> {
        if let Err(error) = self.destination.publish(raw).await {
            self.supply(raw, error, CopyError::Publish).await?;
            self.destination.publish(raw).await.map_err(CopyError::Publish)?;
        }
        (self.observer)(Event::Published(raw));
        Ok(())
    }

    /// Writes what is missing below a document that was refused for `error`, whatever the destination
    /// said about it before. An error for any other reason is returned as `other` makes it.
    async fn supply(
        &self,
        raw: &Raw,
        error: TransportError,
        other: fn(TransportError) -> CopyError,
    ) -> Result<(), CopyError> {
        let TransportError::Remote(remote) = &error else { return Err(other(error)) };
        let Some(missing) = remote.missing_content() else { return Err(other(error)) };
        (self.observer)(Event::Repairing(raw));
        let manifest = Manifest::parse(raw.clone()).map_err(|_| {
            CopyError::Write(TransportError::missing(&raw.descriptor(), self.source.location()))
        })?;
        let children: Vec<Descriptor> = match &manifest {
            Manifest::Index(index) => index.view().entries.clone(),
            Manifest::Image(image) => image.view().blobs().cloned().collect(),
            Manifest::Schema1(_) => Vec::new(),
        };
        // Not all registries say what they miss, and some name something else than what is asked for.
        let named = children.iter().any(|child| missing.contains(&child.digest));
        for child in children.iter().filter(|child| !named || missing.contains(&child.digest)) {
            if matches!(manifest, Manifest::Index(_)) && child.media_type.document_kind().is_some() {
                let child = self.source.manifest(child).await.map_err(GatherError::Read)?;
                self.write(child.raw()).await?;
            } else {
                self.place(child, Placing::Send).await?;
            }
        }
        Ok(())
    }
}

/// A copy that ended early, and what it did until then.
#[derive(Debug)]
pub struct Interrupted {
    /// Why.
    pub source: CopyError,
    /// What was done.
    pub report: Report,
}

/// A copy that failed. Unless it is the last step that failed, the destination's name stands for what it
/// stood for before.
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
    /// The name could not be moved; a registry may have taken it without being able to say so, and a disk
    /// may have failed after it was.
    #[error(transparent)]
    Publish(TransportError),
}
