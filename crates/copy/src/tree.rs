//! What is below a document.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use umbel_content::{Source, TransportError};
use umbel_model::{Descriptor, Digest, Manifest, Raw};

/// How deep indexes may be nested in each other. Real ones hardly ever are at all.
const MAX_NESTING: usize = 16;

/// How many documents are read at once.
const PARALLEL: usize = 32;

/// A document and everything that it refers to, each digest once.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The document at the top.
    pub root: Raw,
    /// The documents below it, in levels: each refers only to documents of levels before its own.
    pub levels: Vec<Vec<Raw>>,
    /// The blobs below it: configs and layers, and what is in an index without being a document.
    pub blobs: Vec<Descriptor>,
    /// How many documents and blobs were left out with all below them, because they are known.
    pub known: usize,
}

/// Reads every document below `root` from `source`, all of a depth at once. Blobs are not read.
///
/// What is `known` to be where it shall go is left out, with all that is below it. So are layers that may
/// not be distributed and have addresses to be fetched from, as everybody does.
pub async fn gather(
    source: &Source,
    root: &Manifest,
    known: &(dyn Fn(&Descriptor) -> bool + Send + Sync),
) -> Result<Tree, GatherError> {
    let mut gathering = Gathering {
        known,
        seen: HashSet::from([root.digest().clone()]),
        blobs: Vec::new(),
        left_out: HashSet::new(),
    };
    let mut found: Vec<Found> = Vec::new();
    let mut depth = 1;
    let (_, mut next) = gathering.children(root)?;
    while !next.is_empty() {
        if depth >= MAX_NESTING {
            return Err(GatherError::NestedTooDeep(next[0].digest.clone()));
        }
        let reads = next.iter().map(|child| source.manifest(child));
        let read: Vec<Manifest> = stream::iter(reads).buffered(PARALLEL).try_collect().await?;
        next = Vec::new();
        for manifest in read {
            let (documents, new) = gathering.children(&manifest)?;
            found.push(Found { raw: manifest.raw().clone(), documents });
            next.extend(new);
        }
        depth += 1;
    }
    Ok(Tree {
        root: root.raw().clone(),
        levels: levels(&found),
        blobs: gathering.blobs,
        known: gathering.left_out.len(),
    })
}

/// A document that was read, and those that it refers to.
struct Found {
    raw: Raw,
    documents: Vec<Digest>,
}

struct Gathering<'g> {
    known: &'g (dyn Fn(&Descriptor) -> bool + Send + Sync),
    seen: HashSet<Digest>,
    blobs: Vec<Descriptor>,
    left_out: HashSet<Digest>,
}

impl Gathering<'_> {
    /// Adds the blobs of a document. Returns all documents that it refers to, and those of them that were
    /// not seen before.
    fn children(&mut self, manifest: &Manifest) -> Result<(Vec<Digest>, Vec<Descriptor>), GatherError> {
        let (documents, blobs): (Vec<&Descriptor>, Vec<&Descriptor>) = match manifest {
            Manifest::Index(index) => {
                let (known, entries): (Vec<_>, Vec<_>) =
                    index.view().entries.iter().partition(|entry| (self.known)(entry));
                self.left_out.extend(known.iter().map(|entry| entry.digest.clone()));
                entries.into_iter().partition(|entry| entry.media_type.document_kind().is_some())
            }
            Manifest::Image(image) => (Vec::new(), image.view().blobs().collect()),
            Manifest::Schema1(raw) => return Err(GatherError::Schema1(raw.digest().clone())),
        };
        let to_copy = |blob: &&Descriptor| blob.urls.is_empty() || !blob.media_type.is_nondistributable();
        for blob in blobs.into_iter().filter(to_copy) {
            if self.seen.insert(blob.digest.clone()) {
                self.blobs.push(blob.clone());
            }
        }
        let digests = documents.iter().map(|document| document.digest.clone()).collect();
        let new = documents.into_iter().filter(|document| self.seen.insert(document.digest.clone()));
        Ok((digests, new.cloned().collect()))
    }
}

/// Puts documents into levels, those without documents below them first. `found` has parents before
/// children that were first seen there.
fn levels(found: &[Found]) -> Vec<Vec<Raw>> {
    let mut heights: HashMap<Digest, usize> = HashMap::new();
    let by_digest: HashMap<&Digest, &Found> = found.iter().map(|found| (found.raw.digest(), found)).collect();
    for found in found {
        height(found, &by_digest, &mut heights);
    }
    let mut levels: Vec<Vec<Raw>> = Vec::new();
    for found in found {
        let height = heights[found.raw.digest()];
        levels.resize_with(levels.len().max(height + 1), Vec::new);
        levels[height].push(found.raw.clone());
    }
    levels
}

/// How many levels of documents are below one. A document cannot be below itself, and the depth is
/// bounded, so this ends.
fn height(
    found: &Found,
    by_digest: &HashMap<&Digest, &Found>,
    heights: &mut HashMap<Digest, usize>,
) -> usize {
    if let Some(height) = heights.get(found.raw.digest()) {
        return *height;
    }
    let below = found.documents.iter().filter_map(|digest| by_digest.get(digest));
    let height = below.map(|child| height(child, by_digest, heights) + 1).max().unwrap_or_default();
    heights.insert(found.raw.digest().clone(), height);
    height
}

/// A tree that cannot be gathered.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// A document cannot be read.
    #[error(transparent)]
    Read(#[from] TransportError),
    /// Indexes are nested in each other without end.
    #[error("indexes are nested deeper than {MAX_NESTING} levels, down to `{0}`")]
    NestedTooDeep(Digest),
    /// A document is of a kind that cannot be copied.
    #[error("`{0}` is a Docker schema 1 image, which cannot be copied")]
    Schema1(Digest),
}
