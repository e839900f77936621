//! Failures and their exit codes: the one table.

use std::error::Error as _;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use umbel::copy::{CopyError, GatherError, Report};
use umbel::local::StoreError;
use umbel::model::index::EditError;
use umbel::model::index::combine::CombineError;
use umbel::settings::{AuthFileError, CertDirError};
use umbel::transport::{Refusal, RemoteError, RemoteProblem, TransportError};
use umbel::{Error, Published};

/// Why the program ends without having done what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A verb failed.
    Verb(Error),
    /// Several lists could not be removed.
    Lists(Vec<(String, StoreError)>),
    /// There is nowhere to keep lists.
    NoDataDirectory,
    /// A file that the command was to write could not be written.
    Output(PathBuf, io::Error),
    /// An address cannot be listened on.
    Listen(String, io::Error),
    /// Something that the command was to be given could not be read.
    Input(String, io::Error),
    /// A login without its password.
    NoPassword,
    /// A login, and not one registry that it can be for but these.
    WhoseLogin(Vec<String>),
    /// A login whose password is empty.
    EmptyPassword,
    /// A file with logins that was named and cannot be used.
    AuthFile(AuthFileError),
    /// Certificates that cannot be used.
    Certificates(CertDirError),
    /// The machine does not let us wait for anything.
    Runtime(io::Error),
}

/// The kind of a failure; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The answer to a question is no.
    No = 1,
    /// What was typed makes no sense.
    Usage = 2,
    /// What was named is not there.
    NotFound = 3,
    /// Who we are may not do this.
    Denied = 4,
    /// Something is not what it says, or would not be any more.
    Integrity = 5,
    /// Something else is in the way.
    Conflict = 6,
    /// The network, or a registry that is not well.
    Network = 7,
    /// A registry does not take what it was sent.
    Refused = 8,
    /// The disk, or a file of ours.
    Storage = 9,
}

impl From<Class> for ExitCode {
    fn from(class: Class) -> Self {
        Self::from(class as u8)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Verb(error)
    }
}

impl Failure {
    pub(crate) fn stdout(error: io::Error) -> Self {
        Self::Output("standard output".into(), error)
    }

    /// The first line: what could not be done.
    pub(crate) fn headline(&self) -> String {
        match self {
            Self::Verb(error) => error.to_string(),
            Self::Lists(failed) => {
                let errors: Vec<String> = failed.iter().map(|(_, error)| error.to_string()).collect();
                errors.join("; ")
            }
            Self::NoDataDirectory => "there is no directory to keep lists in".to_owned(),
            Self::Output(path, _) => format!("cannot write `{}`", path.display()),
            Self::Listen(address, _) => format!("cannot listen on `{address}`"),
            Self::Input(what, _) => format!("cannot read {what}"),
            Self::NoPassword => "`--creds` has no password".to_owned(),
            Self::EmptyPassword => "the password on standard input is empty".to_owned(),
            Self::AuthFile(error) => error.to_string(),
            Self::WhoseLogin(hosts) if hosts.is_empty() => {
                "no registry is named that the login is for".to_owned()
            }
            Self::WhoseLogin(hosts) => format!("the login could be for any of `{}`", hosts.join("`, `")),
            Self::Certificates(error) => error.to_string(),
            Self::Runtime(_) => "cannot use the network".to_owned(),
        }
    }

    /// What was done before it came to the failure.
    pub(crate) fn done(&self) -> &[Published] {
        match self {
            Self::Verb(Error::Publish { done, .. }) => done,
            _ => &[],
        }
    }

    /// What was done at the destination that failed.
    pub(crate) fn partly_done(&self) -> Option<&Report> {
        match self {
            Self::Verb(Error::Publish { report, .. }) if report.blobs_written + report.manifests > 0 => {
                Some(report)
            }
            _ => None,
        }
    }

    /// Whether a destination's name may have moved although moving it failed.
    pub(crate) fn name_may_have_moved(&self) -> bool {
        matches!(self, Self::Verb(Error::Publish { source: CopyError::Publish(_), .. }))
    }

    /// Why, from the outside in.
    pub(crate) fn causes(&self) -> Vec<String> {
        let first = match self {
            Self::Verb(error) => error.source(),
            Self::Lists(failed) => failed.first().and_then(|(_, error)| error.source()),
            Self::NoDataDirectory | Self::NoPassword | Self::EmptyPassword | Self::WhoseLogin(_) => None,
            Self::AuthFile(error) => error.source(),
            Self::Certificates(error) => error.source(),
            Self::Output(_, error)
            | Self::Listen(_, error)
            | Self::Input(_, error)
            | Self::Runtime(error) => {
                return vec![error.to_string()];
            }
        };
        std::iter::successors(first, |error| (*error).source()).map(ToString::to_string).collect()
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        self.class().into()
    }

