//! `create`: a new list.

use umbel_local::store::IfTaken;
use umbel_local::{Record, StoreError};
use umbel_model::{AnnotationChange, Edit, Flavor, ListName, Target};

use super::add;
use crate::{Choice, Error, Note, Session, note};

/// Creates a list, empty or with the images of some sources; on any error there is none.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
/// # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
/// # umbel::block_on(async {
/// use umbel::{Create, Session};
///
/// let session = Session::at(format!("{here}/store"));
/// let sources = vec![format!("oci:{here}/images:amd64")];
/// let created = Create { sources, ..Create::list("app") }.run(&session).await?;
/// assert_eq!(created.record.name.as_str(), "localhost/app:latest");
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Create {
    /// Its name, which is normalised.
    pub name: String,
    /// The form in which it will be published.
    pub flavor: Flavor,
    /// Images it begins with.
    pub sources: Vec<String>,
    /// Which entries of a source that is an index.
    pub choice: Choice,
    /// Annotations of the index.
    pub annotations: Vec<AnnotationChange>,
    /// What to do if there is a list of that name.
    pub if_exists: IfExists,
}

/// What to do if there is a list of that name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Refuse.
    #[default]
    Refuse,
    /// Add sources and annotations to it; its form stays.
    Amend,
    /// Put the new list, which has another ID, in its place.
    Replace,
}

/// The list that was created or amended.
#[derive(Clone, Debug)]
pub struct Created {
    /// The list.
    pub record: Record,
    /// Remarks.
    pub notes: Vec<Note>,
}

impl Create {
    /// Creates an empty list that will be an OCI index.
    pub fn list(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            flavor: Flavor::Oci,
            sources: Vec::new(),
            choice: Choice::default(),
            annotations: Vec::new(),
            if_exists: IfExists::default(),
        }
    }

    /// Reads the sources first; the list appears complete.
    pub async fn run(self, session: &Session) -> Result<Created, Error> {
        let name: ListName = self.name.parse()?;
        match (session.store.find(name.as_str()), self.if_exists) {
            (Ok(record), IfExists::Refuse) => return Err(name_taken(&record).into()),
            (Ok(_), IfExists::Amend) => return self.amend(name, session).await,
            (Ok(_) | Err(StoreError::Damaged { .. }), IfExists::Replace)
            | (Err(StoreError::NotFound { .. }), _) => {}
            (Err(error), _) => return Err(error.into()),
        }
        let found = add::read(session, &self.sources, &self.choice).await?;
        let mut record = Record::new(name, self.flavor, (session.clock)()).map_err(StoreError::from)?;
        let mut notes = Vec::new();
        for source in found {
            notes.extend(source.notes);
            record.add(source.entries, &source.homes, &source.documents);
        }
        let edited = record.index.apply(self.annotate());
        edited.map_err(|source| Error::Edit { list: self.name.clone(), source })?;
        if !self.annotations.is_empty() {
            notes.extend(record.become_oci_if_needed().then_some(Note::BecameOci));
        }
        let if_taken = match self.if_exists {
            IfExists::Replace => IfTaken::Replace,
            IfExists::Refuse | IfExists::Amend => IfTaken::Refuse,
        };
        session.store.create(&record, if_taken)?;
        notes.extend(note::about_platforms(&record.index.entries));
        Ok(Created { record, notes })
    }

    /// Adds sources and annotations to the list that is there, in one change.
    async fn amend(self, name: ListName, session: &Session) -> Result<Created, Error> {
        let found = add::read(session, &self.sources, &self.choice).await?;
        let mut draft = session.store.edit(name.as_str())?;
        let (_, mut notes) = add::put(&mut draft, found);
        if !self.annotations.is_empty() {
            let annotated = draft.apply(self.annotate());
            annotated.map_err(|source| Error::Edit { list: name.to_string(), source })?;
            notes.extend(draft.become_oci_if_needed().then_some(Note::BecameOci));
        }
        let record = draft.commit()?;
        notes.extend(note::about_platforms(&record.index.entries));
        Ok(Created { record, notes })
    }

    fn annotate(&self) -> Edit {
        Edit::Annotate { target: Target::Index, changes: self.annotations.clone() }
    }
}

fn name_taken(record: &Record) -> StoreError {
    StoreError::NameTaken { name: record.name.to_string(), id: record.id.to_string() }
}
