//! What the client is told by whoever uses it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use umbel_model::ImageName;

use crate::{Retries, Secret};

/// Everything that can be set. Nothing is read from the environment.
#[derive(Clone)]
pub struct NetworkOptions {
    /// Finds the login for a repository. Asked when a registry wants one, and not before.
    pub credentials: Arc<FindCredentials>,
    /// How servers are recognised, and how this client makes itself known to them.
    pub tls: TlsOptions,
    /// How long nothing may happen.
    pub timeouts: Timeouts,
    /// How often and for how long is tried again.
    pub retries: Retries,
    /// How many requests are under way to one registry at once, at most; blobs that are sent count apart.
    pub parallel: usize,
    /// How large a manifest may be that the client reads for itself, in bytes.
    pub manifest_limit: u64,
    /// Whether a tag is looked at after it was written.
    pub read_back: ReadBack,
    /// Proxies to go through.
    pub proxies: Proxies,
    /// How the client calls itself.
    pub user_agent: String,
    /// Told what happens.
    pub observer: Arc<Observer>,
}

/// Finds the login for a repository; `None` if there is none.
pub type FindCredentials = dyn Fn(&ImageName) -> Result<Option<Credentials>, CredentialsError> + Send + Sync;

/// Why a login cannot be had.
pub type CredentialsError = Box<dyn Error + Send + Sync>;

/// Hears of events. Called from many tasks; must not block.
pub type Observer = dyn Fn(NetworkEvent<'_>) + Send + Sync;

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            credentials: Arc::new(|_| Ok(None)),
            tls: TlsOptions::default(),
            timeouts: Timeouts::default(),
            retries: Retries::default(),
            // Enough to have a stage of a hundred images under way 20 ms from here; HTTP/1.1 takes a
            // connection for each.
            parallel: 32,
            manifest_limit: 4 << 20,
            read_back: ReadBack::Yes,
            proxies: Proxies::default(),
            user_agent: concat!("umbel/", env!("CARGO_PKG_VERSION")).to_owned(),
            observer: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for NetworkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tls, timeouts, retries, parallel, read_back, .. } = self;
        f.debug_struct("NetworkOptions")
            .field("tls", tls)
            .field("timeouts", timeouts)
            .field("retries", retries)
            .field("parallel", parallel)
            .field("read_back", read_back)
            .finish_non_exhaustive()
    }
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A user with a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token that token servers exchange for others.
    IdentityToken(Secret),
}

/// How servers are recognised.
#[derive(Clone, Default)]
pub struct TlsOptions {
    /// Whether certificates are checked.
    pub verify: Verify,
    /// Certificates, in PEM, of authorities to trust besides those of the system.
    pub authorities: Vec<Vec<u8>>,
    /// The certificate to show to servers that want one.
    pub client: Option<ClientPair>,
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsOptions {{ verify: {:?}, authorities: {}, … }}", self.verify, self.authorities.len())
    }
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct ClientPair {
    /// The certificate, and those between it and an authority.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
}

/// Whether TLS is insisted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Verified TLS; hosts on the loopback may use plain http.
    #[default]
    ExceptLoopback,
    /// Verified TLS, on the loopback, too.
    Always,
    /// Certificates are not checked, and plain http is used where there is no TLS.
    Never,
}

/// How long nothing may happen before that counts as a failure. Each can be tried again.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until there is a connection, TLS included.
    pub connect: Duration,
    /// Until an answer begins.
    pub answer: Duration,
    /// Until an answer to the end of an upload begins: a registry may have to put it together.
    pub upload_answer: Duration,
    /// Between two pieces of a body, in either direction.
    pub idle: Duration,
    /// Until a tag that was written reads as it was written, in registries whose parts agree late.
    pub read_back: Duration,
}

impl Default for Timeouts {
    /// So that a server which says nothing ends in an error after a minute, whatever was asked.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            upload_answer: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            read_back: Duration::from_secs(10),
        }
    }
}

/// Whether a tag is looked at after it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadBack {
    /// By one HEAD.
    #[default]
    Yes,
    /// The registry's word is taken.
    No,
}

/// Proxies, in the words of the usual variables. The loopback is never reached through one.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For plain http.
    pub http: Option<String>,
    /// For https.
    pub https: Option<String>,
    /// Hosts that are reached without.
    pub except: Option<String>,
}

/// Something that happened on the network.
#[derive(Clone, Copy, Debug)]
pub enum NetworkEvent<'a> {
    /// A request was answered.
    Answered {
        /// Method and address, without anything secret.
        request: &'a str,
        /// The status code.
        status: u16,
        /// Whether a login was on it.
        authorized: bool,
        /// How long it took until the answer began.
        after: Duration,
    },
    /// A request failed and will be made again.
    Retrying {
        /// Method and address, without anything secret.
        request: &'a str,
        /// Why.
        why: &'a str,
        /// After how long.
        wait: Duration,
    },
    /// A registry has something to say to whoever uses it. Told once a text.
    Warning {
        /// The registry.
        host: &'a str,
        /// Its words; may hold anything.
        text: &'a str,
    },
    /// A registry is spoken to without knowing that it is the right one. Told once a host.
    Unverified {
        /// The registry.
        host: &'a str,
        /// Without any encryption.
        plain: bool,
    },
}