    fn class(&self) -> Class {
        match self {
            Self::Verb(error) => of_verb(error),
            Self::Lists(failed) => failed.first().map_or(Class::Storage, |(_, error)| of_store(error)),
            Self::NoDataDirectory | Self::NoPassword | Self::EmptyPassword | Self::WhoseLogin(_) => {
                Class::Usage
            }
            Self::Listen(..) => Class::Conflict,
            Self::Output(..)
            | Self::Input(..)
            | Self::AuthFile(_)
            | Self::Certificates(_)
            | Self::Runtime(_) => Class::Storage,
        }
    }
}

fn of_verb(error: &Error) -> Class {
    match error {
        Error::Store(error) => of_store(error),
        // Whoever's directory it is, it is not ours to write to.
        Error::Destination { source: TransportError::WrongKind { .. }, .. } => Class::Conflict,
        Error::Read { source, .. } | Error::Destination { source, .. } => of_transport(source),
        Error::Publish { source, .. } => of_copy(source),
        Error::Edit { source, .. } | Error::Combine(CombineError::Edit(source)) => of_edit(source),
        Error::Schema1(_) | Error::Lossy { .. } | Error::Combine(CombineError::Schema1(_)) => {
            Class::Integrity
        }
        Error::Combine(CombineError::NoSuchPlatform { .. })
        | Error::NoSuchList(_)
        | Error::NoMatch { .. }
        | Error::NoOrigin(_) => Class::NotFound,
        Error::Name(_)
        | Error::Location(_)
        | Error::NoTransport { .. }
        | Error::PlatformOfMany(_)
        | Error::PlatformOfIndex
        | Error::IndexFieldOfEntry => Class::Usage,
    }
}

fn of_copy(error: &CopyError) -> Class {
    match error {
        CopyError::Write(source)
        | CopyError::Publish(source)
        | CopyError::Blob { source, .. }
        | CopyError::Gather(GatherError::Read(source)) => of_transport(source),
        CopyError::Gather(GatherError::NestedTooDeep(_) | GatherError::Schema1(_)) => Class::Integrity,
    }
}

fn of_edit(error: &EditError) -> Class {
    match error {
        EditError::NoSuchEntry { .. } => Class::NotFound,
        EditError::Ambiguous { .. } => Class::Usage,
    }
}

fn of_store(error: &StoreError) -> Class {
    match error {
        StoreError::NotFound { .. } => Class::NotFound,
        StoreError::Ambiguous { .. } | StoreError::BadName(_) => Class::Usage,
        StoreError::NameTaken { .. } | StoreError::Locked { .. } => Class::Conflict,
        StoreError::Damaged { .. }
        | StoreError::Newer { .. }
        | StoreError::File(_)
        | StoreError::Unreadable(_) => Class::Storage,
    }
}

fn of_transport(error: &TransportError) -> Class {
    match error {
        TransportError::NotFound { .. } => Class::NotFound,
        TransportError::Unspecified { .. } | TransportError::NotADestination { .. } => Class::Usage,
        TransportError::WrongKind { .. }
        | TransportError::NotRegular { .. }
        | TransportError::TooLarge { .. }
        | TransportError::Document { .. }
        | TransportError::Damaged { .. }
        | TransportError::WrongTarget { .. } => Class::Integrity,
        TransportError::Busy { .. } => Class::Conflict,
        TransportError::Remote(error) => of_remote(error),
        TransportError::Io { .. } => Class::Storage,
    }
}

fn of_remote(error: &RemoteError) -> Class {
    match &error.problem {
        RemoteProblem::Answered { refusal: Refusal::MediaType, .. } => Class::Refused,
        RemoteProblem::Answered { status, .. } => match status {
            404 | 410 => Class::NotFound,
            409 | 412 => Class::Conflict,
            408 | 429 | 500.. => Class::Network,
            _ => Class::Refused,
        },
        RemoteProblem::Denied { .. } | RemoteProblem::Credentials(_) => Class::Denied,
        RemoteProblem::Unreachable(_)
        | RemoteProblem::Untrusted(_)
        | RemoteProblem::NoTls(_)
        | RemoteProblem::Unconfirmed(_)
        | RemoteProblem::Silent(_)
        | RemoteProblem::Nonsense(_) => Class::Network,
        RemoteProblem::NotKept { .. } => Class::Conflict,
    }
}
