//! A registry as the client meets it, and a client whose patience tests can afford.

use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use umbel::Session;
use umbel::registry::{Credentials, Network, NetworkEvent, NetworkOptions, Retries, Secret, Timeouts};
use umbel_serve::{Registry, Running};
use umbel_testkit::network::client::fetch;
use umbel_testkit::network::gate::BearerGate;
use umbel_testkit::network::tokens::{TokenServer, TokenService, Tokens};
use umbel_testkit::network::wire::Request;
use umbel_testkit::network::{Audit, Front, FrontBuilder, OtherHost, Role, audit};
use umbel_testkit::{Blob, Image, Index};

/// The password of the only account. Nobody but the token server may ever hear of it.
pub(crate) const CANARY: &str = "canary-6f1d0c";

/// An empty registry behind a front that wants tokens, the server that gives them out, and the other host
/// to which the front may send its clients.
pub(crate) struct Site {
    pub(crate) front: Front,
    pub(crate) tokens: TokenServer,
    pub(crate) other: OtherHost,
    registry: Running,
}

impl Site {
    /// A site whose front is `arranged` so.
    pub(crate) fn start(arranged: impl FnOnce(FrontBuilder) -> FrontBuilder) -> Self {
        let registry =
            umbel_serve::start(TcpListener::bind("127.0.0.1:0").unwrap(), Registry::in_memory()).unwrap();
        let behind = registry.address().to_string();
        let issued = Tokens::default();
        let service = TokenService::new(&issued).account("robot", CANARY);
        let tokens = TokenServer::start("127.0.0.1:0", None, service);
        let other = OtherHost::start(Role::Store(behind.clone()));
        let front = Front::before(behind)
            .gate(Arc::new(BearerGate::new(&issued, &tokens.realm())))
            .other_host(other.origin());
        Self { front: arranged(front).start(), tokens, other, registry }
    }

    /// The location of an image there.
    pub(crate) fn location(&self, image: &str) -> String {
        format!("docker://{}/{image}", self.front.authority())
    }

    /// Puts an image into the registry, past the front.
    pub(crate) fn hold_image(&self, repository: &str, tag: &str, image: &Image) {
        for blob in image.layers.iter().chain([&image.config]) {
            self.hold_blob(repository, blob);
        }
        self.hold_manifest(repository, tag, &image.manifest);
    }

    /// Puts an index of images into the registry, past the front.
    pub(crate) fn hold_index(&self, repository: &str, tag: &str, index: &Index) {
        for blob in &index.blobs {
            self.hold_blob(repository, blob);
        }
        for entry in &index.entries {
            self.hold_manifest(repository, &entry.digest, entry);
        }
        self.hold_manifest(repository, tag, &index.manifest);
    }

    /// What a tag holds, seen past the front.
    pub(crate) fn audit(&self, repository: &str, tag: &str) -> Result<Option<Audit>, String> {
        audit(&self.registry.address().to_string(), repository, tag)
    }

    fn hold_blob(&self, repository: &str, blob: &Blob) {
        self.hold(Request {
            body: blob.bytes.clone(),
            ..Request::new("POST", format!("/v2/{repository}/blobs/uploads/?digest={}", blob.digest))
        });
    }

    fn hold_manifest(&self, repository: &str, reference: &str, manifest: &Blob) {
        let request = Request::new("PUT", format!("/v2/{repository}/manifests/{reference}"));
        self.hold(Request {
            body: manifest.bytes.clone(),
            ..request.with("content-type", manifest.media_type.as_str())
        });
    }

    fn hold(&self, request: Request) {
        let length = request.body.len().to_string();
        let request = request.with("content-length", length);
        let answer = fetch(&self.registry.address().to_string(), &request).unwrap();
        assert_eq!(answer.status, 201, "{} {}", request.method, request.target);
    }
}

/// All that a client tells whoever uses it, line by line.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<String>>);

impl Told {
    fn note(&self, event: NetworkEvent<'_>) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&format!("{event:?}\n"));
    }

    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A session with its lists in `store`, which has the login, keeps `parallel` requests under way, and waits so
/// long for an answer; for everything else it has less patience than people need.
pub(crate) fn session(store: &Path, parallel: usize, answer: Duration, told: &Told) -> Session {
    let told = told.clone();
    let login = Credentials::Password { user: "robot".into(), password: Secret::new(CANARY) };
    let network = Network::new(NetworkOptions {
        credentials: Arc::new(move |_| Ok(Some(login.clone()))),
        timeouts: Timeouts {
            connect: Duration::from_secs(1),
            answer,
            upload_answer: answer * 3 / 2,
            idle: answer,
            read_back: Duration::from_millis(150),
        },
        retries: Retries {
            base: Duration::from_millis(2),
            cap: Duration::from_millis(10),
            budget: Duration::from_secs(2),
            ..Retries::default()
        },
        parallel,
        observer: Arc::new(move |event| told.note(event)),
        ..NetworkOptions::default()
    });
    Session { network, ..Session::at(store) }
}

/// Runs what needs the network, as the binary does.
pub(crate) fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
