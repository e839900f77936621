//! `list`: which lists there are.

use umbel_local::store::Listed;
use umbel_local::{Record, StoreError};

use crate::{Error, Session};

/// Reads all lists of the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct List;

/// All lists of the store, by name.
#[derive(Debug, Default)]
pub struct Lists {
    /// Those that can be read.
    pub lists: Vec<Record>,
    /// Those that cannot, each error naming its list.
    pub damaged: Vec<StoreError>,
}

impl List {
    /// Takes no lock; a list that is being changed is read as it was.
    #[expect(clippy::unused_async, reason = "every verb is run alike")]
    pub async fn run(self, session: &Session) -> Result<Lists, Error> {
        let mut lists = Lists::default();
        for listed in session.store.list()? {
            match listed {
                Listed::Readable(record) => lists.lists.push(*record),
                Listed::Damaged(error) => lists.damaged.push(error),
            }
        }
        Ok(lists)
    }
}
