//! Writing a document with everything below it to one or several destinations.

use futures_util::future::join_all;
use umbel_content::{RemoteError, RemoteProblem, Source, TransportError, WriteBackend};
use umbel_copy::{CopyError, Interrupted, Plan, Report, execute, gather, plan};
use umbel_model::{Descriptor, Digest, Manifest, MediaType};

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
    /// Whether the name stood for it before, so that nothing had to be done.
    pub unchanged: bool,
}

/// What destinations stand for, if somebody looked.
pub(crate) enum Looked {
    /// Nobody did.
    NotYet,
    /// Of each destination, in order.
    Found(Vec<Result<Option<Digest>, TransportError>>),
}

type Destinations = [Box<dyn WriteBackend>];

/// Opens all destinations, so that one that cannot be used is found before anything is written.
pub(crate) fn destinations(session: &Session, texts: &[String]) -> Result<Vec<Box<dyn WriteBackend>>, Error> {
    texts.iter().map(|text| open::destination(session, text)).collect()
}

/// Looks what destinations stand for, where that costs little.
pub(crate) async fn look(destinations: &Destinations) -> Vec<Result<Option<Digest>, TransportError>> {
    join_all(destinations.iter().map(|destination| destination.current())).await
}

/// Publishes `root`, whose children `source` has, to each destination in turn. A destination that stands
/// for it already is left alone; one that is known to have everything below it gets the root at once.
pub(crate) async fn publish(
    source: &Source,
    root: &Manifest,
    destinations: &Destinations,
    looked: Looked,
) -> Result<Vec<Published>, Error> {
    let publication = Publication { source, root, destinations };
    let unchanged = publication.unchanged(looked).await?;
    let first_to_do = (0..destinations.len()).find(|at| !unchanged.contains(at));
    let plan = match first_to_do {
        Some(at) => Some(publication.plan(at).await?),
        None => None,
    };
    let mut done = Vec::new();
    for (at, destination) in destinations.iter().enumerate() {
        let report = match &plan {
            Some(plan) if !unchanged.contains(&at) => {
                match execute(plan, source, &**destination, &|_| {}).await {
                    Ok(report) => report,
                    Err(error) => return Err(publication.failed(at, done, error)),
                }
            }
            _ => Report::default(),
        };
        done.push(Published {
            destination: destination.location(),
            digest: root.digest().clone(),
            media_type: root.raw().media_type().clone(),
            report,
            unchanged: unchanged.contains(&at),
        });
    }
    Ok(done)
}

/// What is published, and where.
struct Publication<'p> {
    source: &'p Source,
    root: &'p Manifest,
    destinations: &'p Destinations,
}

impl Publication<'_> {
    /// Whether all destinations are known to have an entry, with everything below it.
    fn knows(&self, entry: &Descriptor) -> bool {
        let repositories = self.source.repositories_of(entry);
        self.destinations.iter().all(|destination| destination.is_among(&repositories))
    }

    /// The destinations that stand for the root already.
    async fn unchanged(&self, looked: Looked) -> Result<Vec<usize>, Error> {
        let knows_all = || matches!(self.root, Manifest::Index(index) if index.view().entries.iter().all(|entry| self.knows(entry)));
        let found = match looked {
            Looked::Found(found) => found,
            // Writing the root costs no more than looking.
            Looked::NotYet if knows_all() => Vec::new(),
            Looked::NotYet => look(self.destinations).await,
        };
        let mut unchanged = Vec::new();
        for (at, found) in found.into_iter().enumerate() {
            if stands_for(found, self.root.digest()).map_err(|error| self.failed_at_once(at, error))? {
                unchanged.push(at);
            }
        }
        Ok(unchanged)
    }

    async fn plan(&self, first: usize) -> Result<Plan, Error> {
        let tree = gather(self.source, self.root, &|entry| self.knows(entry)).await;
        Ok(plan(&tree.map_err(|error| self.failed_at_once(first, error))?))
    }

    fn failed_at_once(&self, at: usize, error: impl Into<CopyError>) -> Error {
        let mut locations: Vec<String> = self.destinations.iter().map(|place| place.location()).collect();
        let destination = locations.remove(at);
        let (done, report) = (Vec::new(), Report::default());
        Error::Publish { destination, done, report, not_tried: locations, source: error.into() }
    }

    fn failed(&self, at: usize, done: Vec<Published>, error: Interrupted) -> Error {
        let mut left = self.destinations[at..].iter().map(|destination| destination.location());
        let destination = left.next().unwrap_or_default();
        let Interrupted { source, report } = error;
        Error::Publish { destination, done, report, not_tried: left.collect(), source }
    }
}

/// Whether what was found is a digest. Who may write need not be allowed to read, so a refusal says
/// nothing; a registry that cannot be reached will not be reached later either.
fn stands_for(found: Result<Option<Digest>, TransportError>, digest: &Digest) -> Result<bool, CopyError> {
    match found {
        Ok(found) => Ok(found.as_ref() == Some(digest)),
        Err(TransportError::Remote(RemoteError {
            problem:
                RemoteProblem::Answered { .. } | RemoteProblem::Denied { .. } | RemoteProblem::Nonsense(_),
            ..
        })) => Ok(false),
        Err(error) => Err(CopyError::Write(error)),
    }
}
