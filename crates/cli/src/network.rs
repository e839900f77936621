//! What the library is told about the network: logins, certificates, proxies; and what it tells.

use std::collections::BTreeSet;
use std::env;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use umbel::Logins;
use umbel::model::Location;
use umbel::registry::{
    ClientPair, Credentials, Network, NetworkEvent, NetworkOptions, Proxies, ReadBack, Retries, Secret,
    Timeouts, TlsOptions, Verify,
};
use umbel::settings::{AuthFile, AuthPaths, CertDir, Directories};

use crate::args::RegistryArgs;
use crate::failure::Failure;
use crate::ui;

/// The longest password that is read, in bytes.
const PASSWORD_LIMIT: u64 = 64 << 10;

/// The network of a command that names `places`.
pub(crate) fn network(
    args: &RegistryArgs,
    places: &[&str],
    read_back: ReadBack,
    quiet: bool,
) -> Result<Network, Failure> {
    let defaults = NetworkOptions::default();
    let timeouts = match args.timeout {
        Some(timeout) => {
            Timeouts { answer: timeout, upload_answer: timeout, idle: timeout, ..defaults.timeouts }
        }
        None => defaults.timeouts,
    };
    let budget = timeouts.upload_answer.max(defaults.retries.budget);
    let verbose = args.verbose;
    Ok(Network::new(NetworkOptions {
        credentials: logins(args, places)?.into_finder(),
        tls: tls(args)?,
        timeouts,
        retries: Retries { attempts: args.retry.saturating_add(1), budget, ..defaults.retries },
        read_back,
        proxies: proxies(),
        observer: Arc::new(move |event| tell(event, quiet, verbose)),
        ..defaults
    }))
}

fn logins(args: &RegistryArgs, places: &[&str]) -> Result<Logins, Failure> {
    let given = match given_login(args)? {
        Some(credentials) => Some((only_registry(places)?, credentials)),
        None => None,
    };
    // A file that was named must be there, though perhaps nobody will ask for a login.
    if let Some(path) = &args.authfile {
        AuthFile::load(path).map_err(Failure::AuthFile)?;
    }
    let mut files = AuthPaths::of(&directories());
    files.explicit.clone_from(&args.authfile);
    let told = Mutex::new(BTreeSet::new());
    let warn = move |warning: &str| {
        if told.lock().unwrap_or_else(PoisonError::into_inner).insert(warning.to_owned()) {
            ui::say("warning", warning);
        }
    };
    Ok(Logins { given, files, warn: Arc::new(warn) })
}

/// The login on the command line.
fn given_login(args: &RegistryArgs) -> Result<Option<Credentials>, Failure> {
    if let Some(login) = &args.creds {
        let (user, password) = login.split_once(':').ok_or(Failure::NoPassword)?;
        return Ok(Some(Credentials::Password { user: user.to_owned(), password: Secret::new(password) }));
    }
    let Some(user) = &args.username else { return Ok(None) };
    let mut password = String::new();
    let read = std::io::stdin().lock().take(PASSWORD_LIMIT).read_to_string(&mut password);
    read.map_err(|error| Failure::Input("the password".to_owned(), error))?;
    let password = password.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(Failure::EmptyPassword);
    }
    Ok(Some(Credentials::Password { user: user.clone(), password: Secret::new(password) }))
}

/// The one registry that a login can be for.
fn only_registry(places: &[&str]) -> Result<String, Failure> {
    let hosts: BTreeSet<String> = places
        .iter()
        .filter_map(|place| match place.parse() {
            Ok(Location::Registry(name)) => Some(name.host().to_owned()),
            _ => None,
        })
        .collect();
    match Vec::from_iter(hosts).as_slice() {
        [host] => Ok(host.clone()),
        hosts => Err(Failure::WhoseLogin(hosts.to_vec())),
    }
}

fn directories() -> Directories {
    let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    Directories {
        runtime: path("XDG_RUNTIME_DIR"),
        config: path("XDG_CONFIG_HOME"),
        home: path("HOME"),
        docker_config: path("DOCKER_CONFIG"),
        uid: rustix::process::getuid().as_raw(),
    }
}

fn tls(args: &RegistryArgs) -> Result<TlsOptions, Failure> {
    let verify = match args.tls_verify {
        None => Verify::ExceptLoopback,
        Some(true) => Verify::Always,
        Some(false) => Verify::Never,
    };
    let Some(path) = &args.cert_dir else { return Ok(TlsOptions { verify, ..TlsOptions::default() }) };
    let certificates = CertDir::load(path).map_err(Failure::Certificates)?;
    for warning in &certificates.warnings {
        ui::say("warning", &warning.to_string());
    }
    let client = certificates
        .client
        .map(|pair| ClientPair { certificate: pair.certificate.pem, key: pair.key.expose().clone() });
    let authorities = certificates.authorities.into_iter().map(|file| file.pem).collect();
    Ok(TlsOptions { verify, authorities, client })
}

/// The usual variables, in lower case first as other tools have it.
fn proxies() -> Proxies {
    let value =
        |names: &[&str]| names.iter().find_map(|name| env::var(name).ok()).filter(|value| !value.is_empty());
    Proxies {
        http: value(&["http_proxy", "HTTP_PROXY"]),
        https: value(&["https_proxy", "HTTPS_PROXY"]),
        except: value(&["no_proxy", "NO_PROXY"]),
    }
}

fn tell(event: NetworkEvent<'_>, quiet: bool, verbose: bool) {
    match event {
        NetworkEvent::Answered { request, status, authorized, after } if verbose => {
            let login = if authorized { ", with a login" } else { "" };
            ui::say("http", &format!("{request}: {status} ({} ms{login})", after.as_millis()));
        }
        NetworkEvent::Retrying { why, wait, .. } if !quiet => {
            ui::say("retrying", &format!("in {:.1} s: {why}", wait.as_secs_f32()));
        }
        NetworkEvent::Answered { .. } | NetworkEvent::Retrying { .. } => {}
        NetworkEvent::Warning { host, text } => ui::say("warning", &format!("`{host}` says: {text}")),
        NetworkEvent::Unverified { host, plain: true } => {
            ui::say("warning", &format!("`{host}` is spoken to in plain http; anybody can listen"));
        }
        NetworkEvent::Unverified { host, plain: false } => {
            ui::say("warning", &format!("the certificate of `{host}` is not checked; it may be anybody"));
        }
    }
}
