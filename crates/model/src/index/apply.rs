//! Making changes to an index.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Edit, Index, Selector, Target};
use crate::{AnnotationChange, Annotations, Descriptor, Digest, Platform};

impl Index {
    /// Makes one change, or none and says why.
    pub fn apply(&mut self, edit: Edit) -> Result<(), EditError> {
        match edit {
            Edit::Add(entries) => self.add(entries),
            Edit::Remove(selector) => {
                let mut selected = self.select(&selector)?.into_iter().peekable();
                let mut position = 0;
                self.entries.retain(|_| {
                    position += 1;
                    selected.next_if_eq(&(position - 1)).is_none()
                });
            }
            Edit::Annotate { target: Target::Index, changes } => change(&mut self.annotations, &changes),
            Edit::Annotate { target: Target::Entries(selector), changes } => {
                for position in self.select(&selector)? {
                    change(&mut self.entries[position].annotations, &changes);
                }
            }
            Edit::Platform { entries, patch } => {
                for position in self.select(&entries)? {
                    patch.apply(&mut self.entries[position].platform);
                }
            }
            Edit::ArtifactType(artifact_type) => self.artifact_type = artifact_type,
            Edit::Subject(subject) => self.subject = subject.map(|subject| *subject),
        }
        Ok(())
    }

    fn add(&mut self, added: Vec<Descriptor>) {
        let known = self.entries.iter().enumerate().rev();
        let mut positions: HashMap<Digest, usize> =
            known.map(|(at, entry)| (entry.digest.clone(), at)).collect();
        for entry in added {
            match positions.entry(entry.digest.clone()) {
                Entry::Occupied(known) => merge(&mut self.entries[*known.get()], entry),
                Entry::Vacant(new) => {
                    new.insert(self.entries.len());
                    self.entries.push(entry);
                }
            }
        }
    }

    /// The positions of the selected entries, ascending.
    pub fn select(&self, selector: &Selector) -> Result<Vec<usize>, EditError> {
        let positions = |matches: &dyn Fn(&Descriptor) -> bool| -> Vec<usize> {
            (0..self.entries.len()).filter(|&position| matches(&self.entries[position])).collect()
        };
        let selected = match selector {
            Selector::Every => return Ok(positions(&|_| true)),
            Selector::Entry(digest) => positions(&|entry| entry.digest == *digest),
            Selector::Platform(wanted) => {
                let exact =
                    positions(&|entry| entry.platform.as_ref().is_some_and(|own| same_name(own, wanted)));
                if exact.is_empty() {
                    positions(&|entry| entry.platform.as_ref().is_some_and(|own| own.is_covered_by(wanted)))
                } else {
                    exact
                }
            }
        };
        match self.ambiguity(&selected, selector) {
            _ if selected.is_empty() => {
                Err(EditError::NoSuchEntry { wanted: selector.clone(), available: self.entries.clone() })
            }
            Some(candidates) => Err(EditError::Ambiguous { wanted: selector.clone(), candidates }),
            None => Ok(selected),
        }
    }

    /// The selected entries, if they are for more than one platform.
    fn ambiguity(&self, selected: &[usize], selector: &Selector) -> Option<Vec<Descriptor>> {
        let Selector::Platform(_) = selector else { return None };
        let platform = |position: &usize| self.entries[*position].platform.as_ref();
        let first = selected.first().and_then(platform)?;
        let one = selected.iter().filter_map(platform).all(|other| same_name(first, other));
        (!one).then(|| selected.iter().map(|&position| self.entries[position].clone()).collect())
    }
}

/// Whether two platforms are written the same, features apart.
fn same_name(one: &Platform, other: &Platform) -> bool {
    one.to_string() == other.to_string()
}

fn change(annotations: &mut Annotations, changes: &[AnnotationChange]) {
    for change in changes {
        change.apply(annotations);
    }
}

/// Lets an entry take over what a newer descriptor of the same content says.
fn merge(known: &mut Descriptor, newer: Descriptor) {
    known.media_type = newer.media_type;
    known.size = newer.size;
    known.annotations.extend(newer.annotations);
    known.extra.merge(&newer.extra);
    if !newer.urls.is_empty() {
        known.urls = newer.urls;
    }
    known.platform = newer.platform.or(known.platform.take());
    known.data = newer.data.or(known.data.take());
    known.artifact_type = newer.artifact_type.or(known.artifact_type.take());
}

