//! `annotate`: annotations and other fields of entries and of the index itself.

use umbel_local::Record;
use umbel_model::{
    AnnotationChange, Descriptor, Edit, Manifest, MediaType, Patch, PlatformPatch, Selector, Target,
};

use crate::open::{self, Opened, unreadable};
use crate::{Error, Note, Session};

/// Changes fields of a list or of entries of it; on any error nothing.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
/// # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
/// # umbel::block_on(async {
/// use umbel::model::{AnnotationChange, Selector};
/// use umbel::{Add, Annotate, Create, Session};
///
/// let session = Session::at(format!("{here}/store"));
/// Create::list("app").run(&session).await?;
/// Add::to("app", [format!("oci:{here}/images:arm64")]).run(&session).await?;
/// let tested: AnnotationChange = "org.example.tested=yes".parse().expect("an annotation");
/// let arm: Selector = Selector::Platform("linux/arm64".parse().expect("a platform"));
/// let annotate = Annotate { annotations: vec![tested], ..Annotate::entries("app", arm) };
/// let annotated = annotate.run(&session).await?;
/// assert_eq!(annotated.entries[0].annotations["org.example.tested"], "yes");
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Annotate {
    /// The list: name, ID, prefix of an ID, or digest.
    pub list: String,
    /// What is changed.
    pub target: Target,
    /// Changes of annotations, made in order.
    pub annotations: Vec<AnnotationChange>,
    /// Changes of the platform; of entries only.
    pub platform: PlatformPatch,
    /// The manifest that the index is about: where it can be read; of the index only.
    pub subject: Patch<String>,
    /// What kind of artifact the index is; of the index only.
    pub artifact_type: Patch<MediaType>,
}

/// What was changed.
#[derive(Clone, Debug)]
pub struct Annotated {
    /// The list as it is now.
    pub record: Record,
    /// The entries that were meant; none if it was the index.
    pub entries: Vec<Descriptor>,
    /// Remarks.
    pub notes: Vec<Note>,
}

impl Annotate {
    /// Changes the index itself.
    pub fn index(list: impl Into<String>) -> Self {
        Self {
            list: list.into(),
            target: Target::Index,
            annotations: Vec::new(),
            platform: PlatformPatch::default(),
            subject: Patch::Keep,
            artifact_type: Patch::Keep,
        }
    }

    /// Changes entries.
    pub fn entries(list: impl Into<String>, entries: Selector) -> Self {
        Self { target: Target::Entries(entries), ..Self::index(list) }
    }

    /// Reads nothing but the subject, if one is named; then locks the list and changes it.
    pub async fn run(self, session: &Session) -> Result<Annotated, Error> {
        let edits = self.edits(session).await?;
        let mut draft = session.store.edit(&self.list)?;
        let failed = |source| Error::Edit { list: self.list.clone(), source };
        let positions = match &self.target {
            Target::Index => Vec::new(),
            Target::Entries(selector) => draft.index().select(selector).map_err(failed)?,
        };
        // The positions are those of before: a change of the platform may make a selector miss.
        for edit in edits {
            draft.apply(edit).map_err(failed)?;
        }
        let notes = draft.become_oci_if_needed().then_some(Note::BecameOci).into_iter().collect();
        let entries = positions.into_iter().map(|position| draft.index().entries[position].clone()).collect();
        Ok(Annotated { record: draft.commit()?, entries, notes })
    }

    async fn edits(&self, session: &Session) -> Result<Vec<Edit>, Error> {
        let of_index = self.subject != Patch::Keep || self.artifact_type != Patch::Keep;
        let mut edits = Vec::new();
        if !self.annotations.is_empty() {
            edits.push(Edit::Annotate { target: self.target.clone(), changes: self.annotations.clone() });
        }
        match &self.target {
            Target::Entries(_) if of_index => return Err(Error::IndexFieldOfEntry),
            Target::Index if !self.platform.is_empty() => return Err(Error::PlatformOfIndex),
            // Last, so that a selector by platform still finds its entries for the annotations.
            Target::Entries(entries) if !self.platform.is_empty() => {
                edits.push(Edit::Platform { entries: entries.clone(), patch: self.platform.clone() });
            }
            Target::Entries(_) | Target::Index => {}
        }
        match &self.artifact_type {
            Patch::Keep => {}
            Patch::Clear => edits.push(Edit::ArtifactType(None)),
            Patch::Set(artifact_type) => edits.push(Edit::ArtifactType(Some(artifact_type.clone()))),
        }
        match &self.subject {
            Patch::Keep => {}
            Patch::Clear => edits.push(Edit::Subject(None)),
            Patch::Set(subject) => {
                let subject = describe(session, subject).await?;
                edits.push(Edit::Subject(Some(Box::new(subject))));
            }
        }
        Ok(edits)
    }
}

/// The descriptor of what a location or list name names, as a subject.
async fn describe(session: &Session, text: &str) -> Result<Descriptor, Error> {
    match open::source(session, text)? {
        Opened::List(record) => Ok(record.encode().document.raw().descriptor()),
        Opened::Content(source, _) => {
            let root = source.root().await.map_err(|error| unreadable(text, error))?;
            let mut subject = root.manifest.raw().descriptor();
            if let Manifest::Image(image) = &root.manifest {
                subject.artifact_type.clone_from(&image.view().artifact_type);
            }
            Ok(subject)
        }
    }
}
