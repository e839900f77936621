//! Where the images of a list live.

use std::collections::BTreeSet;

use umbel_model::{Digest, Location};

/// For every entry the places that its content can be had from, by digest.
///
/// A place is a [home](Location::home): a layout or repository as a whole, so that it stays right
/// when a name moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<(Location, BTreeSet<Digest>)>);

impl Origins {
    /// Remembers that `home` has the content of these entries.
    pub fn add(&mut self, home: &Location, entries: impl IntoIterator<Item = Digest>) {
        let position = self.0.iter().position(|(known, _)| known == home).unwrap_or_else(|| {
            self.0.push((home.clone(), BTreeSet::new()));
            self.0.len() - 1
        });
        self.0[position].1.extend(entries);
    }

    /// The places of one entry, in the order in which they became known.
    pub fn of<'o>(&'o self, entry: &'o Digest) -> impl Iterator<Item = &'o Location> {
        self.0.iter().filter(|(_, entries)| entries.contains(entry)).map(|(home, _)| home)
    }

    /// Every place, with the entries it has.
    pub fn iter(&self) -> impl Iterator<Item = (&Location, &BTreeSet<Digest>)> {
        self.0.iter().map(|(home, entries)| (home, entries))
    }

    /// Forgets all but these entries, and places that have none of them.
    pub fn retain(&mut self, entries: &BTreeSet<Digest>) {
        for (_, known) in &mut self.0 {
            known.retain(|digest| entries.contains(digest));
        }
        self.0.retain(|(_, known)| !known.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_without_entries_are_forgotten() {
        let (one, two) = (Digest::sha256(b"1"), Digest::sha256(b"2"));
        let (a, b): (Location, Location) = ("oci:a".parse().unwrap(), "oci:b".parse().unwrap());
        let mut origins = Origins::default();
        origins.add(&a, [one.clone(), two.clone()]);
        origins.add(&b, [one.clone()]);
        assert_eq!(origins.of(&one).collect::<Vec<_>>(), [&a, &b]);
        origins.retain(&BTreeSet::from([two.clone()]));
        assert_eq!(origins.of(&one).count(), 0);
        assert_eq!(origins.iter().map(|(home, _)| home).collect::<Vec<_>>(), [&a]);
    }
}
