//! What can be done about a failure: the one place for it.

use std::io::ErrorKind;

use umbel::Error;
use umbel::copy::{CopyError, GatherError};
use umbel::local::StoreError;
use umbel::model::index::EditError;
use umbel::model::{Descriptor, Flavor, Platform};
use umbel::transport::{Refusal, RemoteError, RemoteProblem, TransportError};

use crate::failure::Failure;

/// How many entries a hint lists.
const LISTED: usize = 8;

/// The hints for a failure, most helpful first.
pub(crate) fn of(failure: &Failure) -> Vec<String> {
    let mut hints = of_kind(failure);
    hints.extend(not_tried(failure));
    hints
}

fn of_kind(failure: &Failure) -> Vec<String> {
    match failure {
        Failure::Verb(error) => of_verb(error),
        Failure::Lists(failed) => failed.first().map_or_else(Vec::new, |(_, error)| of_store(error)),
        Failure::NoDataDirectory => hint("set `HOME`, or name a directory with `--root` or `UMBEL_ROOT`"),
        Failure::Output(..)
        | Failure::Input(..)
        | Failure::AuthFile(_)
        | Failure::Certificates(_)
        | Failure::EmptyPassword
        | Failure::Runtime(_) => Vec::new(),
        Failure::NoPassword => {
            hint("write `--creds USER:PASSWORD`, or `--username USER --password-stdin` and give it there")
        }
        Failure::WhoseLogin(_) => hint(
            "name one registry, as `docker://…`; logins for several are read from a file, see `--authfile`",
        ),
        Failure::Listen(..) => hint("choose another address with `--listen`; port 0 takes any that is free"),
    }
}

fn hint(text: impl Into<String>) -> Vec<String> {
    vec![text.into()]
}

fn of_verb(error: &Error) -> Vec<String> {
    match error {
        Error::Store(error) => of_store(error),
        Error::NoSuchList(name) => {
            vec!["`umbel list` shows which lists there are".to_owned(), elsewhere(name)]
        }
        Error::NoTransport { .. } => hint(
            "what can be read and written today are registries, `docker://NAME`, and OCI layouts, `oci:DIRECTORY[:NAME]`",
        ),
        Error::Location(_) => hint("a location is written `docker://NAME` or `oci:DIRECTORY[:NAME]`"),
        Error::NoMatch { .. } => hint("choose with `--platform`, or take everything with `--all`"),
        Error::Edit { source, .. } => of_edit(source),
        Error::PlatformOfMany(_) => {
            hint("add them first, then use `umbel annotate LIST ENTRY --arch …` for each")
        }
        Error::PlatformOfIndex => {
            hint("name the entry by its digest or platform: `umbel annotate LIST ENTRY …`")
        }
        Error::Lossy { flavor: Flavor::Docker, .. } => {
            hint("write an OCI index with `--format oci`, or leave these out with `--allow-loss`")
        }
        Error::Lossy { flavor: Flavor::Oci, .. } => {
            hint("write a Docker list with `--format docker`, or leave these out with `--allow-loss`")
        }
        Error::Read { reference, source } => of_transport(reference, source),
        Error::Destination { source: TransportError::WrongKind { .. }, .. } => {
            hint("name a directory that is empty, is an OCI layout, or is not there yet")
        }
        Error::Destination { destination, source }
        | Error::Publish {
            destination,
            source: CopyError::Write(source) | CopyError::Publish(source) | CopyError::Blob { source, .. },
            ..
        } => of_transport(destination, source),
        Error::Publish {
            source: CopyError::Gather(GatherError::Read(TransportError::NotFound { .. })),
            ..
        }
        | Error::NoOrigin(_) => {
            hint("the images of a list are read from where they were added from; add what is gone again")
        }
        Error::Combine(error) => of_combine(error),
        Error::Name(_) | Error::Schema1(_) | Error::IndexFieldOfEntry | Error::Publish { .. } => Vec::new(),
    }
}

/// How to write an image that is no list: a name with slashes is that of a repository.
fn elsewhere(name: &str) -> String {
    let registry = format!("an image in a registry is written `docker://{name}`");
    if name.contains('/') {
        registry
    } else {
        format!("{registry}, one in an OCI layout `oci:DIRECTORY:{name}`")
    }
}

/// Destinations that a run did not come to.
fn not_tried(failure: &Failure) -> Option<String> {
    let Failure::Verb(Error::Publish { not_tried, .. }) = failure else { return None };
    let names: Vec<String> = not_tried.iter().map(|destination| format!("`{destination}`")).collect();
    (!names.is_empty()).then(|| format!("nothing was written to {} yet", names.join(", ")))
}

fn of_combine(error: &umbel::model::index::combine::CombineError) -> Vec<String> {
    use umbel::model::index::combine::CombineError;
    match error {
        CombineError::NoSuchPlatform { available, .. } => platforms(available),
        CombineError::Edit(error) => of_edit(error),
        CombineError::Schema1(_) => Vec::new(),
    }
}

