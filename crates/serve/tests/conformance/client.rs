//! A client of one request per connection, which takes nothing for granted that a server should get right.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use umbel_testkit::{Blob, Image, Index};

/// How long a server may be silent; far more than an answer takes, to tell slow from stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// The error codes there are: "the `code` field MUST be one of the following".
const CODES: [&str; 14] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DENIED",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "TOOMANYREQUESTS",
    "UNAUTHORIZED",
    "UNSUPPORTED",
];

/// Talks to one registry.
pub(crate) struct Client {
    address: SocketAddr,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(crate) fn get(&self, target: &str) -> Response {
        self.request("GET", target).send()
    }

    pub(crate) fn head(&self, target: &str) -> Response {
        self.request("HEAD", target).send()
    }

    pub(crate) fn delete(&self, target: &str) -> Response {
        self.request("DELETE", target).send()
    }

    /// Starts a request to a path, or to a URL that this registry gave.
    pub(crate) fn request(&self, method: &'static str, target: &str) -> Request {
        let origin = format!("http://{}", self.address);
        let path = target.strip_prefix(&origin).unwrap_or(target).to_owned();
        Request { address: self.address, method, path, headers: Vec::new(), body: Body::None }
    }

    /// A bare connection, for what no client would send.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Begins an upload; the answer is where it goes on.
    #[track_caller]
    pub(crate) fn begin_upload(&self, repository: &str) -> String {
        self.request("POST", &format!("/v2/{repository}/blobs/uploads/")).send().expect(202).location()
    }

    /// Sends the whole of an upload that was begun.
    pub(crate) fn finish_upload(&self, location: &str, blob: &Blob) -> Response {
        self.request("PUT", &with_query(location, "digest", &blob.digest)).body(&blob.bytes).send()
    }

    #[track_caller]
    pub(crate) fn push_blob(&self, repository: &str, blob: &Blob) {
        self.finish_upload(&self.begin_upload(repository), blob).expect(201);
    }

    pub(crate) fn put_manifest(&self, repository: &str, reference: &str, manifest: &Blob) -> Response {
        self.request("PUT", &format!("/v2/{repository}/manifests/{reference}"))
            .header("Content-Type", &manifest.media_type)
            .body(&manifest.bytes)
            .send()
    }

    /// Pushes an image or artifact with all it names.
    #[track_caller]
    pub(crate) fn push_image(&self, repository: &str, reference: &str, image: &Image) -> Response {
        for blob in [&image.config].into_iter().chain(&image.layers) {
            self.push_blob(repository, blob);
        }
        self.put_manifest(repository, reference, &image.manifest).expect(201)
    }

    /// Pushes an index over images with all that these name.
    #[track_caller]
    pub(crate) fn push_index(&self, repository: &str, reference: &str, index: &Index) -> Response {
        for blob in &index.blobs {
            self.push_blob(repository, blob);
        }
        for manifest in &index.entries {
            self.put_manifest(repository, &manifest.digest, manifest).expect(201);
        }
        self.put_manifest(repository, reference, &index.manifest).expect(201)
    }

    /// The digest of what a tag names, if there is such a tag.
    #[track_caller]
    pub(crate) fn digest_of(&self, repository: &str, tag: &str) -> Option<String> {
        let response = self.head(&format!("/v2/{repository}/manifests/{tag}"));
        if response.status == 404 {
            return None;
        }
        Some(response.expect(200).header("Docker-Content-Digest").unwrap().to_owned())
    }

    /// Follows the links from `target` on; the answer is every page.
    #[track_caller]
    pub(crate) fn pages(&self, target: &str) -> Vec<Response> {
        let mut pages = vec![self.get(target).expect(200)];
        while let Some(next) = pages.last().and_then(Response::next) {
            assert!(pages.len() < 100, "the links of {target} go round in a circle: {next}");
            pages.push(self.get(&next).expect(200));
        }
        pages
    }
}

/// A request under construction.
#[must_use = "a request is nothing before `send`"]
pub(crate) struct Request {
    address: SocketAddr,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Body,
}

enum Body {
    None,
    Sized(Vec<u8>),
    Chunked(Vec<u8>),
}

impl Request {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends `bytes` after a `Content-Length`.
    pub(crate) fn body(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.body = Body::Sized(bytes.as_ref().to_vec());
        self
    }

    /// Sends `bytes` without saying how many there will be, as a client does that compresses as it goes.
    pub(crate) fn streamed(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.body = Body::Chunked(bytes.as_ref().to_vec());
        self
    }

    #[track_caller]
    pub(crate) fn send(self) -> Response {
        let mut stream = Client::new(self.address).connect();
        stream.write_all(self.head().as_bytes()).unwrap();
        // A server that refuses a body need not read it to the end; what counts is what it says.
        let _ = stream.write_all(&self.encoded_body());
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        assert!(!answer.is_empty(), "{} {}: no answer, {ended:?}", self.method, self.path);
        Response::parse(self.method, &self.path, &answer)
    }

