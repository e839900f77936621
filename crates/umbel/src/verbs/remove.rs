//! `remove`: entries leave a list.

use umbel_local::{Draft, Record};
use umbel_model::{Descriptor, Digest, Edit, Selector};

use crate::{Error, Note, Session};

/// Takes entries out of a list, and the attestations about them; on any error nothing.
///
/// ```
/// # let scratch = tempfile::tempdir()?;
/// # let here = scratch.path().display();
/// # let mut images = umbel_testkit::Layout::create(format!("{here}/images"));
/// # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
/// # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
/// # umbel::block_on(async {
/// use umbel::model::Selector;
/// use umbel::{Add, Create, Remove, Session};
///
/// let session = Session::at(format!("{here}/store"));
/// Create::list("app").run(&session).await?;
/// Add::to("app", [format!("oci:{here}/images:arm64")]).run(&session).await?;
/// let entries = vec![Selector::Platform("linux/arm64".parse().expect("a platform"))];
/// let removed = Remove { list: "app".into(), entries }.run(&session).await?;
/// assert!(removed.record.index.entries.is_empty());
/// # Ok::<(), umbel::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Remove {
    /// The list: name, ID, prefix of an ID, or digest.
    pub list: String,
    /// Which entries.
    pub entries: Vec<Selector>,
}

/// What was removed.
#[derive(Clone, Debug)]
pub struct Removed {
    /// The list as it is now.
    pub record: Record,
    /// The entries that are gone, attestations apart.
    pub entries: Vec<Descriptor>,
    /// Remarks.
    pub notes: Vec<Note>,
}

impl Remove {
    /// Locks the list and changes it.
    #[expect(clippy::unused_async, reason = "every verb is run alike")]
    pub async fn run(self, session: &Session) -> Result<Removed, Error> {
        let mut draft = session.store.edit(&self.list)?;
        let mut removed = Vec::new();
        for selector in &self.entries {
            let failed = |source| Error::Edit { list: self.list.clone(), source };
            let positions = draft.index().select(selector).map_err(failed)?;
            removed.extend(positions.into_iter().map(|position| draft.index().entries[position].clone()));
            draft.apply(Edit::Remove(selector.clone())).map_err(failed)?;
        }
        let attestations = remove_attestations(&mut draft, &removed);
        let notes = (!attestations.is_empty()).then_some(Note::AttestationsRemoved(attestations));
        Ok(Removed { record: draft.commit()?, entries: removed, notes: notes.into_iter().collect() })
    }
}

/// Removes attestations about entries that are gone; they would point at nothing.
fn remove_attestations(draft: &mut Draft, removed: &[Descriptor]) -> Vec<Digest> {
    let about = removed.iter().flat_map(|entry| draft.index().attestations_of(&entry.digest));
    let attestations: Vec<Digest> = about.map(|entry| entry.digest.clone()).collect();
    let gone = |digest: &Digest| draft.apply(Edit::Remove(Selector::Entry(digest.clone()))).is_ok();
    attestations.into_iter().filter(gone).collect()
}
