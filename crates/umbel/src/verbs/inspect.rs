//! `inspect`: what a list, an index or an image is.

use umbel_content::Source;
use umbel_local::Record;
use umbel_model::index::Dropped;
use umbel_model::{Descriptor, Document, ImageManifest, Index, Manifest, Platform, Raw, Wanted, choose};

use crate::open::{self, Opened, unreadable};
use crate::{Error, Session, describe};

/// Reads a list of the store, or the document at a location.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
/// # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
/// # umbel::block_on(async {
/// use umbel::{Inspect, Session, Shown};
///
/// let session = Session::at(format!("{here}/store"));
/// let inspected = Inspect::reference(format!("oci:{here}/images:arm64")).run(&session).await?;
/// let Shown::Image(_, platform) = &inspected.shown else { panic!("an image") };
/// assert_eq!(platform.as_ref().map(ToString::to_string), Some("linux/arm64".to_owned()));
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Inspect {
    /// A list by name, ID, prefix of an ID or digest, or a location. A bare name is a list.
    pub reference: String,
    /// Go on to the entry of an index that fits this platform best.
    pub platform: Option<Platform>,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// What was asked for.
    pub reference: String,
    /// The list, if it is one.
    pub record: Option<Record>,
    /// What publishing the list would lose.
    pub dropped: Vec<Dropped>,
    /// The document: that of the location, or the one that publishing the list writes.
    pub shown: Shown,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub enum Shown {
    /// An index.
    Index(Document<Index>),
    /// The manifest of an image or artifact, with its platform as far as it is known.
    Image(Document<ImageManifest>, Option<Platform>),
    /// A Docker schema 1 image.
    Schema1(Raw),
}

impl Inspected {
    /// The document's bytes, type and digest.
    pub fn raw(&self) -> &Raw {
        match &self.shown {
            Shown::Index(document) => document.raw(),
            Shown::Image(document, _) => document.raw(),
            Shown::Schema1(raw) => raw,
        }
    }
}

impl Inspect {
    /// Inspects `reference` itself.
    pub fn reference(reference: impl Into<String>) -> Self {
        Self { reference: reference.into(), platform: None }
    }

    /// Reads the document; of an image the config, too.
    pub async fn run(self, session: &Session) -> Result<Inspected, Error> {
        let reference = self.reference.clone();
        match open::source(session, &self.reference)? {
            Opened::List(record) => {
                let encoded = record.encode();
                if self.platform.is_some() {
                    let source = open::list_source(session, &record, encoded.document.raw().clone())?;
                    let shown = self.entry(&source, &encoded.document).await?;
                    return Ok(Inspected { reference, record: None, dropped: Vec::new(), shown });
                }
                let shown = Shown::Index(encoded.document);
                Ok(Inspected { reference, record: Some(*record), dropped: encoded.dropped, shown })
            }
            Opened::Content(source, _) => {
                let root = source.root().await.map_err(|error| unreadable(&self.reference, error))?;
                let shown = match root.manifest {
                    Manifest::Index(document) if self.platform.is_some() => {
                        self.entry(&source, &document).await?
                    }
                    manifest => self.show(&source, manifest, &root.descriptor).await?,
                };
                Ok(Inspected { reference, record: None, dropped: Vec::new(), shown })
            }
        }
    }

    /// The entry that fits the platform asked for.
    async fn entry(&self, source: &Source, document: &Document<Index>) -> Result<Shown, Error> {
        let wanted = Wanted::new(self.platform.clone().unwrap_or_default());
        let chosen = choose(&document.view().entries, &wanted);
        let entry = chosen.map_err(|source| Error::NoMatch { reference: self.reference.clone(), source })?;
        let manifest = source.manifest(entry).await.map_err(|error| unreadable(&self.reference, error))?;
        self.show(source, manifest, entry).await
    }

    async fn show(
        &self,
        source: &Source,
        manifest: Manifest,
        descriptor: &Descriptor,
    ) -> Result<Shown, Error> {
        match manifest {
            Manifest::Index(document) => Ok(Shown::Index(document)),
            Manifest::Schema1(raw) => Ok(Shown::Schema1(raw)),
            Manifest::Image(document) => {
                let platform = describe::platform(source, &document, descriptor, &self.reference).await?;
                Ok(Shown::Image(document, platform))
            }
        }
    }
}
