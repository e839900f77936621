//! What a repository lists, and how it changes: decisions on its index, without I/O.

use std::cmp::Ordering;

use umbel_local::layout::with_image;
use umbel_model::annotations::REF_NAME;
use umbel_model::name::Tag;
use umbel_model::{Descriptor, Digest, Index};

use crate::refusal::Refusal;
use crate::reply;

/// Where containerd keeps, in a layout, what a manifest without a name is about.
const SUBJECT: &str = "io.containerd.manifest.subject";

/// What must hold for a tag to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    /// `If-Match`: the tag has one of these digests; `*` is any.
    pub(crate) matches: Option<String>,
    /// `If-None-Match`: the tag has none of these digests.
    pub(crate) matches_none: Option<String>,
}

impl Condition {
    /// Refuses what a tag has now, if the condition does not hold.
    pub(crate) fn check(&self, now: Option<&Digest>) -> Result<(), Refusal> {
        let named = |header: &str| now.is_some_and(|digest| reply::names(header, digest));
        if self.matches.as_deref().is_some_and(|header| !named(header)) {
            return Err(Refusal::precondition("the tag is not what it was expected to be"));
        }
        if self.matches_none.as_deref().is_some_and(named) {
            return Err(Refusal::precondition("the tag is there already"));
        }
        Ok(())
    }
}

/// The order of names: alphabetical whatever their case, as the specification has it for tags.
fn order(one: &str, other: &str) -> Ordering {
    let lower = |name: &str| name.to_ascii_lowercase();
    lower(one).cmp(&lower(other)).then_with(|| one.cmp(other))
}

/// The tags, sorted.
pub(crate) fn tags(index: &Index) -> Vec<String> {
    let mut tags: Vec<String> = index.entries.iter().filter_map(name).map(str::to_owned).collect();
    tags.sort_by(|one, other| order(one, other));
    tags.dedup();
    tags
}

fn name(entry: &Descriptor) -> Option<&str> {
    entry.annotations.get(REF_NAME).map(String::as_str).filter(|name| name.parse::<Tag>().is_ok())
}

/// What a tag stands for.
pub(crate) fn tagged<'i>(index: &'i Index, tag: &Tag) -> Option<&'i Descriptor> {
    index.entries.iter().find(|entry| name(entry) == Some(tag.as_str()))
}

/// The index once `tag` stands for `root`, if the condition holds.
pub(crate) fn with_tag(
    index: Index,
    tag: &Tag,
    root: &Descriptor,
    condition: &Condition,
) -> Result<Index, Refusal> {
    condition.check(tagged(&index, tag).map(|entry| &entry.digest))?;
    Ok(with_image(index, Some(tag.as_str()), root))
}

/// The index once it lists a manifest that is about another and has no name, so that it can be found.
pub(crate) fn with_referrer(index: Index, root: &Descriptor, subject: &Digest) -> Index {
    if index.entry(&root.digest).is_some() {
        return index;
    }
    let mut index = with_image(index, None, root);
    for entry in index.entries.iter_mut().filter(|entry| entry.digest == root.digest) {
        entry.annotations.insert(SUBJECT.to_owned(), subject.to_string());
    }
    index
}

/// The index without that tag; what it stood for stays, without a name.
pub(crate) fn without_tag(mut index: Index, tag: &Tag) -> Result<Index, Refusal> {
    let named = index.entries.iter_mut().find(|entry| name(entry) == Some(tag.as_str()));
    let entry = named.ok_or_else(|| Refusal::manifest_unknown(tag))?;
    entry.annotations.remove(REF_NAME);
    Ok(index)
}

/// The index without that manifest, whatever its names.
pub(crate) fn without_manifest(mut index: Index, digest: &Digest) -> Index {
    index.entries.retain(|entry| entry.digest != *digest);
    index
}

/// One page of a sorted list: the names behind `last`, at most `n`; and whether there are more.
pub(crate) fn page<'l, T: AsRef<str>>(all: &'l [T], n: Option<usize>, last: Option<&str>) -> (&'l [T], bool) {
    let start = last.map_or(0, |last| all.partition_point(|name| order(name.as_ref(), last).is_le()));
    let rest = &all[start..];
    let length = n.unwrap_or(rest.len()).min(rest.len());
    (&rest[..length], length < rest.len() && length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use umbel_model::MediaType;

    fn entry(content: &str) -> Descriptor {
        Descriptor::new(MediaType::OCI_MANIFEST, Digest::sha256(content.as_bytes()), 1)
    }

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn a_tag_moves_only_if_its_condition_holds() {
        let any = Condition::default();
        let index = with_tag(Index::default(), &tag("v1"), &entry("1"), &any).unwrap();
        let is =
            |digest: &Digest| Condition { matches: Some(format!("\"{digest}\"")), ..Condition::default() };
        let new = Condition { matches_none: Some("*".into()), ..Condition::default() };
        assert!(with_tag(index.clone(), &tag("v1"), &entry("2"), &is(&entry("2").digest)).is_err());
        assert!(with_tag(index.clone(), &tag("v1"), &entry("2"), &new).is_err());
        assert!(with_tag(index.clone(), &tag("v2"), &entry("2"), &is(&entry("2").digest)).is_err());
        assert!(with_tag(index.clone(), &tag("v2"), &entry("2"), &new).is_ok());
        let moved = with_tag(index, &tag("v1"), &entry("2"), &is(&entry("1").digest)).unwrap();
        assert_eq!(tagged(&moved, &tag("v1")).unwrap().digest, entry("2").digest);
    }

    #[test]
    fn a_removed_tag_leaves_its_manifest() {
        let index = with_tag(Index::default(), &tag("v1"), &entry("1"), &Condition::default()).unwrap();
        let index = without_tag(index, &tag("v1")).unwrap();
        assert!(tags(&index).is_empty() && index.entry(&entry("1").digest).is_some());
        assert!(without_tag(index, &tag("v1")).is_err());
    }

    #[test]
    fn tags_are_sorted_whatever_their_case() {
        let add =
            |index, name: &str| with_tag(index, &tag(name), &entry(name), &Condition::default()).unwrap();
        let index = ["b", "C", "a", "B"].into_iter().fold(Index::default(), add);
        assert_eq!(tags(&index), ["a", "B", "b", "C"]);
        assert_eq!(page(&tags(&index), Some(1), Some("B")).0, ["b"]);
    }

    #[test]
    fn pages_follow_each_other() {
        let all = ["a", "b", "c"];
        assert_eq!(page(&all, None, None), (&all[..], false));
        assert_eq!(page(&all, Some(2), None), (&all[..2], true));
        assert_eq!(page(&all, Some(2), Some("b")), (&all[2..], false));
        assert_eq!(page(&all, Some(0), None), (&all[..0], false));
        assert_eq!(page(&all, Some(9), Some("z")), (&all[3..], false));
    }
}
