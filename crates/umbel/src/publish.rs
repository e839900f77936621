//! Writing a document with everything below it to one or several destinations.

use futures_util::future::join_all;
use umbel_content::{RemoteError, RemoteProblem, Source, TransportError, WriteBackend};
use umbel_copy::{CopyError, Report, execute, gather, plan};
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
pub(crate) async fn look(destinations: &Destinations) -> Looked {
    Looked::Found(join_all(destinations.iter().map(|destination| destination.current())).await)
}

/// Publishes `root`, whose children `source` has, to each destination in turn. A destination that stands
/// for it already is left alone; one that is known to have everything below it gets the root at once.
pub(crate) async fn publish(
    source: &Source,
    root: &Manifest,
    destinations: &Destinations,
    looked: Looked,
) -> Result<Vec<Published>, Error> {
    let failed = |source, done, at: usize| {
        let mut left = destinations[at..].iter().map(|destination| destination.location());
        let destination = left.next().unwrap_or_default();
        Error::Publish { destination, done, not_tried: left.collect(), source }
    };
    let known = |descriptor: &Descriptor| {
        let repositories = source.repositories_of(descriptor);
        destinations.iter().all(|destination| destination.is_among(&repositories))
    };
    let found = match looked {
        Looked::Found(found) => found,
        Looked::NotYet if all_known(root, &known) => Vec::new(),
        Looked::NotYet => match look(destinations).await {
            Looked::Found(found) => found,
            Looked::NotYet => Vec::new(),
        },
    };
    let unchanged =
        unchanged(found, root).map_err(|(at, error)| failed(CopyError::Write(error), Vec::new(), at))?;
    let is_unchanged = |at: usize| unchanged.get(at).copied().unwrap_or_default();
    let mut done = Vec::new();
    let mut planned = None;
    for (at, destination) in destinations.iter().enumerate() {
        let report = if is_unchanged(at) {
            Report::default()
        } else {
            let plan = match &planned {
                Some(plan) => plan,
                None => {
                    let tree = gather(source, root, &known).await;
                    let tree = tree.map_err(|error| failed(error.into(), Vec::new(), at))?;
                    &*planned.insert(plan(&tree))
                }
            };
            match execute(plan, source, &**destination, &|_| {}).await {
                Ok(report) => report,
                Err(error) => return Err(failed(error, done, at)),
            }
        };
        done.push(Published {
            destination: destination.location(),
            digest: root.digest().clone(),
            media_type: root.raw().media_type().clone(),
            report,
            unchanged: is_unchanged(at),
        });
    }
    Ok(done)
}

fn all_known(root: &Manifest, known: &impl Fn(&Descriptor) -> bool) -> bool {
    matches!(root, Manifest::Index(index) if index.view().entries.iter().all(known))
}

/// Which destinations stand for `root` already. Who may write need not be allowed to read, so a refusal
/// says nothing; a registry that cannot be reached will not be reached later either.
fn unchanged(
    found: Vec<Result<Option<Digest>, TransportError>>,
    root: &Manifest,
) -> Result<Vec<bool>, (usize, TransportError)> {
    let judge = |(at, found): (usize, Result<Option<Digest>, TransportError>)| match found {
        Ok(found) => Ok(found.as_ref() == Some(root.digest())),
        Err(TransportError::Remote(RemoteError {
            problem:
                RemoteProblem::Answered { .. } | RemoteProblem::Denied { .. } | RemoteProblem::Nonsense(_),
            ..
        })) => Ok(false),
        Err(error) => Err((at, error)),
    };
    found.into_iter().enumerate().map(judge).collect()
}
