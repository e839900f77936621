//! Lists as they are kept.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use umbel_model::{Descriptor, Digest, Edit, Encoded, Flavor, Index, ListName, Location, Raw, Style};

use super::{Documents, Origins};
use crate::FileError;
use crate::staged::random_hex;

/// A list: an index that is being put together, and what is known about it besides.
///
/// It keeps everything that an index of either form can hold. In which form it is written, and what
/// that form cannot hold, is decided by [`Record::encode`] when it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its ID: random, and the same for as long as the list lives.
    pub id: ListId,
    /// Its name.
    pub name: ListName,
    /// When it was created.
    pub created: OffsetDateTime,
    /// The form in which it is published unless somebody asks for the other.
    pub flavor: Flavor,
    /// What it holds.
    pub index: Index,
    /// Where the content of its entries lives.
    pub origins: Origins,
    /// Some of the documents of its entries.
    pub documents: Documents,
}

impl Record {
    /// An empty list with a new ID.
    pub fn new(name: ListName, flavor: Flavor, created: OffsetDateTime) -> Result<Self, FileError> {
        let id = ListId(random_hex::<32>()?.into());
        let (index, origins, documents) = (Index::default(), Origins::default(), Documents::default());
        Ok(Self { id, name, created, flavor, index, origins, documents })
    }

    /// The document that publishing the list in its own form writes, and what is lost by it.
    pub fn encode(&self) -> Encoded {
        self.index.encode(self.flavor, Style::default())
    }

    /// Makes a list that has what only an OCI index can hold be published as one; whether it was to be
    /// a Docker list until now.
    pub fn become_oci_if_needed(&mut self) -> bool {
        let needed = self.flavor == Flavor::Docker && !self.index.dropped_by(Flavor::Docker).is_empty();
        if needed {
            self.flavor = Flavor::Oci;
        }
        needed
    }

    /// Adds entries, the places that their content can be had from, and documents that were read.
    pub fn add(&mut self, entries: Vec<Descriptor>, homes: &[(Location, Vec<Digest>)], documents: &[Raw]) {
        for document in documents {
            self.documents.add(document);
        }
        for (home, digests) in homes {
            self.origins.add(home, digests.iter().cloned());
        }
        let added = self.index.apply(Edit::Add(entries));
        debug_assert!(added.is_ok(), "adding entries cannot fail");
    }

    /// Forgets what was known about content that is no longer in the list.
    pub(super) fn forget_what_is_gone(&mut self) {
        let entries: BTreeSet<Digest> = self.index.entries.iter().map(|entry| entry.digest.clone()).collect();
        self.origins.retain(&entries);
        self.documents.retain(&entries);
    }
}

/// The ID of a list: 64 hexadecimal characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(Box<str>);

impl ListId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve characters, as people quote IDs.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl FromStr for ListId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let hex = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Self(text.into())) } else { Err(()) }
    }
}

impl fmt::Display for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
