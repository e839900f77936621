//! `/v2/NAME/referrers/DIGEST`, and the tag that stands in for it.

use bytes::Bytes;
use umbel_content::{RemoteProblem, TransportError};
use umbel_model::{Descriptor, Digest, Manifest, MediaType, Raw};

use super::pages::malformed;
use crate::auth::Scope;
use crate::call::Answer;
use crate::referrers_tag;
use crate::repository::Repository;

/// What refers to a document as its subject.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referrers {
    /// In the registry's order.
    pub entries: Vec<Descriptor>,
    /// Whether they come from a tag, because the registry has no endpoint for them.
    pub from_tag: bool,
}

impl Repository {
    /// What refers to `subject`; of one artifact type if that is given.
    pub async fn referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Referrers, TransportError> {
        let mut found = match self.referrers_of(subject, artifact_type).await {
            Ok(entries) => Referrers { entries, from_tag: false },
            Err(error) if has_no_endpoint(&error) => {
                let limit = self.network().options().manifest_limit;
                let index = referrers_tag::read(self, subject, limit).await?;
                let entries = index.map(|index| index.into_view().entries).unwrap_or_default();
                Referrers { entries, from_tag: true }
            }
            Err(error) => return Err(error),
        };
        // A registry that filters says so; what else comes is filtered here. Doing it twice is no harm.
        found.entries.retain(|entry| {
            artifact_type.is_none_or(|wanted| {
                entry.artifact_type.as_ref().is_some_and(|known| known.as_str() == wanted)
            })
        });
        Ok(found)
    }

    async fn referrers_of(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<Descriptor>, TransportError> {
        let query = artifact_type.map_or_else(String::new, |wanted| {
            let wanted: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
            format!("?artifactType={wanted}")
        });
        let target = self.target(&format!("referrers/{subject}{query}"));
        let mut entries = Vec::new();
        let scope = Scope::pull(self.name().path());
        self.pages(target, scope, |answer, body| {
            entries.extend(read_page(answer, &body)?);
            Ok(())
        })
        .await?;
        Ok(entries)
    }
}

fn read_page(answer: &Answer, body: &Bytes) -> Result<Vec<Descriptor>, TransportError> {
    let raw = Raw::new(MediaType::OCI_INDEX, body.to_vec());
    match Manifest::parse(raw) {
        Ok(Manifest::Index(index)) => Ok(index.into_view().entries),
        Ok(_) => Err(malformed(answer, "it is no index")),
        Err(error) => Err(malformed(answer, format!("it is no index: {error}"))),
    }
}

/// Whether an error is how a registry of before 1.1 answers.
fn has_no_endpoint(error: &TransportError) -> bool {
    let TransportError::Remote(error) = error else { return false };
    match &error.problem {
        RemoteProblem::Answered { status, .. } => matches!(status, 400 | 404 | 405 | 406 | 501),
        // Some answer every path that they do not know with a page.
        RemoteProblem::Nonsense(_) => true,
        _ => false,
    }
}
