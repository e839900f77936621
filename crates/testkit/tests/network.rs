//! The front before a tiny registry: every fault does what it says, and nothing else.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use umbel_testkit::media_type::{OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::network::client::fetch;
use umbel_testkit::network::gate::Gate;
use umbel_testkit::network::server::{self, Running};
use umbel_testkit::network::tls::Authority;
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::network::{
    Fault, Front, FrontBuilder, Kind, Must, OtherHost, Profile, Quirk, Role, When, audit,
};
use umbel_testkit::{digest, image, index};

const MANIFEST: &str = "/v2/app/manifests/latest";
const UPLOAD: &str = "/v2/app/blobs/uploads/1";

/// A registry that keeps what it gets under the path where it got it, and finishes uploads in one `PUT`.
struct Upstream {
    running: Running,
    kept: Arc<Mutex<BTreeMap<String, Response>>>,
}

impl Upstream {
    fn start() -> Self {
        let kept: Arc<Mutex<BTreeMap<String, Response>>> = Arc::default();
        let store = Arc::clone(&kept);
        let handler = move |request: &Request| {
            answer(&mut store.lock().expect("nothing panics with the lock"), request)
        };
        Self { running: server::start("127.0.0.1:0", None, Arc::new(handler)), kept }
    }

    fn authority(&self) -> String {
        self.running.address().to_string()
    }

    fn keep(&self, path: &str, media_type: &str, body: &[u8]) {
        let response = Response::new(200, body)
            .with("content-type", media_type)
            .with("docker-content-digest", digest(body))
            .with("content-length", body.len().to_string());
        self.kept.lock().expect("nothing panics with the lock").insert(path.to_owned(), response);
    }

    fn has(&self, path: &str) -> bool {
        self.kept.lock().expect("nothing panics with the lock").contains_key(path)
    }

    fn front(&self) -> FrontBuilder {
        Front::before(self.authority())
    }
}

fn answer(kept: &mut BTreeMap<String, Response>, request: &Request) -> Response {
    let path = request.path().to_owned();
    match (request.method.as_str(), Kind::of(request)) {
        ("POST", _) => Response::new(202, "").with("location", UPLOAD),
        ("PATCH", _) => {
            let last = request.body.len().saturating_sub(1);
            Response::new(202, "").with("location", UPLOAD).with("range", format!("0-{last}"))
        }
        ("PUT", _) => {
            let digest = digest(&request.body);
            let media_type = request.header("content-type").unwrap_or_default();
            let response = Response::new(200, request.body.clone()).with("content-type", media_type);
            kept.insert(path.clone(), response);
            Response::new(201, "").with("location", path).with("docker-content-digest", digest)
        }
        _ => kept.get(&path).cloned().unwrap_or_else(|| Response::new(404, "nothing here")),
    }
}

/// A front that plays `fault` once, after the registry got a manifest.
fn faulty(upstream: &Upstream, fault: Fault) -> Front {
    upstream.keep(MANIFEST, OCI_MANIFEST, &[b'm'; 1000]);
    upstream.front().other_host("http://elsewhere.example:1").fault(fault, When::request(1)).start()
}

fn ask(front: &Front, method: &str, target: &str) -> io::Result<Response> {
    fetch(&front.authority(), &Request::new(method, target))
}

fn put(front: &Front, target: &str, body: &str) -> io::Result<Response> {
    let request =
        Request { body: body.into(), ..Request::new("PUT", target).with("content-type", OCI_MANIFEST) };
    fetch(&front.authority(), &request)
}

/// What comes back when exactly these bytes are sent.
fn raw(front: &Front, request: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(front.authority()).expect("the front listens");
    stream.write_all(request.as_bytes()).expect("the front reads");
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).err().map(|error| error.kind());
    (answer, end)
}

