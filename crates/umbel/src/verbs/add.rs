//! `add`: images and indexes become entries of a list.

use std::collections::HashSet;

use umbel_local::{Draft, Record};
use umbel_model::index::EditError;
use umbel_model::{AnnotationChange, Digest, Edit, PlatformPatch, Selector, Target};

use crate::describe::{self, Choice, Contribution};
use crate::{Error, Note, Session, note};

/// Adds the images of one or more sources to a list: all of them, or on any error none.
///
/// A source is a location, or the name of a list, which contributes its entries. An entry whose
/// digest is there already stays where it is; a platform and annotations it was given before stay,
/// unless others are given now.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
/// # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
/// # umbel::block_on(async {
/// use umbel::{Add, Create, Session};
///
/// let session = Session::at(format!("{here}/store"));
/// Create::list("app").run(&session).await?;
/// let sources = ["amd64", "arm64"].map(|name| format!("oci:{here}/images:{name}"));
/// let added = Add::to("app", sources).run(&session).await?;
/// assert_eq!(added.record.index.platforms().len(), 2);
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Add {
    /// The list: name, ID, prefix of an ID, or digest.
    pub list: String,
    /// Where the images are.
    pub sources: Vec<String>,
    /// Which entries of a source that is an index.
    pub choice: Choice,
    /// Written over the platform of what is added. Refused if that is more than one entry.
    pub platform: PlatformPatch,
    /// Made to the annotations of every entry that is added.
    pub annotations: Vec<AnnotationChange>,
}

/// What was added.
#[derive(Clone, Debug)]
pub struct Added {
    /// The digests of the entries, in the order of the sources.
    pub entries: Vec<Digest>,
    /// The list as it is now.
    pub record: Record,
    /// Remarks.
    pub notes: Vec<Note>,
}

impl Add {
    /// Adds `sources` to `list`, of an index the entry for this machine.
    pub fn to(list: impl Into<String>, sources: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let sources = sources.into_iter().map(Into::into).collect();
        Self { list: list.into(), sources, ..Self::default() }
    }

    /// Reads the sources first, and locks the list only when all is known.
    pub async fn run(self, session: &Session) -> Result<Added, Error> {
        session.store.check(&self.list)?;
        let found = read(session, &self.sources, &self.choice).await?;
        self.refuse_one_platform_for_many(&found)?;
        let mut draft = session.store.edit(&self.list)?;
        let (entries, mut notes) = put(&mut draft, found);
        for digest in &entries {
            self.amend_entry(&mut draft, digest).map_err(|source| self.failed(source))?;
        }
        if !self.annotations.is_empty() {
            notes.extend(draft.become_oci_if_needed().then_some(Note::BecameOci));
        }
        let record = draft.commit()?;
        notes.extend(note::about_platforms(&record.index.entries));
        Ok(Added { entries, record, notes })
    }

    fn refuse_one_platform_for_many(&self, found: &[Contribution]) -> Result<(), Error> {
        let count = found.iter().map(|source| source.entries.len()).sum();
        if count > 1 && !self.platform.is_empty() { Err(Error::PlatformOfMany(count)) } else { Ok(()) }
    }

    fn amend_entry(&self, draft: &mut Draft, digest: &Digest) -> Result<(), EditError> {
        let entry = Selector::Entry(digest.clone());
        if !self.platform.is_empty() {
            draft.apply(Edit::Platform { entries: entry.clone(), patch: self.platform.clone() })?;
        }
        if !self.annotations.is_empty() {
            let target = Target::Entries(entry);
            draft.apply(Edit::Annotate { target, changes: self.annotations.clone() })?;
        }
        Ok(())
    }

    fn failed(&self, source: EditError) -> Error {
        Error::Edit { list: self.list.clone(), source }
    }
}

/// Adds what sources contribute; returns the digests and remarks.
///
/// The platform of an entry that was there already is not overwritten by what its config says, for
/// somebody may have put it right.
pub(super) fn put(draft: &mut Draft, found: Vec<Contribution>) -> (Vec<Digest>, Vec<Note>) {
    let (mut digests, mut notes) = (Vec::new(), Vec::new());
    let with_platform = draft.index().entries.iter().filter(|known| known.platform.is_some());
    let known: HashSet<Digest> = with_platform.map(|known| known.digest.clone()).collect();
    for mut source in found {
        for entry in source.entries.iter_mut().filter(|entry| known.contains(&entry.digest)) {
            entry.platform = None;
        }
        digests.extend(source.entries.iter().map(|entry| entry.digest.clone()));
        notes.extend(source.notes);
        draft.add(source.entries, &source.homes, &source.documents);
    }
    (digests, notes)
}

/// Reads the entries of several sources.
pub(super) async fn read(
    session: &Session,
    sources: &[String],
    choice: &Choice,
) -> Result<Vec<Contribution>, Error> {
    describe::together(sources.iter().map(|source| describe::entries(session, source, choice))).await
}
