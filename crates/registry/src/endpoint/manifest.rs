//! `/v2/NAME/manifests/REFERENCE`

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, StatusCode};
use umbel_content::{RemoteError, RemoteProblem, TransportError};
use umbel_model::name::Tag;
use umbel_model::{Digest, Manifest, MediaType, Raw};

use crate::auth::Scope;
use crate::call::{Answer, Call, Payload};
use crate::repository::Repository;
use crate::tries::Failure;
use crate::{ReadBack, content_type, referrers_tag};

/// The types that are asked for, best first.
const ACCEPTED: [MediaType; 6] = [
    MediaType::OCI_INDEX,
    MediaType::DOCKER_LIST,
    MediaType::OCI_MANIFEST,
    MediaType::DOCKER_MANIFEST,
    MediaType::DOCKER_SCHEMA1_SIGNED,
    MediaType::DOCKER_SCHEMA1,
];

/// What servers call documents that do not know what they are.
const SAYS_NOTHING: [&str; 3] = ["application/octet-stream", "application/json", "text/plain"];

/// The header in which registries tell the digest of what they answer.
const DIGEST_HEADER: &str = "docker-content-digest";

/// How a manifest is named in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference<'r> {
    /// By a name that may move.
    Tag(&'r Tag),
    /// By content.
    Digest(&'r Digest),
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl Repository {
    fn manifest_call(&self, method: Method, reference: Reference<'_>, scope: Scope) -> Call<'static> {
        Call::new(method, self.target(&format!("manifests/{reference}")), scope)
    }

    fn read_call(&self, method: Method, reference: Reference<'_>) -> Call<'static> {
        let call = self.manifest_call(method, reference, Scope::pull(self.name().path()));
        ACCEPTED.iter().fold(call, |call, accepted| call.with(ACCEPT, accepted.as_str()))
    }

    /// Reads a manifest of at most `limit` bytes. Its digest is that of `reference`, if that is one, and
    /// that of the registry's `Docker-Content-Digest`, if there is one; its type is what the registry says,
    /// or if that says nothing what the document says.
    pub async fn manifest(&self, reference: Reference<'_>, limit: u64) -> Result<Raw, TransportError> {
        let call = self.read_call(Method::GET, reference);
        let (answer, bytes) = self.fetch(&call, limit).await?;
        let raw = typed(&answer, &bytes)?;
        let named = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Tag(_) => None,
        };
        let told = told_digest(&answer);
        for expected in named.iter().chain(&told) {
            if *expected.as_str() != *raw_digest(expected, &raw).as_str() {
                let (location, actual) = (answer.request, raw_digest(expected, &raw));
                let source = umbel_model::raw::Mismatch::Digest { expected: expected.clone(), actual };
                return Err(TransportError::Damaged { location, source });
            }
        }
        Ok(raw)
    }

    /// The digest of a manifest; `None` if it is not there. An answer that does not look like one of a
    /// registry is an error.
    pub async fn manifest_digest(&self, reference: Reference<'_>) -> Result<Option<Digest>, TransportError> {
        let mut tries = self.tries();
        loop {
            let patience = tries.patience(self.network().options().timeouts.answer);
            match self.look_for_manifest(reference, patience).await {
                Ok(found) => return Ok(found),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    async fn look_for_manifest(
        &self,
        reference: Reference<'_>,
        patience: Duration,
    ) -> Result<Option<Digest>, Failure> {
        let call = self.read_call(Method::HEAD, reference);
        let answer = self.once(&call, patience).await?;
        if answer.status == StatusCode::NOT_FOUND || answer.status == StatusCode::GONE {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(Failure::lasting(answer.refusal(patience).await));
        }
        if let Some(digest) = told_digest(&answer) {
            return Ok(Some(digest));
        }
        // Without the header only the content tells.
        let call = self.read_call(Method::GET, reference);
        let answer = self.once(&call, patience).await?;
        let limit = self.network().options().manifest_limit;
        let (answer, bytes) = answer.read_all(limit, patience).await?;
        Ok(Some(typed(&answer, &bytes)?.digest().clone()))
    }

    /// Writes a document, by its digest or as what a tag stands for, and keeps the list of what refers to
    /// its subject where the registry does not.
    pub async fn put_manifest(&self, reference: Reference<'_>, raw: &Raw) -> Result<(), TransportError> {
        let mut tries = self.tries();
        let scope = Scope::push(self.name().path());
        let call = self
            .manifest_call(Method::PUT, reference, scope)
            .with(CONTENT_TYPE, raw.media_type().as_str())
            .carrying(Payload::Bytes(Bytes::copy_from_slice(raw.bytes())));
        loop {
            let patience = tries.patience(self.patience(&call));
            let failure = match self.once(&call, patience).await {
                Ok(answer) if answer.status.is_success() => {
                    match self.acknowledged(answer, reference, raw, patience).await {
                        Ok(subject_kept) => return self.keep_subject(raw, subject_kept).await,
                        Err(failure) => failure,
                    }
                }
                Ok(answer) => return Err(answer.refusal(patience).await),
                Err(failure) => failure,
            };
            if failure.effect_unknown() {
                let found = self.look_for_manifest(reference, tries.patience(patience)).await;
                if found.is_ok_and(|found| found.as_ref() == Some(raw.digest())) {
                    return self.keep_subject(raw, SubjectKept::Unknown).await;
                }
            }
            tries.again(failure).await?;
        }
    }

    /// Whether an answer of success is one: registries tell the digest of what they took. Where they tell
    /// another, or none and the status is not 201, somebody may be in between, and is looked behind.
    async fn acknowledged(
        &self,
        answer: Answer,
        reference: Reference<'_>,
        raw: &Raw,
        patience: Duration,
    ) -> Result<SubjectKept, Failure> {
        let subject =
            if answer.headers.contains_key("oci-subject") { SubjectKept::Yes } else { SubjectKept::No };
        let kept = |found| {
            let (written, request) = (raw.digest().clone(), answer.request.clone());
            let problem = RemoteProblem::NotKept { written, found };
            Failure::lasting(RemoteError::new(request, problem))
        };
        match told_digest(&answer).filter(|told| told.algorithm() == raw.digest().algorithm()) {
            Some(told) if told == *raw.digest() => Ok(subject),
            None if answer.status == StatusCode::CREATED && !is_page(&answer) => Ok(subject),
            // What is told may be wrong, too; what is there decides.
            _ => match self.look_for_manifest(reference, patience).await? {
                Some(found) if found == *raw.digest() => Ok(SubjectKept::Unknown),
                found => Err(kept(found)),
            },
        }
    }

    async fn keep_subject(&self, raw: &Raw, kept: SubjectKept) -> Result<(), TransportError> {
        if kept == SubjectKept::Yes { Ok(()) } else { referrers_tag::keep(self, raw).await }
    }

    /// Makes a tag stand for a document, and looks whether it does.
    pub async fn put_tag(&self, tag: &Tag, raw: &Raw) -> Result<(), TransportError> {
        let reference = Reference::Tag(tag);
        self.put_manifest(reference, raw).await?;
        if self.network().options().read_back == ReadBack::No {
            return Ok(());
        }
        let mut found = self.reads_back(reference, raw).await.map_err(unconfirmed)?;
        if matches!(found, ReadsBack::Nothing) {
            // Taken and lost. Something else there is another matter: somebody may have put it there since.
            self.put_manifest(reference, raw).await?;
            found = self.reads_back(reference, raw).await.map_err(unconfirmed)?;
        }
        let found = match found {
            ReadsBack::AsWritten => return Ok(()),
            ReadsBack::Nothing => None,
            ReadsBack::Other(found) => Some(found),
        };
        let request = self.describe(&self.read_call(Method::HEAD, reference));
        let problem = RemoteProblem::NotKept { written: raw.digest().clone(), found };
        Err(RemoteError::new(request, problem).into())
    }

    /// What a tag stands for after it was written. A registry whose parts agree only after a while is given
    /// that while.
    async fn reads_back(&self, reference: Reference<'_>, raw: &Raw) -> Result<ReadsBack, TransportError> {
        let limit = self.network().options().timeouts.read_back;
        let (mut waited, mut wait) = (Duration::ZERO, limit / 50);
        loop {
            let found = match self.manifest_digest(reference).await {
                Ok(Some(found)) if found == *raw.digest() => return Ok(ReadsBack::AsWritten),
                Ok(Some(found)) => ReadsBack::Other(found),
                Ok(None) => ReadsBack::Nothing,
                // Who may write need not be allowed to read, and the registry said that it took it.
                Err(TransportError::Remote(RemoteError {
                    problem: RemoteProblem::Denied { .. }, ..
                })) => {
                    return Ok(ReadsBack::AsWritten);
                }
                Err(error) => return Err(error),
            };
            if waited >= limit {
                return Ok(found);
            }
            tokio::time::sleep(wait).await;
            waited += wait;
            wait *= 2;
        }
    }

    /// Deletes a manifest, or a tag; `false` if there was none.
    pub async fn delete_manifest(&self, reference: Reference<'_>) -> Result<bool, TransportError> {
        let scope = Scope::delete(self.name().path());
        self.delete(self.manifest_call(Method::DELETE, reference, scope)).await
    }

    /// Whether what a call is about is certainly not there.
    async fn is_gone(&self, call: &Call<'_>, patience: Duration) -> bool {
        let look =
            Call::new(Method::HEAD, call.target.clone(), call.scope.clone()).at_most(call.widest.clone());
        self.once(&look, patience).await.is_ok_and(|answer| answer.status == StatusCode::NOT_FOUND)
    }

    /// Deletes something. That it is gone after an error is a success, too.
    pub(crate) async fn delete(&self, call: Call<'_>) -> Result<bool, TransportError> {
        // Some registries have no right of its own for deleting.
        let widest = call.scope.clone().and(Scope::push(self.name().path()));
        let call = &call.at_most(widest);
        let mut tries = self.tries();
        let mut gone = false;
        loop {
            let patience = tries.patience(self.patience(call));
            match self.once(call, patience).await {
                Ok(answer) if answer.status.is_success() && !is_page(&answer) => return Ok(true),
                Ok(answer) if answer.status == StatusCode::NOT_FOUND => return Ok(gone),
                Ok(answer) => return Err(answer.refusal(patience).await),
                Err(failure) => {
                    gone |= failure.effect_unknown();
                    if failure.effect_unknown() && self.is_gone(call, tries.patience(patience)).await {
                        return Ok(true);
                    }
                    tries.again(failure).await?;
                }
            }
        }
    }
}

/// A document with the type that the answer gives it.
fn typed(answer: &Answer, bytes: &[u8]) -> Result<Raw, TransportError> {
    let told = answer.header(CONTENT_TYPE).and_then(content_type::media_type);
    let media_type = match told {
        Some(told) if told.as_str() == "text/html" => {
            let problem = RemoteProblem::Nonsense("with a page for people".to_owned());
            return Err(RemoteError::new(answer.request.clone(), problem).into());
        }
        Some(told) if !SAYS_NOTHING.contains(&told.as_str()) => told,
        _ => Manifest::detect(bytes).map_err(|source| TransportError::Document {
            what: "the document".to_owned(),
            location: answer.request.clone(),
            source,
        })?,
    };
    Ok(Raw::new(media_type, bytes.to_vec()))
}

/// The error that a tag was written and cannot be looked at.
fn unconfirmed(error: TransportError) -> TransportError {
    match error {
        TransportError::Remote(error) => {
            RemoteError::new(error.request.clone(), RemoteProblem::Unconfirmed(Box::new(error))).into()
        }
        other => other,
    }
}

/// What a tag stands for after it was written.
enum ReadsBack {
    AsWritten,
    Nothing,
    Other(Digest),
}

/// Whether a registry says to have put a document on the list of its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SubjectKept {
    Yes,
    No,
    /// Its answer was not heard.
    Unknown,
}

/// The digest that a registry tells in an answer.
pub(crate) fn told_digest(answer: &Answer) -> Option<Digest> {
    answer.header(DIGEST_HEADER)?.trim().parse().ok()
}

/// The digest of a document in the algorithm of another.
fn raw_digest(like: &Digest, raw: &Raw) -> Digest {
    like.algorithm().map_or_else(|| raw.digest().clone(), |algorithm| Digest::of(algorithm, raw.bytes()))
}

/// Whether an answer is a page for people: no registry sends one.
pub(crate) fn is_page(answer: &Answer) -> bool {
    answer.header(CONTENT_TYPE).is_some_and(|told| told.starts_with("text/html"))
}
