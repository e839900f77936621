//! Registries that are not on this machine, as seen through a proxy: what they may not lead to here.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use umbel_testkit::network::tls::{Authority, ClientFiles};
use umbel_testkit::network::wire::{Request, Response};

use crate::desk::{Desk, Said};
use crate::registry::Registry;
use crate::upstream::PASSWORD;

/// A proxy that knows a few hosts; it ends with the test.
struct Internet {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Internet {
    /// An internet in which these names, each with its port, are served at these addresses.
    fn of<const N: usize>(hosts: [(&str, &Registry); N]) -> Self {
        let known = |(name, registry): (&str, &Registry)| (name.to_owned(), registry.host());
        let known: BTreeMap<String, String> = hosts.into_iter().map(known).collect();
        let known = Arc::new(known);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (known, noted) = (Arc::clone(&known), Arc::clone(&noted));
                // A connection that breaks is the client's to report.
                thread::spawn(move || drop(relay(stream, &known, &noted)));
            }
        });
        Self { address, asked }
    }

    /// Runs a command that has no other way out.
    fn run(&self, desk: &Desk, line: &str) -> Said {
        let proxy = format!("http://{}", self.address);
        let mut command = desk.command();
        command.env("http_proxy", &proxy).env("https_proxy", &proxy).args(line.split_whitespace());
        crate::desk::finish(&mut command, "")
    }

    /// The hosts that somebody wanted to be connected to.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Connects two streams by the first line of what comes in, which must be `CONNECT` or a whole address.
