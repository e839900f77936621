//! The steps of a copy, in an order that is always safe.

use umbel_model::{Descriptor, Raw};

use crate::Tree;

/// One thing to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The blob is made sure to be at the destination.
    Blob(Descriptor),
    /// The document is written by its digest. All that it refers to is there by then.
    Manifest(Raw),
    /// The document is written and becomes what the destination's name stands for.
    Publish(Raw),
}

/// The steps of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// In the order in which they are taken: blobs, documents with children before parents, and the
    /// name last. The steps of one stage do not depend on each other.
    pub stages: Vec<Vec<Step>>,
    /// How much needs no step, because it is known to be at the destination.
    pub known: usize,
}

/// Plans the copy of a tree: every blob and document as it is, each once.
pub fn plan(tree: &Tree) -> Plan {
    let blobs = tree.blobs.iter().cloned().map(Step::Blob).collect();
    let manifests = tree.levels.iter().map(|level| level.iter().cloned().map(Step::Manifest).collect());
    let publish = vec![Step::Publish(tree.root.clone())];
    let stages = [blobs].into_iter().chain(manifests).chain([publish]);
    Plan { stages: stages.filter(|stage: &Vec<Step>| !stage.is_empty()).collect(), known: tree.known }
}
