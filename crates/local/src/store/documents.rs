//! Documents that were read when their image was added.

use std::collections::{BTreeMap, BTreeSet};

use umbel_model::{Digest, Raw};

/// How large a document may be that is kept, in bytes. Those of images have one or two thousand.
const LARGEST: usize = 8 << 10;

/// How many are kept for a list: enough for all the platforms there are, and few enough that a list of
/// thousands is not read and written twice as slowly for it.
const MOST: usize = 64;

/// Some of the documents that entries of a list name, so that publishing need not read them again.
///
/// A hint: whoever uses one checks its digest, and one that is not here is read from where it lives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents(BTreeMap<Digest, Box<str>>);

impl Documents {
    /// Keeps a document, unless it is large or there are many already.
    pub fn add(&mut self, raw: &Raw) {
        let Ok(text) = str::from_utf8(raw.bytes()) else { return };
        if text.len() <= LARGEST && self.0.len() < MOST {
            self.0.insert(raw.digest().clone(), text.into());
        }
    }

    /// All of them, by digest.
    pub fn iter(&self) -> impl Iterator<Item = (&Digest, &str)> {
        self.0.iter().map(|(digest, text)| (digest, &**text))
    }

    /// Forgets all but those of these entries.
    pub(super) fn retain(&mut self, entries: &BTreeSet<Digest>) {
        self.0.retain(|digest, _| entries.contains(digest));
    }
}

impl FromIterator<(Digest, Box<str>)> for Documents {
    fn from_iter<T: IntoIterator<Item = (Digest, Box<str>)>>(documents: T) -> Self {
        Self(documents.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use umbel_model::MediaType;

    use super::*;

    fn document(text: &str) -> Raw {
        Raw::new(MediaType::OCI_MANIFEST, text.as_bytes().to_vec())
    }

    #[test]
    fn few_and_small_documents_are_kept() {
        let mut documents = Documents::default();
        documents.add(&document(&"x".repeat(LARGEST + 1)));
        assert_eq!(documents.iter().count(), 0);
        for number in 0..MOST + 5 {
            documents.add(&document(&number.to_string()));
        }
        assert_eq!(documents.iter().count(), MOST);
        documents.retain(&BTreeSet::from([Digest::sha256(b"3")]));
        assert_eq!(documents.iter().map(|(_, text)| text).collect::<Vec<_>>(), ["3"]);
    }
}
