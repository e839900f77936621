//! `copy`: an image or index goes somewhere else, as it is.

use futures_util::future::join;
use umbel_model::{Digest, Manifest, MediaType};

use super::push::{Loss, accept};
use crate::open::{self, Opened, unreadable};
use crate::publish::{Looked, destinations, look, publish};
use crate::{Error, Note, Published, Session};

/// Copies an image, or an index with everything below it, to one or several destinations. Every byte and
/// every digest stays what it is.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # let image = umbel_testkit::image("linux/amd64").build();
/// # images.add_image(&image, Some("amd64"));
/// # umbel::block_on(async {
/// use umbel::{Copy, Session};
///
/// let session = Session::at(format!("{here}/store"));
/// let copied = Copy::of(format!("oci:{here}/images:amd64"), [format!("oci:{here}/out:v1")]).run(&session).await?;
/// assert_eq!(copied.digest.as_str(), image.manifest.digest);
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Copy {
    /// A location, or the name of a list.
    pub source: String,
    /// Where to.
    pub destinations: Vec<String>,
}

/// What was copied.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The digest that every destination has now.
    pub digest: Digest,
    /// What it is.
    pub media_type: MediaType,
    /// The destinations, in order.
    pub published: Vec<Published>,
    /// Remarks.
    pub notes: Vec<Note>,
}

impl Copy {
    /// Copies `source` to each of `destinations`.
    pub fn of(source: impl Into<String>, destinations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { source: source.into(), destinations: destinations.into_iter().map(Into::into).collect() }
    }

    /// Reads what is there while it looks at what the destinations have.
    pub async fn run(self, session: &Session) -> Result<Copied, Error> {
        let opened = open::source(session, &self.source)?;
        let destinations = destinations(session, &self.destinations)?;
        let (root, source, notes, looked) = match opened {
            Opened::List(record) => {
                let encoded = record.encode();
                let root = Manifest::Index(encoded.document);
                let source = open::list_source(session, &record, root.raw().clone())?;
                let notes = accept(record.flavor, encoded.dropped, Loss::Refuse)?;
                (root, source, notes, Looked::NotYet)
            }
            Opened::Content(source, _) => {
                let (root, looked) = join(source.root(), look(&destinations)).await;
                let root = root.map_err(|error| unreadable(&self.source, error))?;
                (root.manifest, source, Vec::new(), Looked::Found(looked))
            }
        };
        let published = publish(&source, &root, &destinations, looked).await?;
        let (digest, media_type) = (root.digest().clone(), root.raw().media_type().clone());
        Ok(Copied { digest, media_type, published, notes })
    }
}