    fn head(&self) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let _ = write!(head, "Host: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let framing = match &self.body {
            Body::None if matches!(self.method, "GET" | "HEAD" | "DELETE") => String::new(),
            Body::None => "Content-Length: 0\r\n".to_owned(),
            Body::Sized(bytes) => format!("Content-Length: {}\r\n", bytes.len()),
            Body::Chunked(_) => "Transfer-Encoding: chunked\r\n".to_owned(),
        };
        head + &framing + "\r\n"
    }

    fn encoded_body(&self) -> Cow<'_, [u8]> {
        match &self.body {
            Body::None => Cow::Borrowed(&[]),
            Body::Sized(bytes) => Cow::Borrowed(bytes),
            Body::Chunked(bytes) => Cow::Owned(in_chunks(bytes)),
        }
    }
}

/// An answer, read to the end of the connection.
#[derive(Debug)]
pub(crate) struct Response {
    /// The request, for messages.
    request: String,
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    #[track_caller]
    fn parse(method: &str, path: &str, answer: &[u8]) -> Self {
        let request = format!("{method} {path}");
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
        let end =
            end.unwrap_or_else(|| panic!("{request}: no end of the headers: {}", answer.escape_ascii()));
        let head = str::from_utf8(&answer[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(':').unwrap_or_else(|| panic!("{request}: no header: {line}")))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut response = Self { request, status, headers, body: answer[end + 4..].to_vec() };
        response.check_body(method);
        response
    }

    /// Undoes the transfer coding, and sees that as many bytes came as were announced.
    #[track_caller]
    fn check_body(&mut self, method: &str) {
        let bodiless = method == "HEAD" || matches!(self.status, 204 | 304);
        if bodiless {
            assert_eq!(
                self.body.escape_ascii().to_string(),
                "",
                "{}: {} with a body",
                self.request,
                self.status
            );
            return;
        }
        if self.header("Transfer-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            self.body = unchunked(&self.body);
            return;
        }
        if let Some(length) = self.header("Content-Length") {
            assert_eq!(length, self.body.len().to_string(), "{}: Content-Length", self.request);
        }
    }

    /// The value of a header, by its name in any case.
    ///
    /// # Panics
    ///
    /// If the header is there more than once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{}: {name} is there twice", self.request);
        value
    }

    /// The response, if its status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        let said = self.body.escape_ascii();
        assert_eq!(self.status, status, "{}: {:?} {said}", self.request, self.headers);
        self
    }

    /// Sees that the request was refused, with a status of these and this error code.
    #[track_caller]
    pub(crate) fn refused(&self, statuses: &[u16], code: &str) {
        let said = self.body.escape_ascii();
        assert!(
            statuses.contains(&self.status),
            "{}: {} not in {statuses:?}: {said}",
            self.request,
            self.status
        );
        assert_eq!(self.error_codes()[0], code, "{}: {said}", self.request);
    }

    /// The codes in the body of an error, whose form is checked.
    #[track_caller]
    pub(crate) fn error_codes(&self) -> Vec<String> {
        assert_eq!(self.header("Content-Type"), Some("application/json"), "{}", self.request);
        let body = self.json();
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("{}: {body}", self.request));
        assert!(!errors.is_empty(), "{}: an error without errors", self.request);
        let checked = errors.iter().map(|error| {
            let code = error["code"].as_str().unwrap_or_else(|| panic!("{}: {error}", self.request));
            assert!(CODES.contains(&code), "{}: there is no code {code}", self.request);
            assert!(error["message"].is_null() || error["message"].is_string(), "{}: {error}", self.request);
            code.to_owned()
        });
        checked.collect()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.body.escape_ascii()))
    }

    #[track_caller]
    pub(crate) fn location(&self) -> String {
        let location = self.header("Location");
        location.unwrap_or_else(|| panic!("{}: no Location: {:?}", self.request, self.headers)).to_owned()
    }

    /// Where the `Link` header says that the next page is.
    #[track_caller]
    pub(crate) fn next(&self) -> Option<String> {
        let link = self.header("Link")?;
        let (target, parameters) = link
            .strip_prefix('<')
            .and_then(|rest| rest.split_once('>'))
            .unwrap_or_else(|| panic!("{}: not of the form of RFC 5988: {link}", self.request));
        let parameters = parameters.replace([' ', ';'], "");
        assert!(matches!(parameters.as_str(), "rel=\"next\"" | "rel=next"), "{}: {link}", self.request);
        Some(target.to_owned())
    }
}

/// Adds a parameter to a URL that may have some.
pub(crate) fn with_query(target: &str, key: &str, value: &str) -> String {
    let separator = if target.contains('?') { '&' } else { '?' };
    format!("{target}{separator}{key}={value}")
}

/// A body in the chunks of HTTP.
fn in_chunks(content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for chunk in content.chunks(10_000) {
        body.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
        body.extend(chunk);
        body.extend(b"\r\n");
    }
    body.extend(b"0\r\n\r\n");
    body
}

/// The content of a body in chunks.
#[track_caller]
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    loop {
        let line =
            body.windows(2).position(|window| window == b"\r\n").expect("a chunk begins with its size");
        let size = str::from_utf8(&body[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        body = &body[line + 2..];
        content.extend(&body[..size]);
        assert_eq!(&body[size..size + 2], b"\r\n", "a chunk ends with its line");
        body = &body[size + 2..];
        if size == 0 {
            return content;
        }
    }
}
