//! From a source to the entries that stand for it.

use std::collections::{BTreeSet, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use umbel_content::{Source, SourceRoot, TransportError};
use umbel_local::Record;
use umbel_model::index::Dropped;
use umbel_model::index::combine::Part;
use umbel_model::{
    Descriptor, Digest, Document, Flavor, ImageConfig, ImageManifest, Index, Location, Manifest, MediaType,
    NoMatch, Platform, Raw, Style, Wanted, choose,
};

use crate::open::{self, Opened, unreadable};
use crate::{Error, Note, Session};

/// Which entries of an index are meant. An image is always meant as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The one for this machine.
    #[default]
    Host,
    /// All of them.
    All,
    /// The best for each of these platforms. An image must be for one of them.
    Platforms(Vec<Platform>),
    /// The best for what these fields leave open, filled up with this machine's; an image may be for
    /// any platform.
    Fields {
        /// The operating system.
        os: Option<String>,
        /// The architecture.
        architecture: Option<String>,
        /// The variant.
        variant: Option<String>,
    },
}

/// What one source contributes to a list: entries, and where their content can be had from.
pub(crate) struct Contribution {
    pub(crate) entries: Vec<Descriptor>,
    pub(crate) homes: Vec<(Location, Vec<Digest>)>,
    /// Documents of entries that had to be read.
    pub(crate) documents: Vec<Raw>,
    pub(crate) notes: Vec<Note>,
}

/// How many sources are read at once.
const PARALLEL: usize = 32;

/// Reads many sources at once; what they give is in their order.
pub(crate) async fn together<T>(
    reads: impl IntoIterator<Item = impl Future<Output = Result<T, Error>>>,
) -> Result<Vec<T>, Error> {
    stream::iter(reads).buffered(PARALLEL).try_collect().await
}

/// Reads the entries that a source contributes to an index.
pub(crate) async fn entries(session: &Session, text: &str, choice: &Choice) -> Result<Contribution, Error> {
    match open::source(session, text)? {
        Opened::List(record) => {
            let entries = chosen(&record.index, text, choice, session)?;
            let homes = homes_of(&record, &entries);
            let wanted = |(digest, _): &(&Digest, &str)| entries.iter().any(|entry| entry.digest == **digest);
            let raw =
                |(_, text): (&Digest, &str)| Raw::new(MediaType::OCI_MANIFEST, text.as_bytes().to_vec());
            let documents = record.documents.iter().filter(wanted).map(raw).collect();
            let notes = left_behind(&record.index, text, choice);
            Ok(Contribution { entries, homes, documents, notes })
        }
        Opened::Content(source, home) => {
            let root = source.root().await.map_err(|error| unreadable(text, error))?;
            let (entries, notes) = match &root.manifest {
                Manifest::Index(index) => {
                    let index = index.view();
                    (chosen(index, text, choice, session)?, left_behind(index, text, choice))
                }
                Manifest::Image(_) => {
                    (vec![fitting(image_entry(&source, &root, text).await?, text, choice)?], Vec::new())
                }
                Manifest::Schema1(_) => return Err(Error::Schema1(text.to_owned())),
            };
            let digests = entries.iter().map(|entry| entry.digest.clone()).collect();
            // What is on this machine is read again as fast as from the list.
            let is_far = matches!(root.manifest, Manifest::Image(_)) && matches!(home, Location::Registry(_));
            let documents = is_far.then(|| root.manifest.raw().clone()).into_iter().collect();
            Ok(Contribution { entries, homes: vec![(home, digests)], documents, notes })
        }
    }
}

/// A source as a part of a combination.
pub(crate) struct Combinable {
    pub(crate) part: Part,
    /// Where the content of its entries can be had from.
    pub(crate) opened: Opened,
    /// What a list loses by being written.
    pub(crate) dropped: Vec<Dropped>,
}

/// Reads a source to be combined with others; a list in the form that is asked for, else in its own.
pub(crate) async fn part(session: &Session, text: &str, flavor: Option<Flavor>) -> Result<Combinable, Error> {
    let opened = open::source(session, text)?;
    let mut dropped = Vec::new();
    let (manifest, entry) = match &opened {
        Opened::List(record) => {
            let encoded = record.index.encode(flavor.unwrap_or(record.flavor), Style::default());
            dropped = encoded.dropped;
            let entry = encoded.document.raw().descriptor();
            (Manifest::Index(encoded.document), entry)
        }
        Opened::Content(source, _) => {
            let root = source.root().await.map_err(|error| unreadable(text, error))?;
            let entry = match &root.manifest {
                Manifest::Image(_) => image_entry(source, &root, text).await?,
                Manifest::Index(_) | Manifest::Schema1(_) => root.descriptor,
            };
            (root.manifest, entry)
        }
    };
    Ok(Combinable { part: Part { name: text.to_owned(), manifest, entry }, opened, dropped })
}

