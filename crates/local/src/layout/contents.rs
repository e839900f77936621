//! What `index.json` says, and how it changes: decisions without I/O.

use umbel_content::TransportError;
use umbel_model::annotations::REF_NAME;
use umbel_model::name::LayoutImage;
use umbel_model::{Descriptor, Digest, Index};

/// What a location means in a layout.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'i> {
    /// An image that `index.json` lists.
    Listed(&'i Descriptor),
    /// Some document in the blobs, known by digest only.
    Blob(Digest),
}

/// Finds the image that a location means.
pub(super) fn find<'i>(
    index: &'i Index,
    image: &LayoutImage,
    place: &str,
) -> Result<Found<'i>, TransportError> {
    let candidates: Vec<&Descriptor> = match image {
        LayoutImage::Only => index.entries.iter().collect(),
        LayoutImage::Position(position) => index.entries.get(*position).into_iter().collect(),
        LayoutImage::Name(name) => index.entries.iter().filter(|entry| has_name(entry, name)).collect(),
        LayoutImage::Digest { name: None, digest } => {
            return Ok(index.entry(digest).map_or_else(|| Found::Blob(digest.clone()), Found::Listed));
        }
        LayoutImage::Digest { name: Some(name), digest } => {
            let named = |entry: &&Descriptor| has_name(entry, name) && entry.digest == *digest;
            index.entries.iter().filter(named).collect()
        }
    };
    let Some(first) = candidates.first() else {
        return Err(TransportError::NotFound { what: what(image), location: place.to_owned() });
    };
    if candidates.iter().any(|candidate| candidate.digest != first.digest) {
        let images = candidates.iter().enumerate().map(|(at, entry)| suffix(at, entry)).collect();
        return Err(TransportError::Unspecified { location: place.to_owned(), images });
    }
    Ok(Found::Listed(first))
}

fn has_name(entry: &Descriptor, name: &str) -> bool {
    entry.annotations.get(REF_NAME).is_some_and(|own| own == name)
}

fn what(image: &LayoutImage) -> String {
    match image {
        LayoutImage::Only => "image".to_owned(),
        LayoutImage::Name(name) => format!("image named `{name}`"),
        LayoutImage::Position(position) => format!("image at position {position}"),
        LayoutImage::Digest { name: None, digest } => format!("`{digest}`"),
        LayoutImage::Digest { name: Some(name), digest } => {
            format!("image named `{name}` with digest `{digest}`")
        }
    }
}

/// What to write behind the path to mean this image.
fn suffix(position: usize, entry: &Descriptor) -> String {
    entry.annotations.get(REF_NAME).map_or_else(|| format!(":@{position}"), |name| format!(":{name}"))
}

/// The index once `root` is what `name` stands for.
///
/// As containers' tools do it: whatever had the name stays, without it; an entry for the same
/// document that has no name is taken over; otherwise the document is appended.
pub fn with_image(mut index: Index, name: Option<&str>, root: &Descriptor) -> Index {
    let is_root = |entry: &Descriptor| entry.digest == root.digest;
    let nameless = |entry: &Descriptor| !entry.annotations.contains_key(REF_NAME);
    if let Some(name) = name {
        if index.entries.iter().any(|entry| is_root(entry) && has_name(entry, name)) {
            index.entries.retain(|entry| is_root(entry) || !has_name(entry, name));
            return index;
        }
        for entry in index.entries.iter_mut().filter(|entry| has_name(entry, name)) {
            entry.annotations.remove(REF_NAME);
        }
    } else if index.entries.iter().any(|entry| is_root(entry) && nameless(entry)) {
        return index;
    }
    let mut listed = root.clone();
    listed.annotations.extend(name.map(|name| (REF_NAME.to_owned(), name.to_owned())));
    match index.entries.iter_mut().find(|entry| is_root(entry) && nameless(entry)) {
        Some(entry) => *entry = listed,
        None => index.entries.push(listed),
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use umbel_model::MediaType;

    fn entry(content: &str, name: &str) -> Descriptor {
        let mut entry = Descriptor::new(MediaType::OCI_INDEX, Digest::sha256(content.as_bytes()), 1);
        if !name.is_empty() {
            entry.annotations.insert(REF_NAME.into(), name.into());
        }
        entry
    }

    fn index(entries: &[Descriptor]) -> Index {
        Index { entries: entries.to_vec(), ..Index::default() }
    }

    #[test]
    fn a_location_that_leaves_the_image_open_is_an_error_that_lists_them() {
        let index = index(&[entry("1", "a"), entry("2", "")]);
        let Err(TransportError::Unspecified { images, .. }) = find(&index, &LayoutImage::Only, "x") else {
            panic!("two images")
        };
        assert_eq!(images, [":a", ":@1"]);
    }

    #[test]
    fn images_are_found_by_name_position_and_digest() {
        let (one, two) = (entry("1", "a"), entry("2", "b"));
        let index = index(&[one.clone(), two.clone()]);
        let digest = |entry: &Descriptor, name: Option<&str>| LayoutImage::Digest {
            name: name.map(str::to_owned),
            digest: entry.digest.clone(),
        };
        let found = |image: &LayoutImage| find(&index, image, "x").ok();
        assert_eq!(found(&LayoutImage::Name("b".into())), Some(Found::Listed(&two)));
        assert_eq!(found(&LayoutImage::Position(0)), Some(Found::Listed(&one)));
        assert_eq!(found(&digest(&two, None)), Some(Found::Listed(&two)));
        assert_eq!(found(&digest(&two, Some("b"))), Some(Found::Listed(&two)));
        assert_eq!(found(&digest(&two, Some("a"))), None);
        assert_eq!(found(&LayoutImage::Name("c".into())), None);
        assert_eq!(found(&LayoutImage::Position(2)), None);
        let other = entry("3", "");
        assert_eq!(found(&digest(&other, None)), Some(Found::Blob(other.digest)));
    }

    #[test]
    fn a_name_moves_and_what_had_it_stays() {
        let moved = with_image(index(&[entry("1", "a")]), Some("a"), &entry("2", ""));
        assert_eq!(moved, index(&[entry("1", ""), entry("2", "a")]));
    }

    #[test]
    fn one_document_may_have_several_names_and_a_nameless_entry_gets_the_first() {
        let named = with_image(index(&[entry("1", "")]), Some("a"), &entry("1", ""));
        assert_eq!(named, index(&[entry("1", "a")]));
        let twice = with_image(named, Some("b"), &entry("1", ""));
        assert_eq!(twice, index(&[entry("1", "a"), entry("1", "b")]));
        assert_eq!(with_image(twice.clone(), Some("b"), &entry("1", "")), twice);
        assert_eq!(with_image(index(&[entry("1", "")]), None, &entry("1", "")), index(&[entry("1", "")]));
    }
}
