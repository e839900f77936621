//! `remove`: entries leave a list.

use umbel_local::{Draft, Record};
use umbel_model::{Descriptor, Digest, Edit, Selector};

use crate::{Error, Note, Session};

/// Takes entries out of a list, and the attestations about them; on any error nothing.
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