/// A change that cannot be made. The index is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Nothing is selected.
    #[error("there is no entry `{wanted}`")]
    NoSuchEntry {
        /// What was asked for.
        wanted: Selector,
        /// What there is instead.
        available: Vec<Descriptor>,
    },
    /// The selector fits entries for several platforms.
    #[error("`{wanted}` could be any of {} entries", candidates.len())]
    Ambiguous {
        /// What was asked for.
        wanted: Selector,
        /// Which entries that fits.
        candidates: Vec<Descriptor>,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{MediaType, Patch, PlatformPatch};

    fn entry(name: &str, platform: &str) -> Descriptor {
        let mut entry = Descriptor::new(MediaType::OCI_MANIFEST, Digest::sha256(name.as_bytes()), 1);
        entry.platform = Some(platform.parse().unwrap());
        entry
    }

    fn index(platforms: &[&str]) -> Index {
        Index { entries: platforms.iter().map(|p| entry(p, p)).collect(), ..Index::default() }
    }

    fn platform(text: &str) -> Selector {
        Selector::Platform(text.parse().unwrap())
    }

    fn set(key: &str, value: &str) -> AnnotationChange {
        AnnotationChange::Set { key: key.into(), value: value.into() }
    }

    #[test]
    fn adding_a_known_digest_updates_the_entry_where_it_stands() {
        let mut index = index(&["linux/amd64", "linux/arm64"]);
        let annotate = |value| Edit::Annotate {
            target: Target::Entries(platform("linux/amd64")),
            changes: vec![set("kept", "1"), set("replaced", value)],
        };
        index.apply(annotate("old")).unwrap();
        let mut again = entry("linux/amd64", "linux/amd64/v2");
        again.annotations.insert("replaced".into(), "new".into());
        index.apply(Edit::Add(vec![again])).unwrap();
        assert_eq!(index.entries.len(), 2);
        assert_eq!(index.entries[0].platform.as_ref().unwrap().to_string(), "linux/amd64/v2");
        assert_eq!(index.entries[0].annotations["kept"], "1");
        assert_eq!(index.entries[0].annotations["replaced"], "new");
    }

    #[test]
    fn a_platform_that_leaves_the_variant_open_must_not_leave_the_entry_open() {
        let both = index(&["linux/arm/v6", "linux/arm/v7", "linux/amd64"]);
        assert!(matches!(
            both.select(&platform("linux/arm")),
            Err(EditError::Ambiguous { candidates, .. }) if candidates.len() == 2
        ));
        assert_eq!(both.select(&platform("linux/arm/v7")), Ok(vec![1]));
        assert_eq!(index(&["linux/amd64", "linux/arm/v7"]).select(&platform("linux/arm")), Ok(vec![1]));
        assert_eq!(index(&["linux/arm", "linux/arm/v7"]).select(&platform("linux/arm")), Ok(vec![0]));
        assert_eq!(index(&["linux/arm64/v8"]).select(&platform("linux/arm64")), Ok(vec![0]));
    }

    #[test]
    fn all_copies_of_one_platform_are_selected_together() {
        let mut index = index(&["linux/amd64", "linux/arm64"]);
        index.entries.push(entry("zstd", "linux/amd64"));
        index.apply(Edit::Remove(platform("linux/amd64"))).unwrap();
        assert_eq!(index, self::index(&["linux/arm64"]));
    }

    #[test]
    fn what_is_not_there_is_refused_and_named() {
        let mut index = index(&["linux/amd64"]);
        let before = index.clone();
        let error = index.apply(Edit::Remove(platform("linux/s390x"))).unwrap_err();
        assert_eq!(error.to_string(), "there is no entry `linux/s390x`");
        assert_eq!(index, before);
    }

    fn any_edit() -> impl Strategy<Value = Edit> {
        let target = prop_oneof![Just("linux/amd64"), Just("linux/arm64"), Just("linux/arm/v7")];
        (target, 0..3).prop_map(|(target, kind)| match kind {
            0 => Edit::Remove(platform(target)),
            1 => Edit::Annotate { target: Target::Entries(platform(target)), changes: vec![set("a", "b")] },
            _ => Edit::Platform {
                entries: platform(target),
                patch: PlatformPatch { os_version: Patch::Set("1".into()), ..Default::default() },
            },
        })
    }

    proptest! {
        #[test]
        fn edits_never_touch_other_entries(edit in any_edit()) {
            let before = index(&["linux/amd64", "linux/arm64", "linux/arm/v7"]);
            let mut after = before.clone();
            after.apply(edit.clone()).unwrap();
            let (Edit::Remove(selector)
            | Edit::Annotate { target: Target::Entries(selector), .. }
            | Edit::Platform { entries: selector, .. }) = edit else { unreachable!() };
            let touched = before.select(&selector).unwrap();
            for (position, entry) in before.entries.iter().enumerate() {
                prop_assert_eq!(after.entries.contains(entry), !touched.contains(&position));
            }
        }
    }
}