fn get_raw(front: &Front) -> (Vec<u8>, Option<ErrorKind>) {
    raw(front, &format!("GET {MANIFEST} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

#[test]
fn without_faults_the_front_is_the_registry() {
    let upstream = Upstream::start();
    let front = upstream.front().start();
    assert_eq!(put(&front, MANIFEST, "one").unwrap().status, 201);
    let read = ask(&front, "GET", MANIFEST).unwrap();
    assert_eq!((read.body, front.fired()), (b"one".to_vec(), 0));
    let log = front.log();
    let summary: Vec<_> = log.iter().map(|logged| (logged.number, logged.kind, logged.status)).collect();
    assert_eq!(summary, [(1, Kind::ManifestPut, Some(201)), (2, Kind::ManifestGet, Some(200))]);
    assert_eq!((log[0].body_length, log[1].connection, log[1].in_flight_at_start), (3, 2, 0));
    assert_eq!((front.connections(), front.max_in_flight()), (2, 1));
}

#[test]
fn status_faults_answer_instead_of_the_registry() {
    for (fault, status) in [
        (Fault::Status(502), 502),
        (Fault::Busy { status: 429, retry_after: Duration::from_secs(2) }, 429),
        (Fault::Deny403, 403),
        (Fault::Refuse400, 400),
        (Fault::Html200, 200),
        (Fault::DropWrite, 201),
        (Fault::RedirectWrite, 307),
    ] {
        let upstream = Upstream::start();
        let front = upstream.front().other_host("http://x").fault(fault, When::request(1)).start();
        let answer = put(&front, "/v2/app/manifests/new", "text").unwrap();
        assert_eq!((answer.status, front.fired()), (status, 1), "{fault:?}");
        assert!(!upstream.has("/v2/app/manifests/new"), "{fault:?}");
        assert_eq!(front.log()[0].fault, Some(fault));
        assert_eq!(put(&front, "/v2/app/manifests/new", "text").unwrap().status, 201, "{fault:?} is over");
    }
}

#[test]
fn dropped_write_is_acknowledged_with_the_right_digest() {
    let upstream = Upstream::start();
    let front = faulty(&upstream, Fault::DropWrite);
    let answer = put(&front, "/v2/app/manifests/new", "text").unwrap();
    assert_eq!(answer.header("docker-content-digest"), Some(&*digest(b"text")));
}

#[test]
fn busy_says_when_to_come_back() {
    let upstream = Upstream::start();
    let front = faulty(&upstream, Fault::Busy { status: 503, retry_after: Duration::from_secs(7) });
    assert_eq!(ask(&front, "GET", MANIFEST).unwrap().header("retry-after"), Some("7"));
}

#[test]
fn applied_faults_do_the_write() {
    for fault in [Fault::Applied500, Fault::AppliedReset] {
        let upstream = Upstream::start();
        let front = faulty(&upstream, fault);
        let answer = put(&front, "/v2/app/manifests/new", "text");
        assert!(answer.is_err() || answer.unwrap().status == 500, "{fault:?}");
        assert!(upstream.has("/v2/app/manifests/new"), "{fault:?}");
        assert_eq!(front.fired(), 1);
    }
}

#[test]
fn reset_and_close_are_told_apart_by_the_client() {
    let upstream = Upstream::start();
    assert_eq!(get_raw(&faulty(&upstream, Fault::Reset)), (vec![], Some(ErrorKind::ConnectionReset)));
    assert_eq!(get_raw(&faulty(&upstream, Fault::Close)), (vec![], None));
}

#[test]
fn resets_and_cuts_go_through_tls() {
    let upstream = Upstream::start();
    upstream.keep(MANIFEST, OCI_MANIFEST, &[b'm'; 1000]);
    let ends = [Fault::Reset, Fault::Close, Fault::Truncate].map(|fault| {
        let authority = Authority::new();
        let front =
            upstream.front().tls(authority.server(&["127.0.0.1"])).fault(fault, When::always()).start();
        assert!(front.origin().starts_with("https://127.0.0.1:"));
        let mut stream = secure(&front, &authority);
        stream.write_all(format!("GET {MANIFEST} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer).unwrap_err().kind();
        (answer.ends_with(&[b'm'; 500]), end)
    });
    let (reset, closed) = (ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof);
    assert_eq!(ends, [(false, reset), (false, closed), (true, closed)]);
}

/// A connection to a front that trusts only this authority.
fn secure(front: &Front, authority: &Authority) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let cert =
        CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("the authority has a certificate");
    roots.add(cert).expect("the certificate is one of an authority");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").expect("an address is a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("the configuration is complete");
    StreamOwned::new(connection, TcpStream::connect(front.authority()).expect("the front listens"))
}

#[test]
fn reset_comes_before_the_body_is_complete() {
    let upstream = Upstream::start();
    let front = faulty(&upstream, Fault::ResetMidBody);
    let half = format!("PUT {MANIFEST} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
    assert_eq!(raw(&front, &half), (vec![], Some(ErrorKind::ConnectionReset)));
    assert_eq!((front.fired(), front.log()[0].status), (1, None));
}

#[test]
fn truncated_answer_ends_in_its_body() {
    let upstream = Upstream::start();
    let (answer, end) = get_raw(&faulty(&upstream, Fault::Truncate));
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Content-Length: 1000"), "{head}");
    assert_eq!((body.len(), end), (500, None));
}

#[test]
fn stall_is_a_pause_and_silence_has_no_end() {
    let upstream = Upstream::start();
    let front = faulty(&upstream, Fault::Stall(Duration::from_millis(120)));
    let began = Instant::now();
    assert_eq!(ask(&front, "GET", MANIFEST).unwrap().status, 200);
    assert!(began.elapsed() >= Duration::from_millis(120));

    let front = faulty(&upstream, Fault::Silence);
    let mut stream = TcpStream::connect(front.authority()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(150))).unwrap();
    stream.write_all(format!("GET {MANIFEST} HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!((front.fired(), front.log()[0].ended), (1, None));
    drop(front);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "a front that is gone keeps nobody waiting");
}

#[test]
fn answers_with_wrong_bodies() {
    let upstream = Upstream::start();
    let get = |fault| ask(&faulty(&upstream, fault), "GET", MANIFEST).unwrap();
    let right = get(Fault::DropWrite);
    assert_eq!(right.body, [b'm'; 1000]);
    let flipped = get(Fault::FlipByte);
    let differences = flipped.body.iter().zip(&right.body).filter(|(one, other)| one != other);
    assert_eq!((differences.count(), flipped.headers == right.headers), (1, true));
    assert_eq!(get(Fault::Empty200).header("content-length"), Some("0"));
    assert_eq!(get(Fault::WrongType).header("content-type"), Some(OCI_INDEX));
    assert_ne!(get(Fault::WrongDigest).header("docker-content-digest"), Some(&*digest(&right.body)));
    let zipped = get(Fault::Gzip);
    assert_eq!((zipped.header("content-encoding"), &zipped.body[..2]), (Some("gzip"), &[0x1f, 0x8b][..]));
    assert_eq!(get(Fault::Html200).header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(get(Fault::Gone404).status, 404);
}

#[test]
fn answers_with_right_bodies_come_in_odd_ways() {
    let upstream = Upstream::start();
    let front = faulty(&upstream, Fault::Chunked);
    let (answer, _) = get_raw(&front);
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(text.contains("Transfer-Encoding: chunked") && !text.contains("Content-Length"), "{text}");
    for fault in [Fault::Chunked, Fault::Drip(Duration::from_millis(2))] {
        let (front, began) = (faulty(&upstream, fault), Instant::now());
        assert_eq!(ask(&front, "GET", MANIFEST).unwrap().body, [b'm'; 1000], "{fault:?}");
        assert!(fault == Fault::Chunked || began.elapsed() >= Duration::from_millis(40));
        assert_eq!(front.fired(), 1);
    }
}

#[test]
fn head_lies_in_both_directions() {
    let upstream = Upstream::start();
    let absent = "/v2/app/blobs/sha256:00";
    let front = faulty(&upstream, Fault::HeadLies200);
    let answer = ask(&front, "HEAD", absent).unwrap();
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("0")));
    assert_eq!(ask(&faulty(&upstream, Fault::HeadLies404), "HEAD", MANIFEST).unwrap().status, 404);
    let front = faulty(&upstream, Fault::HeadLies404);
    assert_eq!(ask(&front, "HEAD", absent).unwrap().status, 404);
    assert_eq!(front.fired(), 0, "that was no lie");
    let told = ask(&front, "HEAD", MANIFEST).unwrap();
    assert_eq!(told.header("content-length"), Some("1000"), "a HEAD keeps the length it was given");
}

#[test]
fn uploads_go_wrong() {
    let upstream = Upstream::start();
    let post = |fault| {
        let front = faulty(&upstream, fault);
        ask(&front, "POST", "/v2/app/blobs/uploads/?mount=sha256:00&from=b").unwrap()
    };
    assert_eq!(post(Fault::NoLocation).header("location"), None);
    let elsewhere = format!("http://elsewhere.example:1{UPLOAD}");
    assert_eq!(post(Fault::BadLocation).header("location"), Some(&*elsewhere));
    let mounted = post(Fault::MountLies201);
    assert_eq!((mounted.status, mounted.header("docker-content-digest")), (201, Some("sha256:00")));
    assert_eq!(post(Fault::Mount202).status, 202);

    let front = faulty(&upstream, Fault::LostUpload);
    for _ in 0..2 {
        assert_eq!(put(&front, &format!("{UPLOAD}?digest=x"), "x").unwrap().status, 404, "lost for ever");
    }
    assert_eq!(front.fired(), 1);
    assert_eq!(ask(&faulty(&upstream, Fault::Range416), "PATCH", UPLOAD).unwrap().status, 416);
}

#[test]
fn token_dies_for_ever_and_another_one_is_good() {
    let upstream = Upstream::start();
    let front = faulty(&upstream, Fault::Expired401);
    let request = Request::new("GET", MANIFEST).with("authorization", "Bearer canary");
    for _ in 0..2 {
        let refused = fetch(&front.authority(), &request).unwrap();
        assert_eq!((refused.status, refused.header("www-authenticate").is_some()), (401, true));
    }
    let renewed = Request::new("GET", MANIFEST).with("authorization", "Bearer another");
    assert_eq!(fetch(&front.authority(), &renewed).unwrap().status, 200);
    assert_eq!(front.fired(), 1);
    let log = front.log();
    assert_eq!(log[0].authorization_scheme(), Some("Bearer"));
    assert!(log[0].has_credentials() && log[0].mentions("canary"));
}

#[test]
fn other_host_serves_what_is_redirected_and_notes_credentials() {
    let upstream = Upstream::start();
    upstream.keep(MANIFEST, OCI_MANIFEST, b"text");
    let store = OtherHost::start(Role::Store(upstream.authority()));
    let front = upstream.front().other_host(store.origin()).fault(Fault::Redirect, When::always()).start();
    let redirect = ask(&front, "GET", MANIFEST).unwrap();
    assert_eq!(redirect.header("location"), Some(&*format!("{}{MANIFEST}", store.origin())));
    let authority = store.origin().replace("http://", "");
    let careless = Request::new("GET", MANIFEST).with("authorization", "Basic canary");
    assert_eq!(fetch(&authority, &careless).unwrap().body, b"text");
    assert!(store.credentials()[0].mentions("canary"));

    let attacker = OtherHost::start(Role::Attacker(404));
    let authority = attacker.origin().replace("http://", "");
    assert_eq!(fetch(&authority, &Request::new("GET", "/")).unwrap().status, 404);
    assert_eq!((attacker.log().len(), attacker.credentials().len()), (1, 0));
}

#[test]
#[should_panic(expected = "Redirect needs `other_host`")]
fn redirect_to_nowhere_is_a_fault_of_the_test() {
    Front::before("127.0.0.1:1").fault(Fault::Redirect, When::always()).start();
}

#[test]
fn every_fault_meant_for_one_request_is_over_with_the_next() {
    for case in Fault::ALL.iter().filter(|case| case.fault != Fault::Silence) {
        let upstream = Upstream::start();
        let front = faulty(&upstream, case.fault);
        drop(ask(&front, "GET", "/v2/"));
        let first = front.fired();
        assert_eq!(ask(&front, "GET", MANIFEST).unwrap().status, 200, "{} is over", case.name);
        assert_eq!(front.fired(), first, "{}", case.name);
    }
    assert_eq!(Fault::ALL.iter().filter(|case| case.must == Must::Fail).count(), 2);
}

#[test]
fn quirks_show_on_the_wire() {
    let upstream = Upstream::start();
    upstream.keep(MANIFEST, OCI_MANIFEST, b"text");
    let text = |quirk| String::from_utf8(get_raw(&upstream.front().quirk(quirk).start()).0).unwrap();
    assert!(text(Quirk::LowerCaseHeaders).contains("\r\ncontent-length: 4\r\n"));
    assert!(text(Quirk::ChunkedAnswers).contains("\r\nTransfer-Encoding: chunked\r\n"));
    assert!(!text(Quirk::NoDigestHeader).contains("Docker-Content-Digest"));
    assert!(text(Quirk::CloseAfterAnswer).contains("\r\nConnection: close\r\n"));
    let front = upstream.front().profile(&Profile::ALL[0]).start();
    let location = ask(&front, "POST", "/v2/app/blobs/uploads/").unwrap();
    assert_eq!(location.header("location"), Some(&*format!("{UPLOAD}?front-state=kept")));
}

#[test]
fn what_the_registry_says_of_itself_is_said_of_the_front() {
    let named = Arc::new(Mutex::new(String::new()));
    let name = Arc::clone(&named);
    let handler = move |_: &Request| {
        let origin = name.lock().expect("nothing panics with the lock").clone();
        Response::new(202, "").with("location", format!("{origin}{UPLOAD}?a=b"))
    };
    let upstream = server::start("127.0.0.1:0", None, Arc::new(handler));
    let front = Front::before(upstream.address().to_string()).start();
    for (origin, expected) in [
        (String::new(), String::new()),
        (format!("http://{}", upstream.address()), front.origin()),
        (front.origin(), front.origin()),
        ("https://elsewhere.example".to_owned(), "https://elsewhere.example".to_owned()),
    ] {
        named.lock().unwrap().clone_from(&origin);
        let answer = ask(&front, "POST", "/v2/app/blobs/uploads/").unwrap();
        assert_eq!(answer.header("location"), Some(&*format!("{expected}{UPLOAD}?a=b")), "{origin}");
    }
}

#[test]
fn credentials_for_the_gate_stop_there() {
    struct Closed;
    impl Gate for Closed {
        fn admit(&self, request: &Request) -> Result<(), Response> {
            request.header("authorization").map(drop).ok_or_else(|| Response::new(401, "who are you?"))
        }
    }
    let told =
        Arc::new(|request: &Request| Response::new(200, format!("{:?}", request.header("authorization"))));
    let upstream = server::start("127.0.0.1:0", None, told);
    let front = Front::before(upstream.address().to_string())
        .gate(Arc::new(Closed))
        .fault(Fault::Expired401, When::request(3))
        .start();
    let known = Request::new("GET", MANIFEST).with("authorization", "Bearer canary");
    let answers = [&Request::new("GET", MANIFEST), &known, &known]
        .map(|request| fetch(&front.authority(), request).unwrap())
        .map(|answer| (answer.status, String::from_utf8(answer.body).unwrap()));
    let refused = (401, "who are you?".to_owned());
    assert_eq!(answers, [refused.clone(), (200, "None".to_owned()), refused], "a dead token meets the gate");
}

#[test]
fn connection_is_kept_and_garbage_ends_only_its_own() {
    let upstream = Upstream::start();
    upstream.keep(MANIFEST, OCI_MANIFEST, b"text");
    let front = upstream.front().start();
    let get = format!("GET {MANIFEST} HTTP/1.1\r\nHost: x\r\n\r\n");
    let chunks =
        format!("PUT {MANIFEST} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    let expect = format!(
        "PUT {MANIFEST} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"
    );
    let text = String::from_utf8(raw(&front, &[get.as_str(), &chunks, &get, &expect].concat()).0).unwrap();
    let answers: Vec<&str> = text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect();
    assert_eq!(answers, ["200", "201", "200", "100", "201"], "{text}");
    assert!(text.contains("\r\n\r\nabc"));
    for garbage in [
        "GET\r\n\r\n",
        "\u{0}\u{1}",
        "PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nÄ-é: 1\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(front.authority()).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
        drop(stream);
    }
    assert_eq!(ask(&front, "GET", MANIFEST).unwrap().body, b"ab");
}

#[test]
fn parallel_requests_are_counted() {
    let upstream = Upstream::start();
    let stall = Fault::Stall(Duration::from_millis(200));
    let front = upstream.front().fault(stall, When::always()).start();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| ask(&front, "GET", "/v2/").unwrap());
        }
    });
    assert_eq!((front.max_in_flight(), front.fired(), front.connections()), (3, 3, 3));
}

