//! `combine`: sources become one index at one or several destinations, without a list in between.

use std::sync::Arc;

use umbel_content::{Assembled, Source};
use umbel_model::index::combine::{Part, Rules, SingleImage, combine};
use umbel_model::{
    AnnotationChange, Descriptor, Digest, Edit, Flavor, Manifest, MediaType, Platform, Raw, Style, Target,
};

use super::push::{Loss, accept};
use crate::open::{self, Opened, unreadable};
use crate::publish::{Looked, destinations, publish};
use crate::{Error, Note, Published, Session, describe, note};

/// Combines images and indexes. A single index that is not changed keeps its bytes.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
/// # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
/// # umbel::block_on(async {
/// use umbel::{Combine, Session};
///
/// let session = Session::at(format!("{here}/store"));
/// let sources = ["amd64", "arm64"].map(|name| format!("oci:{here}/images:{name}"));
/// let combined = Combine::of(sources, [format!("oci:{here}/out:v1")]).run(&session).await?;
/// let copied = Combine::of([format!("oci:{here}/out:v1")], [format!("oci:{here}/copy:v1")]).run(&session).await?;
/// assert_eq!(copied.digest(), combined.digest());
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Combine {
    /// Locations, or names of lists.
    pub sources: Vec<String>,
    /// Where to; none to see only what would come of it.
    pub destinations: Vec<String>,
    /// The form of the result; `None` lets the sources decide.
    pub flavor: Option<Flavor>,
    /// Keep only what is for one of these platforms, with its attestations; empty keeps all.
    pub platforms: Vec<Platform>,
    /// Changes of the annotations of the resulting index.
    pub annotations: Vec<AnnotationChange>,
    /// What becomes of an image that is the only source.
    pub single_image: SingleImage,
    /// What to do if the form cannot hold all of the result.
    pub loss: Loss,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct CombineOutcome {
    /// The result: an index, or an image that is kept as one.
    pub root: Raw,
    /// Its entries.
    pub entries: Vec<Descriptor>,
    /// The destinations, in order.
    pub published: Vec<Published>,
    /// Remarks.
    pub notes: Vec<Note>,
}

impl CombineOutcome {
    /// The digest of the result.
    pub fn digest(&self) -> &Digest {
        self.root.digest()
    }

    /// What the result is.
    pub fn media_type(&self) -> &MediaType {
        self.root.media_type()
    }
}

impl Combine {
    /// Combines `sources` and publishes the result.
    pub fn of(
        sources: impl IntoIterator<Item = impl Into<String>>,
        destinations: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            sources: sources.into_iter().map(Into::into).collect(),
            destinations: destinations.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Reads all sources, decides, and then writes.
    pub async fn run(self, session: &Session) -> Result<CombineOutcome, Error> {
        let mut parts = Vec::with_capacity(self.sources.len());
        let mut places = Vec::with_capacity(self.sources.len());
        let mut dropped = Vec::new();
        let sources = self.sources.iter().map(|source| describe::part(session, source, self.flavor));
        for source in describe::together(sources).await? {
            parts.push(source.part);
            places.push(source.opened);
            dropped.extend(source.dropped);
        }
        let destinations = destinations(session, &self.destinations)?;
        let combined = combine(&parts, &self.rules())?;
        let flavor = match combined.root.media_type() {
            media_type if *media_type == MediaType::DOCKER_LIST => Flavor::Docker,
            _ => Flavor::Oci,
        };
        dropped.extend(combined.dropped);
        let mut notes = accept(flavor, dropped, self.loss)?;
        notes.extend(combined.notes.into_iter().map(Note::Combine));
        notes.extend(note::about_publishing(flavor, &combined.entries));
        let mut published = Vec::new();
        if !destinations.is_empty() {
            let source = assembled(session, &combined.root, &parts, places)?;
            let root = source.root().await.map_err(|error| unreadable(&source.location(), error))?;
            published = publish(&source, &root.manifest, &destinations, Looked::NotYet).await?;
        }
        Ok(CombineOutcome { root: combined.root, entries: combined.entries, published, notes })
    }

    fn rules(&self) -> Rules {
        let changes = self.annotations.clone();
        let annotate = Edit::Annotate { target: Target::Index, changes };
        Rules {
            flavor: self.flavor,
            platforms: self.platforms.clone(),
            edits: Some(annotate).filter(|_| !self.annotations.is_empty()).into_iter().collect(),
            single_image: self.single_image,
            style: Style::default(),
        }
    }
}

/// A source that has the result, and its entries where the parts have them.
fn assembled(session: &Session, root: &Raw, parts: &[Part], places: Vec<Opened>) -> Result<Source, Error> {
    let mut assembled = Assembled::new("the combined index".to_owned(), root.clone());
    for (part, place) in parts.iter().zip(places) {
        match place {
            Opened::List(record) => open::add_origins(session, &mut assembled, &record)?,
            Opened::Content(source, _) => {
                let digests: Vec<Digest> = match &part.manifest {
                    Manifest::Index(index) => index.view().entries.iter().map(|e| e.digest.clone()).collect(),
                    Manifest::Image(image) if image.raw().digest() == root.digest() => {
                        image.view().blobs().map(|blob| blob.digest.clone()).collect()
                    }
                    Manifest::Image(_) | Manifest::Schema1(_) => vec![part.entry.digest.clone()],
                };
                assembled.add(source.backend().clone(), &digests);
            }
        }
    }
    Ok(Source::new(Arc::new(assembled), session.limits))
}
