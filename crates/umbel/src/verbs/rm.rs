//! `rm`: lists go. Images are never touched.

use umbel_local::StoreError;

use crate::Session;

/// Removes lists, damaged ones too. One that cannot be removed does not keep the others.
#[derive(Clone, Debug)]
pub struct Rm {
    /// Each a name, an ID, a prefix of an ID, or a digest.
    pub lists: Vec<String>,
    /// What to do about lists that are not there.
    pub missing: IfMissing,
}

/// What to do about lists that are not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfMissing {
    /// Report them.
    #[default]
    Fail,
    /// Say nothing.
    Ignore,
}

/// What was removed and what was not.
#[derive(Debug, Default)]
pub struct RmOutcome {
    /// The names of the lists that are gone.
    pub removed: Vec<String>,
    /// What could not be removed, and why.
    pub failed: Vec<(String, StoreError)>,
}

impl Rm {
    /// Removes one after the other.
    #[expect(clippy::unused_async, reason = "every verb is run alike")]
    pub async fn run(self, session: &Session) -> RmOutcome {
        let mut outcome = RmOutcome::default();
        for list in self.lists {
            match session.store.remove(&list) {
                Ok(name) => outcome.removed.push(name),
                Err(StoreError::NotFound { .. }) if self.missing == IfMissing::Ignore => {}
                Err(error) => outcome.failed.push((list, error)),
            }
        }
        outcome
    }
}
