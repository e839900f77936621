//! A registry behind its front, a client of it, and content to exchange.

use std::future::Future;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use umbel::model::name::Tag;
use umbel::model::{Descriptor, Digest, ImageName, Raw};
use umbel::registry::{Network, NetworkEvent, NetworkOptions, Repository, Retries, Timeouts};
use umbel::transport::{
    Blob, Body, Buffer, Limits, ReadBackend, RemoteError, RemoteProblem, Root, Source, Task, TransportError,
};
use umbel_testkit::network::{Front, FrontBuilder, Kind, Logged};

/// A registry and the proxy in front of it.
pub(crate) struct Site {
    pub(crate) front: Front,
    behind: umbel_serve::Running,
}

impl Site {
    /// A registry that is as it should be.
    pub(crate) fn plain() -> Self {
        Self::with(|front| front)
    }

    /// A registry with what `arrange` adds.
    pub(crate) fn with(arrange: impl FnOnce(FrontBuilder) -> FrontBuilder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let behind = umbel_serve::start(listener, umbel_serve::Registry::in_memory()).unwrap();
        let front = arrange(Front::before(behind.address().to_string())).start();
        Self { front, behind }
    }

    /// Where the registry itself listens, without the proxy.
    pub(crate) fn behind(&self) -> String {
        self.behind.address().to_string()
    }

    /// A repository, with a client that has met nobody yet.
    pub(crate) fn repository(&self, path: &str) -> Repository {
        self.repository_with(path, options())
    }

    pub(crate) fn repository_with(&self, path: &str, options: NetworkOptions) -> Repository {
        repository(&self.front.authority(), path, options)
    }

    /// The same repository without the proxy: for arranging, and for looking what is really there.
    pub(crate) fn truth(&self, path: &str) -> Repository {
        repository(&self.behind(), path, options())
    }

    pub(crate) fn name(&self, rest: &str) -> ImageName {
        format!("{}/{rest}", self.front.authority()).parse().unwrap()
    }

    /// Everything that was asked and answered, as `ManifestGet 200, BlobHead -`.
    pub(crate) fn told(&self) -> String {
        story(&self.front.log())
    }

    /// What was asked of this kind.
    pub(crate) fn asked(&self, kind: Kind) -> Vec<Logged> {
        self.front.log().into_iter().filter(|logged| logged.kind == kind).collect()
    }
}

pub(crate) fn repository(authority: &str, path: &str, options: NetworkOptions) -> Repository {
    Network::new(options).repository(&format!("{authority}/{path}").parse().unwrap())
}

fn story(log: &[Logged]) -> String {
    let status = |logged: &Logged| logged.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    log.iter().map(|logged| format!("{:?} {}", logged.kind, status(logged))).collect::<Vec<_>>().join(", ")
}

/// Options with waits that tests can afford.
pub(crate) fn options() -> NetworkOptions {
    let second = Duration::from_secs(1);
    NetworkOptions {
        timeouts: Timeouts {
            connect: second * 5,
            answer: second * 10,
            upload_answer: second * 10,
            idle: second * 10,
            read_back: Duration::from_millis(300),
        },
        retries: Retries {
            base: Duration::from_millis(4),
            cap: Duration::from_millis(20),
            budget: second * 20,
            ..Retries::default()
        },
        ..NetworkOptions::default()
    }
}

/// Options of somebody who does not wait long for an answer.
pub(crate) fn hasty() -> NetworkOptions {
    let (usual, short) = (options(), Duration::from_secs(1));
    let timeouts = Timeouts { answer: short, upload_answer: short, idle: short, ..usual.timeouts };
    NetworkOptions { timeouts, ..usual }
}

/// The options, and a list that grows by a line for each event which `line` has one for.
pub(crate) fn observed(
    line: impl Fn(NetworkEvent<'_>) -> Option<String> + Send + Sync + 'static,
) -> (NetworkOptions, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    let observer = move |event: NetworkEvent<'_>| kept.lock().unwrap().extend(line(event));
    (NetworkOptions { observer: Arc::new(observer), ..options() }, lines)
}

/// Runs a future as the binary does.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

pub(crate) fn digest_of(blob: &umbel_testkit::Blob) -> Digest {
    blob.digest.parse().unwrap()
}

pub(crate) fn document(blob: &umbel_testkit::Blob) -> Raw {
    Raw::new(blob.media_type.parse().unwrap(), blob.bytes.clone())
}

/// Some manifest that needs nothing but itself.
pub(crate) fn leaf(word: &str) -> Raw {
    document(&umbel_testkit::index().annotation("org.example.word", word).build().manifest)
}

/// So many bytes in no simple order.
pub(crate) fn bytes(size: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut all = Vec::with_capacity(size + 8);
    while all.len() < size {
        all.extend(next());
    }
    all.truncate(size);
    all
}

/// The descriptor of some octets.
pub(crate) fn descriptor(bytes: &[u8]) -> Descriptor {
    let media_type = "application/octet-stream".parse().unwrap();
    Descriptor::new(media_type, Digest::sha256(bytes), bytes.len() as u64)
}

/// A blob as it should be, of a source that is in none of `homes` or in all of them.
pub(crate) fn blob(bytes: &[u8], homes: &[ImageName]) -> Blob {
    blob_said_to_be(descriptor(bytes), bytes, homes)
}

/// A blob that is something else than its descriptor says.
pub(crate) fn blob_said_to_be(descriptor: Descriptor, bytes: &[u8], homes: &[ImageName]) -> Blob {
    let backend = Shelf { bytes: bytes.to_vec(), homes: homes.to_vec() };
    Blob::new(Source::new(Arc::new(backend), Limits::default()), descriptor)
}

/// A source that has one blob.
struct Shelf {
    bytes: Vec<u8>,
    homes: Vec<ImageName>,
}

impl ReadBackend for Shelf {
    fn location(&self) -> String {
        "a shelf".to_owned()
    }

    fn repositories_of(&self, _: &Descriptor) -> Vec<ImageName> {
        self.homes.clone()
    }

    fn read_root(&self, _: u64) -> Task<'_, Root> {
        unreachable!("a shelf has no root")
    }

    fn read_manifest<'a>(&'a self, _: &'a Descriptor, _: u64) -> Task<'a, Vec<u8>> {
        unreachable!("a shelf has no manifests")
    }

    fn open_blob<'a>(&'a self, _: &'a Descriptor) -> Task<'a, Box<dyn Body>> {
        let body: Box<dyn Body> = Box::new(Buffer::new(self.bytes.clone()));
        Box::pin(async { Ok(body) })
    }
}

/// All bytes of a body.
pub(crate) async fn collect(mut body: impl Body) -> Result<Vec<u8>, TransportError> {
    let mut all = Vec::new();
    while let Some(chunk) = body.next_chunk().await? {
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

/// The error as one of a registry.
#[track_caller]
pub(crate) fn remote<T>(result: Result<T, TransportError>) -> RemoteError {
    match result {
        Err(TransportError::Remote(error)) => error,
        Err(error) => panic!("not an error of the registry: {error:?}"),
        Ok(_) => panic!("no error"),
    }
}

/// The status and whether a login was sent with what was denied.
#[track_caller]
pub(crate) fn denied<T>(result: Result<T, TransportError>) -> (u16, bool) {
    match remote(result).problem {
        RemoteProblem::Denied { status, with_credentials, .. } => (status, with_credentials),
        problem => panic!("not denied: {problem:?}"),
    }
}
