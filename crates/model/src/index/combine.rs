//! Putting sources together into one index, without any I/O.

use std::fmt;

use super::{Dropped, Edit, EditError, Index, Style};
use crate::descriptor::Extra;
use crate::{Descriptor, DocumentKind, Flavor, Manifest, Platform, Raw};

/// One source: a document, and the descriptor by which it was found.
#[derive(Clone, Debug)]
pub struct Part {
    /// How the source is called in notes.
    pub name: String,
    /// The document.
    pub manifest: Manifest,
    /// The entry that stands for it if it is an image: its platform is filled in already.
    pub entry: Descriptor,
}

/// What is wanted of the result.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The form of the result; `None` lets the entries decide.
    pub flavor: Option<Flavor>,
    /// Keep only the entries that one of these covers, with their attestations; empty keeps all.
    pub platforms: Vec<Platform>,
    /// Changes made to the result.
    pub edits: Vec<Edit>,
    /// What becomes of an image that is the only source.
    pub single_image: SingleImage,
    /// How the result is set out.
    pub style: Style,
}

/// What becomes of an image that is the only source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SingleImage {
    /// An index with one entry.
    #[default]
    Wrap,
    /// The image itself, if nothing is to be changed.
    Keep,
}

/// The result.
#[derive(Clone, Debug)]
pub struct Combined {
    /// What is to be published: the source's own bytes wherever nothing had to change.
    pub root: Raw,
    /// The entries of the result; none if it is an image.
    pub entries: Vec<Descriptor>,
    /// What the form of the result cannot hold.
    pub dropped: Vec<Dropped>,
    /// What else the user should know.
    pub notes: Vec<CombineNote>,
}

/// Puts sources together.
///
/// The entries of index sources and the images themselves follow each other in the order of the
/// sources; an index inside an index stays an entry. One digest gives one entry, where it came
/// first, with the platform and annotations of the later ones merged in. A single index that is not
/// changed keeps its bytes. What index sources say about themselves is kept where they do not
/// contradict each other. Without a wish the result is a Docker list if all entries are Docker
/// images and nothing needs the OCI form, else an OCI index.
pub fn combine(parts: &[Part], rules: &Rules) -> Result<Combined, CombineError> {
    refuse_schema1(parts)?;
    if let Some(combined) = single_image(parts, rules) {
        return Ok(combined);
    }
    let mut notes = Vec::new();
    let mut index = merge(parts, &mut notes);
    let filtered = filter(&mut index, &rules.platforms)?;
    for edit in &rules.edits {
        index.apply(edit.clone())?;
    }
    if let [Part { manifest: Manifest::Index(document), .. }] = parts {
        let as_wished = rules.flavor.is_none_or(|flavor| flavor == document.flavor());
        if rules.edits.is_empty() && !filtered && as_wished {
            let (root, dropped) = (document.raw().clone(), Vec::new());
            return Ok(Combined { root, entries: index.entries, dropped, notes });
        }
    }
    let flavor = rules.flavor.unwrap_or_else(|| natural_flavor(parts, &index, &mut notes));
    let encoded = index.encode(flavor, rules.style);
    let root = encoded.document.raw().clone();
    Ok(Combined { root, entries: index.entries, dropped: encoded.dropped, notes })
}

fn refuse_schema1(parts: &[Part]) -> Result<(), CombineError> {
    let old = |part: &&Part| matches!(part.manifest, Manifest::Schema1(_));
    match parts.iter().find(old) {
        Some(part) => Err(CombineError::Schema1(part.name.clone())),
        None => Ok(()),
    }
}

fn single_image(parts: &[Part], rules: &Rules) -> Option<Combined> {
    let [Part { manifest: Manifest::Image(image), .. }] = parts else { return None };
    let untouched = rules.edits.is_empty() && rules.platforms.is_empty() && rules.flavor.is_none();
    (rules.single_image == SingleImage::Keep && untouched).then(|| Combined {
        root: image.raw().clone(),
        entries: Vec::new(),
        dropped: Vec::new(),
        notes: Vec::new(),
    })
}

fn merge(parts: &[Part], notes: &mut Vec<CombineNote>) -> Index {
    let mut merged = Index::default();
    for part in parts {
        let entries = match &part.manifest {
            Manifest::Index(document) => {
                merge_own(&mut merged, document.view(), part, notes);
                document.view().entries.clone()
            }
            Manifest::Image(_) | Manifest::Schema1(_) => vec![part.entry.clone()],
        };
        let added = merged.apply(Edit::Add(entries));
        debug_assert!(added.is_ok(), "adding entries cannot fail");
    }
    merged
}