/// The entry that stands for an image: type, digest, size, artifact type, and the platform.
async fn image_entry(source: &Source, root: &SourceRoot, text: &str) -> Result<Descriptor, Error> {
    let mut entry = root.manifest.raw().descriptor();
    if let Manifest::Image(image) = &root.manifest {
        entry.artifact_type.clone_from(&image.view().artifact_type);
        entry.platform = platform(source, image, &root.descriptor, text).await?;
    }
    Ok(entry)
}

/// The platform of an image: as its config says, else as what refers to it says. (A descriptor in a
/// layout may be older than the image: umoci keeps the platform of what the image was made from.)
pub(crate) async fn platform(
    source: &Source,
    image: &Document<ImageManifest>,
    descriptor: &Descriptor,
    text: &str,
) -> Result<Option<Platform>, Error> {
    let told = descriptor.platform.clone().filter(|platform| !platform.is_empty());
    if !image.view().has_image_config() {
        return Ok(told);
    }
    let config = &image.view().config;
    let bytes = source.config(config).await.map_err(|error| unreadable(text, error))?;
    let parsed = ImageConfig::parse(&bytes).map_err(|source| {
        let (what, location) = (format!("the config `{}`", config.digest), text.to_owned());
        unreadable(text, TransportError::Document { what, location, source })
    });
    Ok(parsed?.platform.or(told))
}

fn chosen(index: &Index, text: &str, choice: &Choice, session: &Session) -> Result<Vec<Descriptor>, Error> {
    let best = |platform: Platform| {
        let chosen = choose(&index.entries, &Wanted::new(platform)).cloned();
        chosen.map_err(|source| Error::NoMatch { reference: text.to_owned(), source })
    };
    match choice {
        Choice::All => Ok(index.entries.clone()),
        Choice::Host => Ok(vec![best(session.host.clone())?]),
        Choice::Platforms(platforms) => platforms.iter().cloned().map(best).collect(),
        Choice::Fields { os, architecture, variant } => {
            let host = session.host.clone();
            let mut wanted = Platform {
                os: os.clone().unwrap_or(host.os),
                variant: variant.clone().or(host.variant.filter(|_| architecture.is_none())),
                architecture: architecture.clone().unwrap_or(host.architecture),
                ..Platform::default()
            };
            wanted.normalize();
            Ok(vec![best(wanted)?])
        }
    }
}

/// Refuses an image that is for none of the platforms asked for.
fn fitting(entry: Descriptor, text: &str, choice: &Choice) -> Result<Descriptor, Error> {
    let Choice::Platforms(platforms) = choice else { return Ok(entry) };
    let fits = |wanted: &Platform| entry.platform.as_ref().is_none_or(|own| own.is_covered_by(wanted));
    match platforms.first() {
        Some(wanted) if !platforms.iter().any(fits) => {
            let source = NoMatch { wanted: wanted.clone(), available: entry.platform.into_iter().collect() };
            Err(Error::NoMatch { reference: text.to_owned(), source })
        }
        _ => Ok(entry),
    }
}

fn homes_of(record: &Record, entries: &[Descriptor]) -> Vec<(Location, Vec<Digest>)> {
    let wanted: HashSet<&Digest> = entries.iter().map(|entry| &entry.digest).collect();
    let known = |digests: &BTreeSet<Digest>| digests.iter().filter(|d| wanted.contains(d)).cloned().collect();
    record.origins.iter().map(|(home, digests)| (home.clone(), known(digests))).collect()
}

/// What an index says about itself and does not come along when all its entries are taken.
fn left_behind(index: &Index, text: &str, choice: &Choice) -> Vec<Note> {
    let fields: Vec<&'static str> = [
        ("annotations", !index.annotations.is_empty()),
        ("artifactType", index.artifact_type.is_some()),
        ("subject", index.subject.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, present)| present.then_some(field))
    .collect();
    let noted = *choice == Choice::All && !fields.is_empty();
    noted.then(|| Note::LeftBehind { from: text.to_owned(), fields }).into_iter().collect()
}
