//! What the HTTP library reports, in our words.

use std::error::Error;

use umbel_content::{RemoteError, RemoteProblem};

use crate::retry::Trouble;
use crate::tries::Failure;

/// The failure of a request that got no answer.
pub(crate) fn broken(request: String, error: reqwest::Error) -> Failure {
    if let Some(problem) = tls_problem(&error) {
        return Failure::lasting(RemoteError::new(request, problem));
    }
    let is_parse = cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse);
    let trouble = match () {
        () if error.is_builder() => None,
        () if error.is_connect() => Some(Trouble::Connect),
        () => Some(Trouble::Reset),
    };
    let problem = RemoteProblem::Unreachable(if is_parse { Box::new(NotHttp) } else { innermost(error) });
    Failure { error: RemoteError::new(request, problem).into(), trouble }
}

/// What is wrong with TLS; another try would find the same.
fn tls_problem(error: &reqwest::Error) -> Option<RemoteProblem> {
    let tls = cause::<rustls::Error>(error)?;
    match tls {
        rustls::Error::InvalidCertificate(_) => Some(RemoteProblem::Untrusted(Box::new(tls.clone()))),
        rustls::Error::AlertReceived(_) => Some(RemoteProblem::NoTls(Box::new(tls.clone()))),
        rustls::Error::InvalidMessage(_) => Some(RemoteProblem::NoTls(Box::new(NotTls))),
        _ => None,
    }
}

/// The failure of an answer whose body broke off.
pub(crate) fn half_body(request: &str, error: reqwest::Error) -> Failure {
    let problem = RemoteProblem::Unreachable(innermost(error));
    let error = RemoteError::new(request.to_owned(), problem);
    Failure { error: error.into(), trouble: Some(Trouble::HalfBody) }
}

/// What speaks at the other end is not HTTP: perhaps TLS.
#[derive(Debug, thiserror::Error)]
#[error("what was answered is not HTTP")]
pub(crate) struct NotHttp;

/// What speaks at the other end is not TLS: perhaps plain http.
#[derive(Debug, thiserror::Error)]
#[error("what was answered is not TLS")]
struct NotTls;

/// The reason at the bottom of an error; what the HTTP library wraps around it says nothing more.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Innermost(String);

fn innermost(error: reqwest::Error) -> Box<dyn Error + Send + Sync> {
    let error = error.without_url();
    let causes = std::iter::successors(Some(&error as &dyn Error), |error| (*error).source());
    Box::new(Innermost(causes.last().map(ToString::to_string).unwrap_or_default()))
}

/// The first error of its kind among the causes of another.
fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // What an `io::Error` wraps is not its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}
