//! Referrers: which manifests are about another one.

use std::collections::BTreeMap;

use hyper::StatusCode;
use hyper::header::{HeaderName, LINK};
use umbel_model::name::Tag;
use umbel_model::{Descriptor, Digest, Flavor, Index, Manifest, MediaType, Raw, Style};

use super::{manifest, overview};
use crate::Registry;
use crate::listing;
use crate::refusal::Refusal;
use crate::reply::{self, Reply};
use crate::route::Query;

/// Says by what the answer was filtered.
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

/// `GET /v2/NAME/referrers/DIGEST`: an index of descriptors, empty if there are none.
pub(crate) fn list(
    registry: &Registry,
    name: &str,
    subject: &Digest,
    query: &Query,
) -> Result<Reply, Refusal> {
    let mut found = all(registry, name, subject)?;
    if let Some(wanted) = &query.artifact_type {
        found.retain(|entry| entry.artifact_type.as_ref().is_some_and(|own| own.as_str() == wanted));
    }
    let digests: Vec<String> = found.iter().map(|entry| entry.digest.to_string()).collect();
    let n = overview::page_size(query)?;
    let (page, more) = listing::page(&digests, n, query.last.as_deref());
    let entries = found.into_iter().filter(|entry| page.contains(&entry.digest.to_string())).collect();
    let index = Index { entries, ..Index::default() };
    let document = index.encode(Flavor::Oci, Style::default()).document;
    let reply = reply::bytes(StatusCode::OK, MediaType::OCI_INDEX.as_str(), document.raw().bytes().to_vec());
    let reply = match query.artifact_type {
        Some(_) => reply::with(reply, FILTERS, "artifactType"),
        None => reply,
    };
    Ok(match (page.last().filter(|_| more), n) {
        (Some(last), Some(n)) => reply::with(reply, LINK, &next(name, subject, n, last, query)),
        _ => reply,
    })
}

fn next(name: &str, subject: &Digest, n: usize, last: &str, query: &Query) -> String {
    let mut parameters = form_urlencoded::Serializer::new(String::new());
    parameters.append_pair("n", &n.to_string()).append_pair("last", last);
    if let Some(artifact_type) = &query.artifact_type {
        parameters.append_pair("artifactType", artifact_type);
    }
    format!("</v2/{name}/referrers/{subject}?{}>; rel=\"next\"", parameters.finish())
}

/// The descriptors of all manifests about `subject`, sorted by digest. What is about something is
/// listed, with a name or without, or it is in the index that has the referrers tag of the subject.
fn all(registry: &Registry, name: &str, subject: &Digest) -> Result<Vec<Descriptor>, Refusal> {
    let index = registry.storage.index(name)?.unwrap_or_default();
    let mut candidates = index.entries.clone();
    let tag = format!("{}-{}", subject.algorithm_name(), subject.encoded()).parse::<Tag>();
    if let Some(fallback) = tag.ok().and_then(|tag| listing::tagged(&index, &tag).cloned())
        && let Some(Manifest::Index(fallback)) = parsed(registry, name, &fallback)?
    {
        candidates.extend(fallback.into_view().entries);
    }
    let mut found: BTreeMap<Digest, Descriptor> = BTreeMap::new();
    for entry in candidates {
        let Some(manifest) = parsed(registry, name, &entry)? else { continue };
        if manifest::subject(&manifest).as_ref() == Some(subject) {
            found.insert(entry.digest, described_by(&manifest));
        }
    }
    Ok(found.into_values().collect())
}

/// The document of an entry, if it is there and can be read as one.
fn parsed(registry: &Registry, name: &str, entry: &Descriptor) -> Result<Option<Manifest>, Refusal> {
    let Some(bytes) = manifest::read(registry, name, &entry.digest)? else { return Ok(None) };
    let described = Descriptor::new(entry.media_type.clone(), entry.digest.clone(), bytes.len() as u64);
    Ok(Raw::verified(&described, bytes).ok().and_then(|raw| Manifest::parse(raw).ok()))
}

/// The descriptor of a manifest with what it says of itself: the artifact type, for an image without
/// one its config's media type, and the annotations.
fn described_by(manifest: &Manifest) -> Descriptor {
    let descriptor = manifest.raw().descriptor();
    let (artifact_type, annotations) = match manifest {
        Manifest::Index(index) => (index.view().artifact_type.clone(), index.view().annotations.clone()),
        Manifest::Image(image) => {
            let image = image.view();
            let own = image.artifact_type.clone().or_else(|| Some(image.config.media_type.clone()));
            (own, image.annotations.clone())
        }
        Manifest::Schema1(_) => return descriptor,
    };
    Descriptor { artifact_type, annotations, ..descriptor }
}