fn platforms(available: &[Platform]) -> Vec<String> {
    let names: Vec<String> = available.iter().map(|platform| format!("`{platform}`")).collect();
    if names.is_empty() { Vec::new() } else { hint(format!("there is {}", names.join(", "))) }
}

fn of_edit(error: &EditError) -> Vec<String> {
    match error {
        EditError::NoSuchEntry { available, .. } if available.is_empty() => hint("the list is empty"),
        EditError::NoSuchEntry { available, .. } => entries("there is", available),
        EditError::Ambiguous { candidates, .. } => entries("name one of", candidates),
    }
}

fn entries(intro: &str, entries: &[Descriptor]) -> Vec<String> {
    let name = |entry: &Descriptor| match &entry.platform {
        Some(platform) => format!("`{platform}` ({})", entry.digest),
        None => format!("`{}`", entry.digest),
    };
    let mut names: Vec<String> = entries.iter().take(LISTED).map(name).collect();
    if entries.len() > LISTED {
        names.push(format!("{} more", entries.len() - LISTED));
    }
    hint(format!("{intro} {}", names.join(", ")))
}

fn of_store(error: &StoreError) -> Vec<String> {
    match error {
        StoreError::NotFound { .. } => hint("`umbel list` shows which lists there are"),
        StoreError::Ambiguous { .. } => hint("give more of the ID, or the name"),
        StoreError::NameTaken { .. } => {
            hint("add to it with `--amend`, start afresh with `--replace`, or remove it with `umbel rm`")
        }
        StoreError::Damaged { name, .. } => {
            hint(format!("other lists are not concerned; `umbel rm {name}` removes this one"))
        }
        StoreError::Locked { .. } => hint("wait longer with `--lock-timeout`"),
        StoreError::File(error) => of_io(error.source.kind()),
        StoreError::BadName(_) | StoreError::Newer { .. } | StoreError::Unreadable(_) => Vec::new(),
    }
}

fn of_transport(place: &str, error: &TransportError) -> Vec<String> {
    match error {
        TransportError::Unspecified { images, .. } => {
            let path = place.split(':').take(2).collect::<Vec<_>>().join(":");
            let named: Vec<String> =
                images.iter().take(LISTED).map(|image| format!("`{path}{image}`")).collect();
            hint(format!("say which: {}", named.join(", ")))
        }
        TransportError::Busy { .. } => hint("wait longer with `--lock-timeout`"),
        TransportError::Io { source, .. } => of_io(source.kind()),
        TransportError::Remote(error) => of_remote(error),
        _ => Vec::new(),
    }
}

fn of_remote(error: &RemoteError) -> Vec<String> {
    let host = host_of(&error.request);
    match &error.problem {
        RemoteProblem::Denied { with_credentials: false, registry, .. } => hint(format!(
            "log in with `podman login {registry}` or `docker login {registry}`, or give `--creds` or `--username` and \
             `--password-stdin`"
        )),
        RemoteProblem::Denied { registry, .. } => {
            hint(format!("check the login for `{registry}`, and what it may do in this repository"))
        }
        RemoteProblem::NoTls(_) => hint(
            "for a registry on plain http use `--tls-verify=false`; one that wants a certificate of yours gets `*.cert` and \
             `*.key` of `--cert-dir`",
        ),
        RemoteProblem::Unconfirmed(_) => {
            hint("look with `umbel inspect` later, or take the registry's word with `--no-read-back`")
        }
        RemoteProblem::Untrusted(_) => hint(
            "a certificate of an authority of your own is trusted with `--cert-dir`; `--tls-verify=false` trusts anybody",
        ),
        RemoteProblem::Unreachable(_) => {
            hint(format!("check the name `{host}`, and whether it can be reached from here"))
        }
        RemoteProblem::Silent(_) => hint("wait longer with `--timeout`, or try again later"),
        RemoteProblem::Answered { refusal: Refusal::MediaType, .. } => hint(
            "the registry does not take this type; write the other one with `--format docker` or `--format oci`",
        ),
        RemoteProblem::Answered { status: 429, .. } => {
            hint("the registry limits how often it is asked; try again later")
        }
        RemoteProblem::Answered { code: Some(code), .. } if code == "NAME_UNKNOWN" && writes(error) => {
            hint("name a repository that is there; some registries want it to be made first")
        }
        RemoteProblem::Answered { .. }
        | RemoteProblem::Nonsense(_)
        | RemoteProblem::NotKept { .. }
        | RemoteProblem::Credentials(_) => Vec::new(),
    }
}

/// Whether a request is one that changes something.
fn writes(error: &RemoteError) -> bool {
    !error.request.starts_with("GET ") && !error.request.starts_with("HEAD ")
}

/// The host in a request such as `GET https://quay.io/v2/…`.
fn host_of(request: &str) -> &str {
    let address = request.split_once("://").map_or(request, |(_, address)| address);
    address.split('/').next().unwrap_or_default()
}

fn of_io(kind: ErrorKind) -> Vec<String> {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            hint("the disk is full; make room and run the command again")
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            hint("check who owns the directory and whether it may be written")
        }
        _ => Vec::new(),
    }
}
