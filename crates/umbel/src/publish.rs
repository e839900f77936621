//! Writing a document with everything below it to one or several destinations.

use umbel_content::{Source, WriteBackend};
use umbel_copy::{CopyError, Report, execute, gather, plan};
use umbel_model::{Digest, Manifest, MediaType};

use crate::{Error, Session, open};

/// Something that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Where.
    pub destination: String,
    /// The digest that the name stands for now.
    pub digest: Digest,
    /// What it is.
    pub media_type: MediaType,
    /// What had to be done for it.
    pub report: Report,
}

/// Opens all destinations, so that one that cannot be used is found before anything is written.
pub(crate) fn destinations(session: &Session, texts: &[String]) -> Result<Vec<Box<dyn WriteBackend>>, Error> {
    texts.iter().map(|text| open::destination(session, text)).collect()
}

/// Publishes `root`, whose children `source` has, to each destination in turn.
pub(crate) async fn publish(
    source: &Source,
    root: &Manifest,
    destinations: &[Box<dyn WriteBackend>],
) -> Result<Vec<Published>, Error> {
    let mut done = Vec::new();
    let gathered = gather(source, root).await.map_err(CopyError::from);
    let failed = |source, done, at: usize| {
        let mut left = destinations[at..].iter().map(|destination| destination.location());
        let destination = left.next().unwrap_or_default();
        Error::Publish { destination, done, not_tried: left.collect(), source }
    };
    let tree = gathered.map_err(|source| failed(source, Vec::new(), 0))?;
    let plan = plan(&tree);
    for (at, destination) in destinations.iter().enumerate() {
        match execute(&plan, source, &**destination, &|_| {}).await {
            Ok(report) => done.push(Published {
                destination: destination.location(),
                digest: tree.root.digest().clone(),
                media_type: tree.root.media_type().clone(),
                report,
            }),
            Err(source) => return Err(failed(source, done, at)),
        }
    }
    Ok(done)
}
