//! One request and its answer: logins, and what an answer means.

use std::time::Duration;

use http::StatusCode;
use umbel_content::{RemoteError, RemoteProblem, TransportError};

use crate::address::SafeUrl;
use crate::auth::{Authorization, Scope};
use crate::call::{Answer, Call, Target};
use crate::origin::Origin;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::retry::Trouble;
use crate::retry_after;
use crate::tries::Failure;

/// How often one request may be asked for a login: once for the kind of login, once for a token that
/// died; and once more for one that can do more.
const CHALLENGES: usize = 2;

impl Repository {
    /// Makes a request once, answering challenges on the way. What is returned is an answer that
    /// trying again would not change; everything else is a failure.
    pub(crate) async fn once(&self, call: &Call<'_>, patience: Duration) -> Result<Answer, Failure> {
        self.needs_runtime(call)?;
        let _first = self.host().meet().await;
        let broker = &self.host().broker;
        let mut scope = call.scope.clone();
        let mut authorization = broker.authorization(self, &scope).await?;
        let mut challenges = 0;
        loop {
            let shown = authorization.as_ref();
            let answer = self.any_way(call, shown, patience).await?;
            if answer.status != StatusCode::UNAUTHORIZED || Origin::of(&answer.url) != self.origin().ok() {
                return self.settled(answer, shown, patience).await;
            }
            challenges += 1;
            let next = broker.challenged(&answer.headers, shown, &scope, &call.widest);
            // The same token again would be refused again.
            let limit = |next: &Scope| CHALLENGES + usize::from(*next != scope);
            let Some(next) = next.filter(|next| challenges <= limit(next)) else {
                return Err(self.denied(answer, shown, patience).await);
            };
            scope = next;
            authorization = broker.authorization(self, &scope).await?;
            // Asked for a login and still without any, the answer will not change.
            if authorization.is_none() {
                return Err(self.denied(answer, None, patience).await);
            }
        }
    }

    fn needs_runtime(&self, call: &Call<'_>) -> Result<(), Failure> {
        tokio::runtime::Handle::try_current().map(drop).map_err(|error| {
            let (request, problem) = (self.describe(call), RemoteProblem::Unreachable(Box::new(error)));
            Failure::lasting(RemoteError::new(request, problem))
        })
    }

    /// Sorts out answers that may be different another time, and those that say no.
    async fn settled(
        &self,
        answer: Answer,
        shown: Option<&Authorization>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        match answer.transient() {
            Some(failure) => Err(Failure { error: answer.refusal(patience).await, ..failure }),
            None if answer.status == StatusCode::FORBIDDEN => Err(self.denied(answer, shown, patience).await),
            None => Ok(answer),
        }
    }

    async fn denied(&self, answer: Answer, shown: Option<&Authorization>, patience: Duration) -> Failure {
        let (request, status) = (answer.request.clone(), answer.status.as_u16());
        let message = Problem::parse(&answer.beginning(patience).await).message;
        // A token may be one for anybody.
        let with_credentials = shown.is_some() && self.host().broker.has_login(self);
        let registry = self.host().name.clone();
        let problem = RemoteProblem::Denied { registry, status, message, with_credentials };
        Failure::lasting(RemoteError::new(request, problem))
    }

    /// Method and address of a request, for messages.
    pub(crate) fn describe(&self, call: &Call<'_>) -> String {
        let url = match &call.target {
            Target::Path(path) => self.host().url(self.host().way(), path).ok(),
            Target::Url(url) => Some(url.clone()),
        };
        let address = url.map_or_else(|| self.host().name.clone(), |url| SafeUrl(&url).to_string());
        format!("{} {address}", call.method)
    }
}

impl Answer {
    /// The failure that an answer is if it may be different another time.
    pub(crate) fn transient(&self) -> Option<Failure> {
        let status = self.status.as_u16();
        if !Trouble::Status(status, None).is_transient() {
            return None;
        }
        let asked = self.header(http::header::RETRY_AFTER);
        let asked = asked.and_then(|asked| retry_after::parse(asked, time::OffsetDateTime::now_utc()));
        let problem = Problem::default().into_answer(status);
        let error = RemoteError::new(self.request.clone(), problem).into();
        Some(Failure { error, trouble: Some(Trouble::Status(status, asked)) })
    }

    /// The error of an answer that is not what was hoped for.
    pub(crate) async fn refusal(self, patience: Duration) -> TransportError {
        let (request, status) = (self.request.clone(), self.status.as_u16());
        if self.status.is_success() || self.status.is_redirection() {
            let problem = RemoteProblem::Nonsense(format!("with status {status}"));
            return RemoteError::new(request, problem).into();
        }
        let told = Problem::parse(&self.beginning(patience).await);
        RemoteError::new(request, told.into_answer(status)).into()
    }
}
