//! What is below a document.

use std::collections::HashSet;

use umbel_content::{Source, TransportError};
use umbel_model::{Descriptor, Digest, Manifest, Raw};

/// How deep indexes may be nested in each other. Real ones hardly ever are at all.
const MAX_NESTING: usize = 16;

/// A document and everything that it refers to, each digest once.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The document at the top.
    pub root: Raw,
    /// The documents below it, children before parents.
    pub manifests: Vec<Raw>,
    /// The blobs below it: configs and layers, and what is in an index without being a document.
    pub blobs: Vec<Descriptor>,
}

/// Reads every document below `root` from `source`. Blobs are not read.
///
/// Layers that may not be distributed and have addresses to be fetched from are left out, as
/// everybody does.
pub async fn gather(source: &Source, root: &Manifest) -> Result<Tree, GatherError> {
    let mut tree = Tree { root: root.raw().clone(), manifests: Vec::new(), blobs: Vec::new() };
    let mut seen = HashSet::from([root.digest().clone()]);
    let mut stack = vec![Open::new(root.clone(), &mut tree, &mut seen)?];
    while let Some(top) = stack.last_mut() {
        let Some(child) = top.children.pop() else {
            let done = stack.pop().map(|open| open.manifest);
            tree.manifests.extend(done.filter(|_| !stack.is_empty()).map(|manifest| manifest.raw().clone()));
            continue;
        };
        if !seen.insert(child.digest.clone()) {
            continue;
        }
        if stack.len() >= MAX_NESTING {
            return Err(GatherError::NestedTooDeep(child.digest));
        }
        let manifest = source.manifest(&child).await?;
        stack.push(Open::new(manifest, &mut tree, &mut seen)?);
    }
    Ok(tree)
}

/// A document some of whose children were not looked at yet.
struct Open {
    manifest: Manifest,
    /// Last child first, so that they are taken from the end.
    children: Vec<Descriptor>,
}

impl Open {
    /// Adds the document's blobs to the tree and keeps its child documents for later.
    fn new(manifest: Manifest, tree: &mut Tree, seen: &mut HashSet<Digest>) -> Result<Self, GatherError> {
        let (mut children, blobs): (Vec<Descriptor>, Vec<Descriptor>) = match &manifest {
            Manifest::Index(index) => {
                let entries = index.view().entries.iter().cloned();
                entries.partition(|entry| entry.media_type.document_kind().is_some())
            }
            Manifest::Image(image) => (Vec::new(), image.view().blobs().cloned().collect()),
            Manifest::Schema1(raw) => return Err(GatherError::Schema1(raw.digest().clone())),
        };
        children.reverse();
        let to_copy = |blob: &Descriptor| blob.urls.is_empty() || !blob.media_type.is_nondistributable();
        for blob in blobs.into_iter().filter(to_copy) {
            if seen.insert(blob.digest.clone()) {
                tree.blobs.push(blob);
            }
        }
        Ok(Self { manifest, children })
    }
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
