//! The tag that stands in for the referrers endpoint where a registry has none.
//!
//! The distribution specification calls it the referrers tag schema: the tag `sha256-HEX` stands for an
//! index of what refers to the document of that digest, and clients keep it themselves.

use std::time::Duration;

use umbel_content::{RemoteError, RemoteProblem, TransportError};
use umbel_model::name::Tag;
use umbel_model::{Descriptor, Digest, Document, Flavor, Index, Manifest, Raw, Style};

use crate::endpoint::manifest::Reference;
use crate::repository::Repository;

/// How often an index is written again because somebody else wrote it at the same time.
const ROUNDS: u32 = 5;

/// How much longer to wait after each of them.
const PAUSE: Duration = Duration::from_millis(100);

/// The tag for what refers to `subject`. Of the algorithm and of the rest the specification takes so many
/// characters, and puts `-` for those that no tag may have.
pub(crate) fn tag(subject: &Digest) -> Option<Tag> {
    let (algorithm, encoded) =
        (subject.algorithm_name().chars().take(32), subject.encoded().chars().take(64));
    let text: String = algorithm.chain(['-']).chain(encoded).collect();
    text.replace('+', "-").parse().ok()
}

/// The index that the tag stands for; `None` if there is none.
pub(crate) async fn read(
    repository: &Repository,
    subject: &Digest,
    limit: u64,
) -> Result<Option<Document<Index>>, TransportError> {
    let Some(tag) = tag(subject) else { return Ok(None) };
    let raw = match repository.manifest(Reference::Tag(&tag), limit).await {
        Ok(raw) => raw,
        Err(TransportError::Remote(error)) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    match Manifest::parse(raw) {
        Ok(Manifest::Index(index)) => Ok(Some(index)),
        // Somebody uses the tag for something of their own, which is not ours to overwrite.
        Ok(_) => Err(TransportError::WrongKind {
            location: format!("{}:{tag}", repository.name()),
            expected: "an index of referrers",
            problem: "the tag stands for something else".to_owned(),
        }),
        Err(source) => Err(TransportError::Document {
            what: format!("`{tag}`"),
            location: repository.name().to_string(),
            source,
        }),
    }
}

/// Puts a document on the list of its subject, if it has one, and looks whether it stayed there: there
/// is no way to write on a condition, so two who write at once may undo each other's work.
pub(crate) async fn keep(repository: &Repository, raw: &Raw) -> Result<(), TransportError> {
    let Some((subject, entry)) = referrer(raw) else { return Ok(()) };
    // The registry has the endpoint and did not say so.
    if repository
        .referrers(&subject.digest, None)
        .await
        .is_ok_and(|known| !known.from_tag && known.entries.iter().any(|known| known.digest == entry.digest))
    {
        return Ok(());
    }
    let Some(tag) = tag(&subject.digest) else { return Ok(()) };
    let limit = repository.network().options().manifest_limit;
    for round in 0..=ROUNDS {
        let mut index =
            read(repository, &subject.digest, limit).await?.map(Document::into_view).unwrap_or_default();
        if index.entries.iter().any(|known| known.digest == entry.digest) {
            return Ok(());
        }
        if round == ROUNDS {
            break;
        }
        index.entries.push(entry.clone());
        let document = index.encode(Flavor::Oci, Style::default()).document;
        Box::pin(repository.put_manifest(Reference::Tag(&tag), document.raw())).await?;
        // Right after the first time it is usually there; later somebody else is in a hurry, too.
        tokio::time::sleep(PAUSE * round).await;
    }
    let request = format!("PUT {}:{tag}", repository.name());
    let problem = RemoteProblem::NotKept { written: entry.digest, found: None };
    Err(RemoteError::new(request, problem).into())
}

/// What a document refers to as its subject, and the entry that stands for the document.
fn referrer(raw: &Raw) -> Option<(Descriptor, Descriptor)> {
    let mut entry = raw.descriptor();
    match Manifest::parse(raw.clone()).ok()? {
        Manifest::Image(image) => {
            let image = image.view();
            let config_type = || Some(image.config.media_type.clone());
            entry.artifact_type = image.artifact_type.clone().or_else(config_type);
            entry.annotations.clone_from(&image.annotations);
            Some((image.subject.clone()?, entry))
        }
        Manifest::Index(index) => {
            let index = index.view();
            entry.artifact_type.clone_from(&index.artifact_type);
            entry.annotations.clone_from(&index.annotations);
            Some((index.subject.clone()?, entry))
        }
        Manifest::Schema1(_) => None,
    }
}
