//! A registry whose every answer is the test's, and its log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use umbel_testkit::network::server::{self, Running};
use umbel_testkit::network::tls::ServerTls;
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::{Blob, Image};

/// What answers a request.
type Answer = dyn Fn(&Request) -> Response + Send + Sync;

/// A server until it is dropped.
pub(crate) struct Registry {
    running: Running,
    log: Arc<Mutex<Vec<Request>>>,
}

impl Registry {
    /// Answers with what is on the shelf, and 404.
    pub(crate) fn serving(shelf: Shelf) -> Self {
        Self::answering(move |request| shelf.answer(request))
    }

    pub(crate) fn answering(answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Self::on("127.0.0.1:0", None, answer)
    }

    pub(crate) fn on(
        bind: &str,
        tls: Option<ServerTls>,
        answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let log = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&log);
        let answer: Arc<Answer> = Arc::new(move |request: &Request| {
            noted.lock().unwrap().push(request.clone());
            answer(request)
        });
        Self { running: server::start(bind, tls, answer), log }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.running.address().to_string()
    }

    /// A location in this registry.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("docker://{}/{name}", self.host())
    }

    pub(crate) fn log(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// Method and target of each request.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log().iter().map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    /// The logins that came, in whatever header.
    pub(crate) fn logins(&self) -> Vec<String> {
        logins(&self.log())
    }
}

pub(crate) fn logins(log: &[Request]) -> Vec<String> {
    let headers = log.iter().flat_map(|request| &request.headers);
    let logins = headers
        .filter(|(name, _)| ["authorization", "proxy-authorization", "cookie"].contains(&name.as_str()));
    logins.map(|(_, value)| value.clone()).collect()
}

/// Answers by path.
#[derive(Clone, Default)]
pub(crate) struct Shelf(BTreeMap<String, Response>);

impl Shelf {
    /// A shelf with one document, as `app:v1`.
    pub(crate) fn tagged(media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::default().with("/v2/app/manifests/v1", media_type, bytes)
    }

    /// One more answer, whatever it is.
    pub(crate) fn put(mut self, path: &str, response: Response) -> Self {
        self.0.insert(path.to_owned(), response);
        self
    }

    pub(crate) fn with(self, path: &str, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.put(path, Response::new(200, bytes).with("content-type", media_type))
    }

    /// A document of the repository `app` by its digest.
    pub(crate) fn document(self, document: &Blob) -> Self {
        let path = format!("/v2/app/manifests/{}", document.digest);
        self.with(&path, &document.media_type, document.bytes.clone())
    }

    /// A blob of the repository `app`.
    pub(crate) fn blob(self, blob: &Blob) -> Self {
        let path = format!("/v2/app/blobs/{}", blob.digest);
        self.with(&path, "application/octet-stream", blob.bytes.clone())
    }

    /// An image of the repository `app`, all of it.
    pub(crate) fn image(self, image: &Image) -> Self {
        let blobs = image.layers.iter().chain([&image.config]);
        blobs.fold(self.document(&image.manifest), Self::blob)
    }

    /// What is there, also for those who ask only whether it is.
    pub(crate) fn answer(&self, request: &Request) -> Response {
        let found = self.0.get(request.path()).filter(|_| ["GET", "HEAD"].contains(&request.method.as_str()));
        let Some(response) = found else { return missing() };
        response.clone().setting("content-length", response.body.len().to_string())
    }
}

/// The answer to who asks for something that is not there.
pub(crate) fn missing() -> Response {
    Response::new(404, r#"{"errors":[{"code":"NOT_FOUND","message":"there is no such thing"}]}"#)
        .with("content-type", "application/json")
}