fn relay(client: TcpStream, known: &BTreeMap<String, String>, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let [method, target, version] = words[..] else { return Ok(()) };
    let (authority, rest) = match target.strip_prefix("http://") {
        None => (target.to_owned(), None),
        Some(address) => {
            let (host, path) = address.split_once('/').unwrap_or((address, ""));
            (format!("{host}:80"), Some(format!("{method} /{path} {version}\r\nConnection: close\r\n")))
        }
    };
    asked.lock().unwrap().push(authority.clone());
    let Some(address) = known.get(&authority) else {
        return write!(&client, "HTTP/1.1 502 Nobody\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    let mut server = TcpStream::connect(address)?;
    if let Some(first) = rest {
        server.write_all(first.as_bytes())?;
    } else {
        // The rest of the head, up to the blank line.
        while reader.read_line(&mut line)? > 2 {}
        write!(&client, "HTTP/1.1 200 Connected\r\n\r\n")?;
    }
    let mut back = server.try_clone()?;
    let mut answered = client;
    thread::spawn(move || {
        let _ = io::copy(&mut back, &mut answered);
        let _ = answered.shutdown(Shutdown::Both);
    });
    io::copy(&mut reader, &mut server).map(drop)
}

const CREDS: &str = "--creds robot:hunter2-canary --retry 0";

/// A registry over TLS that answers everybody so, and the directory with its authority's certificate.
fn registry_at(
    name: &str,
    answer: impl Fn(&Request) -> Response + Send + Sync + 'static,
) -> (Registry, Desk) {
    let authority = Authority::new();
    let desk = Desk::new();
    authority.write_cert_dir(desk.path("certs"), ClientFiles::Absent);
    (Registry::on("127.0.0.1:0", Some(authority.server(&[name])), answer), desk)
}

#[test]
fn a_registry_elsewhere_leads_no_password_into_this_machine() {
    let here = Registry::answering(|_| Response::new(200, r#"{"token":"t"}"#));
    let port = here.host().rsplit_once(':').unwrap().1.to_owned();
    for host in
        ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "a.localhost"]
    {
        for scheme in ["https", "http"] {
            let realm = format!("{scheme}://{host}:{port}/token");
            let (registry, desk) = registry_at("registry.example.com", move |_| {
                Response::new(401, "").with("www-authenticate", format!("Bearer realm=\"{realm}\""))
            });
            let internet = Internet::of([("registry.example.com:443", &registry)]);
            let line = format!("inspect docker://registry.example.com/app:v1 --cert-dir certs {CREDS}");
            let said = internet.run(&desk, &line);
            said.refused(7, "the token server");
            let words = if scheme == "https" { "leads into this machine" } else { "leaves https" };
            assert!(said.err.contains(words), "{said:#?}");
            assert_eq!(registry.logins(), [""; 0]);
        }
    }
    assert_eq!(here.requests(), [""; 0]);
}

#[test]
fn a_registry_elsewhere_redirects_nobody_into_this_machine_or_to_plain_http() {
    let here = Registry::answering(|_| Response::new(200, "secret of this machine"));
    for (location, words) in [
        (format!("https://{}/", here.host()), "leads into this machine"),
        (format!("http://{}/", here.host()), "leaves https for plain http"),
        ("http://registry.example.com/".to_owned(), "leaves https for plain http"),
        ("http://cdn.example.com/".to_owned(), "leaves https for plain http"),
        ("https://169.254.169.254/".to_owned(), "leads to a link-local address"),
    ] {
        let (registry, desk) =
            registry_at("registry.example.com", move |request: &Request| match request.method.as_str() {
                "POST" => Response::new(202, "").with("location", &location),
                "HEAD" => crate::registry::missing(),
                _ => Response::new(307, "").with("location", &location),
            });
        let internet = Internet::of([("registry.example.com:443", &registry), ("cdn.example.com:80", &here)]);
        let place = "docker://registry.example.com/app:v1 --cert-dir certs";
        internet.run(&desk, &format!("inspect {place} {CREDS}")).refused(7, words);
        let images = Desk::with_images();
        let certs = desk.path("certs");
        let line = format!(
            "copy oci:images:amd64 docker://registry.example.com/app:v1 --cert-dir {}",
            certs.display()
        );
        internet.run(&images, &format!("{line} {CREDS}")).refused(7, words);
        assert!(
            internet.asked().iter().all(|host| host == "registry.example.com:443"),
            "{:?}",
            internet.asked()
        );
    }
    assert_eq!(here.requests(), [""; 0]);
}

#[test]
fn plain_http_is_spoken_to_nobody_elsewhere_unless_it_was_asked_for() {
    let plain =
        Registry::answering(|_| Response::new(401, "").with("www-authenticate", "Basic realm=\"registry\""));
    let internet = Internet::of([("registry.example.com:80", &plain)]);
    let line = format!("inspect docker://registry.example.com/app:v1 {CREDS}");
    assert_eq!(internet.run(&Desk::new(), &line).code, 7);
    assert_eq!(plain.requests(), [""; 0]);
    assert_eq!(internet.asked(), ["registry.example.com:443"]);
    let said = internet.run(&Desk::new(), &format!("{line} --tls-verify=false"));
    said.refused(4, "");
    assert!(said.err.contains("anybody can listen"), "{said:#?}");
    assert!(!said.all().contains(PASSWORD));
}

#[test]
fn a_registry_on_plain_http_names_no_token_server_on_plain_http_but_itself() {
    let auth = Registry::answering(|_| Response::new(200, r#"{"token":"t"}"#));
    let here = Registry::answering(|_| Response::new(200, r#"{"token":"t"}"#));
    for (realm, words) in [
        ("http://auth.example.com/token".to_owned(), "plain http on a host that is not the registry's"),
        (format!("http://{}/token", here.host()), "leads into this machine"),
        ("http://169.254.169.254/token".to_owned(), "link-local"),
    ] {
        let registry = Registry::answering(move |_| {
            Response::new(401, "").with("www-authenticate", format!("Bearer realm=\"{realm}\""))
        });
        let internet = Internet::of([("registry.example.com:80", &registry), ("auth.example.com:80", &auth)]);
        let line = format!("inspect docker://registry.example.com/app:v1 --tls-verify=false {CREDS}");
        internet.run(&Desk::new(), &line).refused(7, words);
    }
    assert_eq!((auth.requests(), here.requests()), (vec![], vec![]));
}

#[test]
fn a_token_server_elsewhere_is_verified_though_the_registry_is_not() {
    let stranger = Authority::new();
    let tls = Some(stranger.server(&["auth.example.com"]));
    let auth = Registry::on("127.0.0.1:0", tls, |_| Response::new(200, r#"{"token":"t"}"#));
    let (registry, desk) = registry_at("registry.example.com", |_| {
        Response::new(401, "").with("www-authenticate", "Bearer realm=\"https://auth.example.com/token\"")
    });
    let internet = Internet::of([("registry.example.com:443", &registry), ("auth.example.com:443", &auth)]);
    for trust in ["--tls-verify=false", "--cert-dir certs"] {
        let said =
            internet.run(&desk, &format!("inspect docker://registry.example.com/app:v1 {trust} {CREDS}"));
        assert_eq!(said.code, 7, "{said:#?}");
        assert_eq!(internet.asked().last().unwrap(), "auth.example.com:443");
    }
    assert_eq!(auth.requests(), [""; 0]);
    assert!(registry.log().iter().all(|request| request.header("authorization").is_none()));
}
