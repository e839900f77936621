//! What can go wrong between umbel and a registry.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use umbel_model::Digest;

/// A request to a registry that did not do what it was to do.
#[derive(Debug)]
pub struct RemoteError {
    /// Method and address, without anything secret: `GET https://quay.io/v2/me/app/manifests/v1`.
    pub request: String,
    /// What came of it.
    pub problem: RemoteProblem,
    /// How often it was tried.
    pub tries: u32,
}

/// What came of a request.
#[derive(Debug)]
pub enum RemoteProblem {
    /// The registry answered with an error.
    Answered {
        /// The status code.
        status: u16,
        /// The registry's own code for it, such as `NAME_UNKNOWN`.
        code: Option<String>,
        /// The registry's own words.
        message: String,
        /// What it comes down to.
        refusal: Refusal,
    },
    /// The registry wants a login, or another one.
    Denied {
        /// The registry as names have it, which is what logins are kept for; its token server may have another name.
        registry: String,
        /// The status code of the registry or of its token server.
        status: u16,
        /// The registry's own words.
        message: String,
        /// Whether a login was sent.
        with_credentials: bool,
    },
    /// No connection, or one that broke.
    Unreachable(Box<dyn Error + Send + Sync>),
    /// The server did not prove that it is the right one.
    Untrusted(Box<dyn Error + Send + Sync>),
    /// The server ended the TLS handshake, or speaks none.
    NoTls(Box<dyn Error + Send + Sync>),
    /// Nothing was heard for so long.
    Silent(Duration),
    /// The answer makes no sense, or is one that must not be followed.
    Nonsense(String),
    /// The registry acknowledged what was written, and then could not be asked whether it kept it.
    Unconfirmed(Box<RemoteError>),
    /// What was written is not what is there afterwards.
    NotKept {
        /// The digest that was written.
        written: Digest,
        /// What is there instead, if anything.
        found: Option<Digest>,
    },
    /// The login to be used cannot be had.
    Credentials(Box<dyn Error + Send + Sync>),
}

/// What an answer of a registry comes down to, as far as something can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What a document refers to is not there; these digests, if the registry names them.
    MissingContent(Vec<Digest>),
    /// The registry does not take documents of this type.
    MediaType,
    /// Anything else.
    Other,
}

impl RemoteError {
    /// A request that was made once.
    pub fn new(request: impl Into<String>, problem: RemoteProblem) -> Self {
        Self { request: request.into(), problem, tries: 1 }
    }

    /// Whether the registry refused a document because what it refers to is not there; the digests, as far
    /// as they are named.
    pub fn missing_content(&self) -> Option<&[Digest]> {
        match &self.problem {
            RemoteProblem::Answered { refusal: Refusal::MissingContent(digests), .. } => Some(digests),
            _ => None,
        }
    }

    /// Whether the registry said that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self.problem, RemoteProblem::Answered { status: 404 | 410, .. })
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.request)?;
        match &self.problem {
            RemoteProblem::Answered { status, code, message, .. } => {
                write!(f, "was answered {status}")?;
                code.iter().try_for_each(|code| write!(f, " {code}"))?;
                if message.is_empty() { Ok(()) } else { write!(f, ": {message}") }
            }
            RemoteProblem::Denied { status, message, with_credentials, .. } => {
                let login = if *with_credentials { "the login that was sent" } else { "a login is wanted" };
                write!(f, "was answered {status}: {login}")?;
                f.write_str(if *with_credentials { " does not suffice" } else { "" })?;
                if message.is_empty() { Ok(()) } else { write!(f, " ({message})") }
            }
            RemoteProblem::Unreachable(_) => f.write_str("was not answered"),
            RemoteProblem::Untrusted(_) => f.write_str("was not sent: the server did not prove who it is"),
            RemoteProblem::NoTls(_) => f.write_str("was not sent: the server does not go on with TLS"),
            RemoteProblem::Silent(waited) => {
                write!(f, "was not answered: nothing was heard for {} s", waited.as_secs_f32().ceil())
            }
            RemoteProblem::Nonsense(what) => write!(f, "was answered in a way that makes no sense: {what}"),
            RemoteProblem::NotKept { written, found: Some(found) } => {
                write!(f, "shows `{found}` after `{written}` was written")
            }
            RemoteProblem::NotKept { written, found: None } => {
                write!(f, "shows nothing after `{written}` was written")
            }
            RemoteProblem::Unconfirmed(_) => {
                f.write_str("cannot tell whether what was written and acknowledged was kept")
            }
            RemoteProblem::Credentials(_) => f.write_str("needs a login that cannot be had"),
        }?;
        if self.tries > 1 { write!(f, " ({} tries)", self.tries) } else { Ok(()) }
    }
}

impl Error for RemoteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.problem {
            RemoteProblem::Unreachable(source)
            | RemoteProblem::Untrusted(source)
            | RemoteProblem::NoTls(source)
            | RemoteProblem::Credentials(source) => Some(&**source),
            RemoteProblem::Unconfirmed(source) => Some(source),
            _ => None,
        }
    }
}