/// Takes over what an index source says about itself; the earlier source wins, and what is lost by
/// that is noted.
fn merge_own(merged: &mut Index, own: &Index, part: &Part, notes: &mut Vec<CombineNote>) {
    let mut ignored = |field: String| notes.push(CombineNote::Ignored { from: part.name.clone(), field });
    for (key, value) in &own.annotations {
        let kept = merged.annotations.entry(key.clone()).or_insert_with(|| value.clone());
        if kept != value {
            ignored(format!("annotation `{key}`"));
        }
    }
    if let Some(artifact_type) = &own.artifact_type
        && merged.artifact_type.get_or_insert_with(|| artifact_type.clone()) != artifact_type
    {
        ignored(format!("artifact type `{artifact_type}`"));
    }
    if let Some(subject) = &own.subject
        && merged.subject.get_or_insert_with(|| subject.clone()).digest != subject.digest
    {
        ignored(format!("subject `{}`", subject.digest));
    }
    if merged.extra == Extra::default() {
        merged.extra.clone_from(&own.extra);
    } else if merged.extra != own.extra && !own.extra.is_empty() {
        for (key, _) in own.extra.iter() {
            ignored(format!("field `{key}`"));
        }
    }
}

/// Returns whether anything went.
fn filter(index: &mut Index, platforms: &[Platform]) -> Result<bool, CombineError> {
    if platforms.is_empty() {
        return Ok(false);
    }
    let covered = |entry: &Descriptor, wanted: &Platform| {
        entry.platform.as_ref().is_some_and(|platform| platform.is_covered_by(wanted))
    };
    let images = index.entries.clone();
    if let Some(missing) = platforms.iter().find(|wanted| !images.iter().any(|entry| covered(entry, wanted)))
    {
        let available = index.platforms().into_iter().cloned().collect();
        return Err(CombineError::NoSuchPlatform { wanted: missing.clone(), available });
    }
    let keep = |entry: &Descriptor| platforms.iter().any(|wanted| covered(entry, wanted));
    Ok(!index.retain_with_attestations(keep).is_empty())
}

fn natural_flavor(parts: &[Part], index: &Index, notes: &mut Vec<CombineNote>) -> Flavor {
    let docker = |entry: &Descriptor| {
        matches!(
            entry.media_type.document_kind(),
            Some(DocumentKind::Image(Flavor::Docker) | DocumentKind::Index(Flavor::Docker))
        )
    };
    if index.entries.is_empty() || !index.entries.iter().all(docker) {
        return Flavor::Oci;
    }
    if index.dropped_by(Flavor::Docker).is_empty() {
        return Flavor::Docker;
    }
    if parts.iter().any(|part| {
        part.manifest.raw().media_type().document_kind() != Some(DocumentKind::Index(Flavor::Oci))
    }) {
        notes.push(CombineNote::BecameOci);
    }
    Flavor::Oci
}

/// Something about a combination that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CombineNote {
    /// Something an index source says about itself is not in the result.
    Ignored {
        /// The source.
        from: String,
        /// What was left out.
        field: String,
    },
    /// All images are Docker's, but the result needs the OCI form.
    BecameOci,
}

impl fmt::Display for CombineNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored { from, field } => {
                write!(f, "{field} of `{from}` is not in the result: an earlier source says otherwise")
            }
            Self::BecameOci => {
                f.write_str("the result is an OCI index: a Docker list cannot hold all that was asked for")
            }
        }
    }
}