#[test]
fn audit_tells_a_whole_tag_from_a_torn_one() {
    let upstream = Upstream::start();
    let list = index().entry(&image("linux/arm64").build()).entry(&image("linux/amd64").build()).build();
    let authority = upstream.authority();
    assert_eq!(audit(&authority, "app", "latest"), Ok(None));
    upstream.keep(MANIFEST, &list.manifest.media_type, &list.manifest.bytes);
    let torn = audit(&authority, "app", "latest").unwrap_err();
    assert_eq!(torn.lines().filter(|line| line.ends_with(": missing")).count(), 2, "{torn}");

    let arm = image("linux/arm64").build();
    let path = |digest: &str| format!("/v2/app/blobs/{digest}");
    upstream.keep(MANIFEST, &arm.manifest.media_type, &arm.manifest.bytes);
    upstream.keep(&path(&arm.config.digest), "application/octet-stream", &arm.config.bytes);
    arm.layers
        .iter()
        .for_each(|layer| upstream.keep(&path(&layer.digest), "application/octet-stream", &layer.bytes));
    let whole = audit(&authority, "app", "latest").unwrap().unwrap();
    assert_eq!(
        (whole.digest, whole.media_type),
        (arm.manifest.digest.clone(), arm.manifest.media_type.clone())
    );
    assert_eq!(whole.digests.len(), 2 + arm.layers.len());

    upstream.keep(&path(&arm.config.digest), "application/octet-stream", b"damaged");
    let damaged = audit(&authority, "app", "latest").unwrap_err();
    assert!(damaged.contains(&arm.config.digest) && damaged.contains("damaged"), "{damaged}");
}
