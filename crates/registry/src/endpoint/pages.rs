//! Answers that come in pages.

use std::collections::HashSet;

use bytes::Bytes;
use http::Method;
use http::header::LINK;
use umbel_content::{RemoteError, RemoteProblem, TransportError};

use crate::auth::Scope;
use crate::call::{Answer, Call, Target};
use crate::link;
use crate::repository::Repository;

/// How large a page may be, in bytes.
const PAGE_LIMIT: u64 = 4 << 20;

/// How many pages are read before it looks as if there were no end to them.
const MAX_PAGES: usize = 10_000;

impl Repository {
    /// Reads pages one after another, and hands each to `take`.
    pub(crate) async fn pages(
        &self,
        first: Target,
        scope: Scope,
        mut take: impl FnMut(&Answer, Bytes) -> Result<(), TransportError>,
    ) -> Result<(), TransportError> {
        let (mut next, mut seen) = (Some(first), HashSet::new());
        while let Some(target) = next.take() {
            let call = Call::new(Method::GET, target, scope.clone());
            let (answer, body) = self.fetch(&call, PAGE_LIMIT).await?;
            let fields = answer.headers.get_all(LINK);
            let lines = fields.iter().filter_map(|line| line.to_str().ok());
            let nonsense = |what: String| {
                let problem = RemoteProblem::Nonsense(what);
                TransportError::from(RemoteError::new(answer.request.clone(), problem))
            };
            if let Some(url) =
                link::next(lines, &answer.url).map_err(|refusal| nonsense(refusal.to_string()))?
            {
                if seen.len() >= MAX_PAGES || !seen.insert(url.clone()) {
                    return Err(nonsense("with pages that do not end".to_owned()));
                }
                next = Some(Target::Url(url));
            }
            take(&answer, body)?;
        }
        Ok(())
    }
}

/// The error of a page that is not what it should be.
pub(crate) fn malformed(answer: &Answer, what: impl std::fmt::Display) -> TransportError {
    let problem = RemoteProblem::Nonsense(what.to_string());
    RemoteError::new(answer.request.clone(), problem).into()
}