/// Sources that cannot be combined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// A source is an image of a kind that no index may hold.
    #[error("`{0}` is a Docker schema 1 image, which no index may hold")]
    Schema1(String),
    /// A platform to keep has no entry.
    #[error("there is no image for `{wanted}`")]
    NoSuchPlatform {
        /// What was to be kept.
        wanted: Platform,
        /// What there is.
        available: Vec<Platform>,
    },
    /// A change could not be made.
    #[error(transparent)]
    Edit(#[from] EditError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnnotationChange, Digest, Document, MediaType, Target};

    fn entry(name: &str, media_type: MediaType, platform: &str) -> Descriptor {
        let mut entry = Descriptor::new(media_type, Digest::sha256(name.as_bytes()), 1);
        entry.platform = Some(platform.parse().unwrap());
        entry
    }

    fn image(name: &str, media_type: MediaType, platform: &str) -> Part {
        let raw = Raw::new(media_type.clone(), Vec::new());
        let view = crate::ImageManifest {
            config: entry("config", MediaType::OCI_CONFIG, platform),
            layers: Vec::new(),
            annotations: crate::Annotations::default(),
            artifact_type: None,
            subject: None,
        };
        let manifest = Manifest::Image(Document::new(raw, view));
        Part { name: name.into(), manifest, entry: entry(name, media_type, platform) }
    }

    fn index(name: &str, index: &Index, flavor: Flavor) -> Part {
        let document = index
            .encode(flavor, Style { layout: super::super::Layout::Indented, ..Style::default() })
            .document;
        let entry = document.raw().descriptor();
        Part { name: name.into(), manifest: Manifest::Index(document), entry }
    }

    fn annotated(key: &str, value: &str, entries: Vec<Descriptor>) -> Index {
        Index { entries, annotations: [(key.into(), value.into())].into(), ..Index::default() }
    }

    fn kind(combined: &Combined) -> Option<DocumentKind> {
        combined.root.media_type().document_kind()
    }

    #[test]
    fn one_unchanged_index_keeps_its_bytes() {
        let source = index(
            "a",
            &annotated("k", "v", vec![entry("1", MediaType::OCI_MANIFEST, "linux/amd64")]),
            Flavor::Oci,
        );
        let combined = combine(std::slice::from_ref(&source), &Rules::default()).unwrap();
        assert_eq!(combined.root, *source.manifest.raw());
    }

    #[test]
    fn docker_images_give_a_docker_list_unless_something_needs_the_oci_form() {
        let parts = [
            image("a", MediaType::DOCKER_MANIFEST, "linux/amd64"),
            image("b", MediaType::DOCKER_MANIFEST, "linux/arm64"),
        ];
        let combined = combine(&parts, &Rules::default()).unwrap();
        assert_eq!(kind(&combined), Some(DocumentKind::Index(Flavor::Docker)));
        let change = AnnotationChange::Set { key: "a".into(), value: "b".into() };
        let edits = vec![Edit::Annotate { target: Target::Index, changes: vec![change] }];
        let combined = combine(&parts, &Rules { edits, ..Rules::default() }).unwrap();
        assert_eq!(kind(&combined), Some(DocumentKind::Index(Flavor::Oci)));
        assert_eq!(combined.notes, [CombineNote::BecameOci]);
    }

    #[test]
    fn nothing_is_taken_for_an_oci_index() {
        let combined = combine(&[], &Rules::default()).unwrap();
        assert_eq!(kind(&combined), Some(DocumentKind::Index(Flavor::Oci)));
    }

    #[test]
    fn a_single_image_is_wrapped_or_kept_as_asked() {
        let part = image("a", MediaType::OCI_MANIFEST, "linux/amd64");
        let wrapped = combine(std::slice::from_ref(&part), &Rules::default()).unwrap();
        assert_eq!(wrapped.entries, std::slice::from_ref(&part.entry));
        let rules = Rules { single_image: SingleImage::Keep, ..Rules::default() };
        assert_eq!(combine(std::slice::from_ref(&part), &rules).unwrap().root, *part.manifest.raw());
    }

    #[test]
    fn what_sources_say_about_themselves_is_kept_and_contradictions_are_noted() {
        let one = index(
            "one",
            &annotated("k", "1", vec![entry("1", MediaType::OCI_MANIFEST, "linux/amd64")]),
            Flavor::Oci,
        );
        let two = index(
            "two",
            &annotated("k", "2", vec![entry("2", MediaType::OCI_MANIFEST, "linux/arm64")]),
            Flavor::Oci,
        );
        let combined = combine(&[one, two], &Rules::default()).unwrap();
        let Ok(Manifest::Index(document)) = Manifest::parse(combined.root) else { panic!("an index") };
        assert_eq!(document.view().annotations["k"], "1");
        assert_eq!(
            combined.notes,
            [CombineNote::Ignored { from: "two".into(), field: "annotation `k`".into() }]
        );
    }

    #[test]
    fn a_filter_that_keeps_nothing_of_a_platform_is_refused() {
        let part = image("a", MediaType::OCI_MANIFEST, "linux/amd64");
        let rules = Rules { platforms: vec!["linux/s390x".parse().unwrap()], ..Rules::default() };
        let error = combine(&[part], &rules).unwrap_err();
        assert_eq!(error.to_string(), "there is no image for `linux/s390x`");
    }

    #[test]
    fn one_digest_gives_one_entry_where_it_came_first() {
        let mut again = image("a", MediaType::OCI_MANIFEST, "linux/amd64/v2");
        again.entry.annotations.insert("k".into(), "v".into());
        let parts = [
            image("a", MediaType::OCI_MANIFEST, "linux/amd64"),
            image("b", MediaType::OCI_MANIFEST, "linux/arm64"),
            again.clone(),
        ];
        let combined = combine(&parts, &Rules::default()).unwrap();
        assert_eq!(combined.entries, [again.entry, parts[1].entry.clone()]);
    }
}
