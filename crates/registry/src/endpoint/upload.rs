//! `/v2/NAME/blobs/uploads/`: how blobs get into a repository.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use http::{Method, StatusCode};
use umbel_content::{Blob, Body, Placed, Placing, RemoteError, RemoteProblem, TransportError, VerifiedBody};
use umbel_model::{Algorithm, Descriptor, Digest, Hasher, ImageName};
use url::Url;

use super::manifest::is_page;
use crate::auth::Scope;
use crate::call::{Answer, Call, Payload, Target};
use crate::content_range::next_offset;
use crate::repository::Repository;
use crate::retry::Trouble;
use crate::tries::{Failure, Tries};
use crate::upload_location::{resolve, with_digest};

/// A blob smaller than this, in bytes, is sent without asking first whether it is there: the question
/// would cost as much as the answer saves.
const SMALL: u64 = 16 << 10;

/// A blob larger than this, in bytes, shares the line with few others.
const LARGE: u64 = 4 << 20;

/// How much is sent at a time to registries that take no blob in one piece, in bytes. It is held in
/// memory, so as to be sent again.
const CHUNK: u64 = 8 << 20;

/// The largest piece that a registry may insist on, in bytes.
const MAX_CHUNK: u64 = 256 << 20;

/// How often an upload is begun anew after its session was lost.
const SESSIONS: usize = 3;

const OCTETS: &str = "application/octet-stream";

/// An upload that a registry is ready for.
struct Session {
    /// Where it goes on.
    location: Url,
    /// The smallest piece that the registry takes.
    min_chunk: u64,
}

/// What became of a piece of an upload.
enum Sent {
    /// It is there, and so is all of the blob.
    Done,
    /// The registry does not know the session any more.
    SessionLost,
    /// The registry does not take a blob in one piece.
    OnlyChunks,
}

/// What a registry answered to a request to take a blob from elsewhere.
enum Mount {
    /// The blob is there.
    Mounted,
    /// It is not; an upload may begin.
    Declined(Session),
}

impl Repository {
    /// Makes sure that a blob is in this repository, sending as little as can be.
    ///
    /// `Placing::Reuse` takes the registry's word for what it says to have; should that be wrong, writing
    /// the manifest fails and names the blob.
    pub async fn place_blob(&self, blob: &Blob, how: Placing) -> Result<Placed, TransportError> {
        if how == Placing::Send {
            return self.upload(blob, None).await;
        }
        let repositories = blob.repositories();
        if repositories.contains(self.name()) {
            return Ok(Placed::Present);
        }
        let descriptor = blob.descriptor();
        let neighbour = repositories.iter().find(|name| name.host() == self.name().host());
        if let Some(neighbour) = neighbour {
            return match self.mount(descriptor, neighbour).await? {
                Mount::Mounted => Ok(Placed::Mounted),
                // Many registries decline to mount what they have all the same.
                Mount::Declined(_) if descriptor.size > SMALL && self.has_blob(descriptor).await? => {
                    Ok(Placed::Present)
                }
                Mount::Declined(session) => self.upload(blob, Some(session)).await,
            };
        }
        if descriptor.size > SMALL && self.has_blob(descriptor).await? {
            return Ok(Placed::Present);
        }
        self.upload(blob, None).await
    }

