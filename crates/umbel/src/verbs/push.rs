//! `push`: a list is published.

use umbel_model::index::Dropped;
use umbel_model::{Digest, Flavor, Manifest, MediaType, Style};

use crate::publish::{Looked, destinations, publish};
use crate::{Error, Note, Published, Session, note, open};

/// Publishes a list with all its images to one or several destinations: images first, the name last.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
/// # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
/// # umbel::block_on(async {
/// use umbel::{Create, Push, Session};
///
/// let session = Session::at(format!("{here}/store"));
/// let sources = vec![format!("oci:{here}/images:amd64")];
/// let created = Create { sources, ..Create::list("app") }.run(&session).await?;
/// let pushed = Push::list("app", [format!("oci:{here}/out:v1")]).run(&session).await?;
/// assert_eq!(pushed.digest, *created.record.encode().document.raw().digest());
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Push {
    /// The list: name, ID, prefix of an ID, or digest.
    pub list: String,
    /// Where to.
    pub destinations: Vec<String>,
    /// The form to write; `None` for the list's own.
    pub flavor: Option<Flavor>,
    /// What to do if the form cannot hold all of the list.
    pub loss: Loss,
}

/// What to do about what cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// Refuse.
    #[default]
    Refuse,
    /// Leave it out and say so.
    Accept,
}

/// What was published.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// The digest that every destination has now.
    pub digest: Digest,
    /// What it is.
    pub media_type: MediaType,
    /// The destinations, in order.
    pub published: Vec<Published>,
    /// Remarks.
    pub notes: Vec<Note>,
}

impl Push {
    /// Publishes `list` in its own form.
    pub fn list(list: impl Into<String>, destinations: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let destinations = destinations.into_iter().map(Into::into).collect();
        Self { list: list.into(), destinations, flavor: None, loss: Loss::Refuse }
    }

    /// Takes no lock on the list; what is published is the list as it was at the start.
    pub async fn run(self, session: &Session) -> Result<Pushed, Error> {
        let record = session.store.find(&self.list)?;
        let flavor = self.flavor.unwrap_or(record.flavor);
        let encoded = record.index.encode(flavor, Style::default());
        let mut notes = accept(flavor, encoded.dropped, self.loss)?;
        notes.extend(note::about_publishing(flavor, &record.index.entries));
        let destinations = destinations(session, &self.destinations)?;
        let root = Manifest::Index(encoded.document);
        let source = open::list_source(session, &record, root.raw().clone())?;
        let published = publish(&source, &root, &destinations, Looked::NotYet).await?;
        let (digest, media_type) = (root.digest().clone(), root.raw().media_type().clone());
        Ok(Pushed { digest, media_type, published, notes })
    }
}

/// Turns what is lost into remarks, or into an error if nothing may be.
pub(super) fn accept(flavor: Flavor, dropped: Vec<Dropped>, loss: Loss) -> Result<Vec<Note>, Error> {
    match loss {
        Loss::Refuse if !dropped.is_empty() => Err(Error::Lossy { flavor, dropped }),
        Loss::Refuse | Loss::Accept => Ok(dropped.into_iter().map(Note::Dropped).collect()),
    }
}
