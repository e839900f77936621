//! `/v2/NAME/blobs/DIGEST`

use std::time::Duration;

use http::header::RANGE;
use http::{Method, StatusCode};
use umbel_content::TransportError;
use umbel_model::{Descriptor, Digest};

use super::manifest::{is_page, told_digest};
use crate::auth::Scope;
use crate::body::BlobBody;
use crate::call::{Answer, Call};
use crate::repository::Repository;
use crate::tries::Failure;

impl Repository {
    fn blob_call(&self, method: Method, digest: &Digest, scope: Scope) -> Call<'static> {
        Call::new(method, self.target(&format!("blobs/{digest}")), scope)
    }

    /// Opens a blob. What comes is not verified; an interrupted transfer goes on where it was.
    pub async fn blob(&self, descriptor: &Descriptor) -> Result<BlobBody, TransportError> {
        let mut tries = self.tries();
        loop {
            let patience = tries.patience(self.network().options().timeouts.answer);
            match self.blob_from(descriptor, 0, patience).await {
                Ok(answer) => return Ok(BlobBody::new(self.clone(), descriptor.clone(), answer.response)),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    /// Asks for a blob from `offset` on. The answer is one that makes sense: all of it, or that part.
    pub(crate) async fn blob_from(
        &self,
        descriptor: &Descriptor,
        offset: u64,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        let call = self.blob_call(Method::GET, &descriptor.digest, Scope::pull(self.name().path()));
        let call = if offset > 0 { call.with(RANGE, &format!("bytes={offset}-")) } else { call };
        let answer = self.once(&call, patience).await?;
        if !answer.status.is_success() {
            return Err(Failure::lasting(answer.refusal(patience).await));
        }
        answer.refuse_encoded()?;
        Ok(answer)
    }

    /// Whether a blob is there. Believed only if the size that is told is the right one,
    /// or where none is told the digest.
    pub async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool, TransportError> {
        let mut tries = self.tries();
        loop {
            let patience = tries.patience(self.network().options().timeouts.answer);
            match self.look_for_blob(descriptor, patience).await {
                Ok(found) => return Ok(found),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    pub(crate) async fn look_for_blob(
        &self,
        descriptor: &Descriptor,
        patience: Duration,
    ) -> Result<bool, Failure> {
        // Who asks is about to write.
        let scope = Scope::push(self.name().path());
        let call = self.blob_call(Method::HEAD, &descriptor.digest, scope);
        let answer = self.once(&call, patience).await?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(false),
            status if status.is_success() => Ok(match answer.content_length() {
                Some(told) => told == descriptor.size && !is_page(&answer),
                None => told_digest(&answer).as_ref() == Some(&descriptor.digest),
            }),
            _ => Err(Failure::lasting(answer.refusal(patience).await)),
        }
    }

    /// Deletes a blob; `false` if there was none.
    pub async fn delete_blob(&self, digest: &Digest) -> Result<bool, TransportError> {
        self.delete(self.blob_call(Method::DELETE, digest, Scope::delete(self.name().path()))).await
    }
}