    fn uploads(&self, query: &str, scope: Scope) -> Call<'static> {
        Call::new(Method::POST, self.target(&format!("blobs/uploads/{query}")), scope)
    }

    /// Asks the registry to take a blob from another of its repositories.
    async fn mount(&self, descriptor: &Descriptor, from: &ImageName) -> Result<Mount, TransportError> {
        let query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1)
            .append_pair("mount", descriptor.digest.as_str())
            .append_pair("from", from.path())
            .finish();
        let scope = Scope::push(self.name().path()).and(Scope::pull(from.path()));
        let answer = match self.send(&self.uploads(&query, scope)).await {
            // Who may write here need not be allowed to read there.
            Err(TransportError::Remote(RemoteError { problem: RemoteProblem::Denied { .. }, .. })) => {
                return Ok(Mount::Declined(self.begin().await?));
            }
            answer => answer?,
        };
        match answer.status {
            StatusCode::ACCEPTED => Ok(Mount::Declined(session(&answer)?)),
            status if status.is_success() && !is_page(&answer) => Ok(Mount::Mounted),
            // Whatever it does not like about mounting, it may like to have the blob.
            _ => Ok(Mount::Declined(self.begin().await?)),
        }
    }

    async fn begin(&self) -> Result<Session, TransportError> {
        let call = self.uploads("", Scope::push(self.name().path()));
        let answer = self.send(&call).await?;
        if answer.status.is_success() && !is_page(&answer) {
            session(&answer)
        } else {
            Err(answer.refusal(self.patience(&call)).await)
        }
    }

    /// Sends a blob, whatever is there.
    async fn upload(&self, blob: &Blob, session: Option<Session>) -> Result<Placed, TransportError> {
        let _large = if blob.descriptor().size > LARGE {
            self.network().large_uploads().acquire().await.ok()
        } else {
            None
        };
        let (mut session, mut lost, mut tries) = (session, 0, self.tries());
        loop {
            let current = match session.take() {
                Some(session) => session,
                None => self.begin().await?,
            };
            match self.send_whole(blob, &current, &tries).await {
                Ok(Sent::Done) => return Ok(Placed::Written),
                Ok(Sent::OnlyChunks) => {
                    self.send_verified(blob).await?;
                    return Ok(Placed::Written);
                }
                Ok(Sent::SessionLost) if lost + 1 < SESSIONS => lost += 1,
                Ok(Sent::SessionLost) => return Err(self.session_lost(&current)),
                Err(failure) => {
                    // What ended otherwise than in silence was moving until then.
                    if failure.trouble != Some(Trouble::Silence) {
                        tries.moved();
                    }
                    tries.again(failure).await?;
                }
            }
        }
    }

    fn session_lost(&self, session: &Session) -> TransportError {
        let call =
            Call::new(Method::PUT, Target::Url(session.location.clone()), Scope::push(self.name().path()));
        let problem = RemoteProblem::Nonsense("it keeps losing the upload".to_owned());
        RemoteError::new(self.describe(&call), problem).into()
    }

    /// One PUT with everything. A failed one may have been enough; if not, the session is used up.
    async fn send_whole(&self, blob: &Blob, session: &Session, tries: &Tries<'_>) -> Result<Sent, Failure> {
        let descriptor = blob.descriptor();
        let target = Target::Url(with_digest(&session.location, &descriptor.digest));
        let timeouts = &self.network().options().timeouts;
        let call = Call::new(Method::PUT, target, Scope::push(self.name().path()))
            .with(CONTENT_TYPE, OCTETS)
            .carrying(Payload::Blob(blob))
            .patient(timeouts.upload_answer);
        let patience = tries.patience(self.patience(&call));
        let failure = match self.once(&call, patience).await {
            Ok(answer) => match self.finished(answer, descriptor, patience).await {
                Ok(sent) => return Ok(sent),
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        let effect_unknown = failure.effect_unknown();
        if effect_unknown
            && self.look_for_blob(descriptor, tries.patience(timeouts.answer)).await.is_ok_and(|there| there)
        {
            return Ok(Sent::Done);
        }
        Err(failure)
    }

    /// What the answer to the last request of an upload means.
    async fn finished(
        &self,
        answer: Answer,
        descriptor: &Descriptor,
        patience: Duration,
    ) -> Result<Sent, Failure> {
        match answer.status.as_u16() {
            201 if !is_page(&answer) => Ok(Sent::Done),
            // Some answer with another number; some let a page be put in between.
            200..=299 if self.look_for_blob(descriptor, patience).await? => Ok(Sent::Done),
            200..=299 | 404 | 410 | 416 => Ok(Sent::SessionLost),
            405 | 411 | 413 | 501 => Ok(Sent::OnlyChunks),
            _ => Err(Failure::lasting(answer.refusal(patience).await)),
        }
    }

    /// Sends a blob in pieces.
    async fn send_verified(&self, blob: &Blob) -> Result<(), TransportError> {
        let mut lost = 0;
        loop {
            let session = self.begin().await?;
            let algorithm = blob.descriptor().digest.algorithm().unwrap_or(Algorithm::Sha256);
            let mut pieces = Pieces::new(Box::new(Checked(blob.open().await?)), algorithm);
            match self.send_pieces(&session, &mut pieces).await? {
                Some(_) => return Ok(()),
                None if lost + 1 < SESSIONS => lost += 1,
                None => return Err(self.session_lost(&session)),
            }
        }
    }

    /// Sends bytes of which neither size nor digest is known yet, in pieces, and returns what they turned
    /// out to be, with `media_type` left to the caller. They cannot be sent again from the start, so a
    /// lost session is an error.
    pub async fn write_stream(&self, body: Box<dyn Body>) -> Result<(Digest, u64), TransportError> {
        let session = self.begin().await?;
        let mut pieces = Pieces::new(body, Algorithm::Sha256);
        let sent = self.send_pieces(&session, &mut pieces).await?;
        sent.ok_or_else(|| self.session_lost(&session))
    }

    /// Sends all pieces and finishes the upload; `None` if the registry lost the session.
    async fn send_pieces(
        &self,
        session: &Session,
        pieces: &mut Pieces,
    ) -> Result<Option<(Digest, u64)>, TransportError> {
        let size = usize::try_from(session.min_chunk.max(CHUNK)).unwrap_or(usize::MAX);
        let (mut location, mut offset) = (session.location.clone(), 0);
        while let Some(piece) = pieces.next(size).await? {
            let length = piece.len() as u64;
            let Some(next) = self.send_piece(&location, piece, offset).await? else { return Ok(None) };
            location = next;
            offset += length;
        }
        let digest = pieces.digest();
        let target = Target::Url(with_digest(&location, &digest));
        let call = Call::new(Method::PUT, target, Scope::push(self.name().path())).with(CONTENT_TYPE, OCTETS);
        let call = call.patient(self.network().options().timeouts.upload_answer);
        let media_type = OCTETS.parse().expect("it is a media type");
        let descriptor = Descriptor::new(media_type, digest.clone(), offset);
        let mut tries = self.tries();
        loop {
            let patience = tries.patience(self.patience(&call));
            let failure = match self.once(&call, patience).await {
                Ok(answer) => match self.finished(answer, &descriptor, patience).await {
                    Ok(Sent::Done) => return Ok(Some((digest, offset))),
                    Ok(Sent::SessionLost | Sent::OnlyChunks) => return Ok(None),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            let patience = tries.patience(patience);
            if failure.effect_unknown()
                && self.look_for_blob(&descriptor, patience).await.is_ok_and(|there| there)
            {
                return Ok(Some((digest, offset)));
            }
            tries.again(failure).await?;
        }
    }

    /// Sends one piece, and again whatever of it did not arrive. Returns where the upload goes on, or
    /// `None` if the registry lost it.
    async fn send_piece(
        &self,
        location: &Url,
        piece: Bytes,
        offset: u64,
    ) -> Result<Option<Url>, TransportError> {
        let end = offset + piece.len() as u64;
        let (mut location, mut rest) = (location.clone(), piece);
        let (mut tries, mut misplaced) = (self.tries(), false);
        loop {
            let from = end - rest.len() as u64;
            let call =
                Call::new(Method::PATCH, Target::Url(location.clone()), Scope::push(self.name().path()))
                    .with(CONTENT_TYPE, OCTETS)
                    .with(CONTENT_RANGE, &format!("{from}-{}", end.saturating_sub(1)))
                    .carrying(Payload::Bytes(rest.clone()));
            let patience = tries.patience(self.patience(&call));
            match self.once(&call, patience).await {
                Ok(answer) if answer.status.is_success() => return Ok(Some(session(&answer)?.location)),
                // Where it stands, the registry knows.
                Ok(answer) if answer.status == StatusCode::RANGE_NOT_SATISFIABLE && !misplaced => {
                    misplaced = true;
                }
                Ok(answer) if matches!(answer.status.as_u16(), 404 | 410 | 416) => return Ok(None),
                Ok(answer) => return Err(answer.refusal(patience).await),
                Err(failure) => tries.again(failure).await?,
            }
            let Some((next, arrived)) = self.progress(&location, &mut tries).await? else { return Ok(None) };
            // Registries that have nothing say `0-0`, too.
            let arrived = if from == 0 && arrived == 1 { 0 } else { arrived };
            location = next;
            match end.checked_sub(arrived) {
                Some(0) => return Ok(Some(location)),
                Some(left) if left <= rest.len() as u64 => {
                    rest = rest.split_off(rest.len() - usize::try_from(left).unwrap_or_default());
                }
                // It has more than was sent, or less than it acknowledged before.
                _ => return Ok(None),
            }
        }
    }

    /// Where an upload stands: the address to go on at, and how much has arrived.
    async fn progress(
        &self,
        location: &Url,
        tries: &mut Tries<'_>,
    ) -> Result<Option<(Url, u64)>, TransportError> {
        let call = Call::new(Method::GET, Target::Url(location.clone()), Scope::push(self.name().path()));
        loop {
            match self.once(&call, tries.patience(self.patience(&call))).await {
                Ok(answer) if answer.status.is_success() => {
                    let arrived = answer.header(RANGE).and_then(next_offset);
                    let next = answer.header(LOCATION).and_then(|next| resolve(&answer.url, next).ok());
                    return Ok(arrived.map(|arrived| (next.unwrap_or_else(|| location.clone()), arrived)));
                }
                Ok(_) => return Ok(None),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }
}

/// The upload that an answer offers.
fn session(answer: &Answer) -> Result<Session, TransportError> {
    let nonsense = |what: String| {
        let problem = RemoteProblem::Nonsense(what);
        TransportError::from(RemoteError::new(answer.request.clone(), problem))
    };
    let location = answer.header(LOCATION);
    let location = location.ok_or_else(|| nonsense("without the address of an upload".to_owned()))?;
    let location = resolve(&answer.url, location).map_err(|refusal| nonsense(refusal.to_string()))?;
    let min_chunk = answer.header("oci-chunk-min-length").and_then(|value| value.trim().parse().ok());
    let min_chunk = min_chunk.unwrap_or_default();
    if min_chunk > MAX_CHUNK {
        return Err(nonsense(format!("asking for pieces of {min_chunk} bytes at least")));
    }
    Ok(Session { location, min_chunk })
}

/// A verified body as a plain one.
struct Checked(VerifiedBody);

impl Body for Checked {
    fn next_chunk(&mut self) -> umbel_content::Task<'_, Option<Bytes>> {
        Box::pin(self.0.next_chunk())
    }
}

/// A body in pieces of one size. The last piece is handed out only when the body has come to a good end.
struct Pieces {
    body: Box<dyn Body>,
    hasher: Hasher,
    gathered: Vec<u8>,
    at_end: bool,
}

impl Pieces {
    fn new(body: Box<dyn Body>, algorithm: Algorithm) -> Self {
        Self { body, hasher: Hasher::new(algorithm), gathered: Vec::new(), at_end: false }
    }

    /// The next `size` bytes, or at the end what is left.
    async fn next(&mut self, size: usize) -> Result<Option<Bytes>, TransportError> {
        // One byte more than is wanted tells whether this is the last piece.
        while !self.at_end && self.gathered.len() <= size {
            match self.body.next_chunk().await? {
                Some(chunk) => self.gathered.extend_from_slice(&chunk),
                None => self.at_end = true,
            }
        }
        if self.gathered.is_empty() {
            return Ok(None);
        }
        let rest = self.gathered.split_off(size.min(self.gathered.len()));
        let piece = std::mem::replace(&mut self.gathered, rest);
        self.hasher.update(&piece);
        Ok(Some(piece.into()))
    }

    fn digest(&self) -> Digest {
        self.hasher.clone().finish()
    }
}
