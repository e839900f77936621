//! Proxies, and who is never reached through one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use umbel::registry::{NetworkOptions, Proxies, Reference, TlsOptions, Verify};

use crate::site::{Site, leaf, options, repository, run, tag};

#[test]
fn a_host_that_is_not_here_is_reached_through_the_proxy() {
    run(async {
        let (server, targets) = proxy();
        let options = through(server, None);
        let read = repository("registry.test:5000", "app", options)
            .manifest(Reference::Tag(&tag("v1")), 1 << 20)
            .await;
        assert_eq!(read.unwrap().digest(), leaf("a").digest());
        assert_eq!(*targets.lock().unwrap(), ["http://registry.test:5000/v2/app/manifests/v1"]);
    });
}

#[test]
fn the_loopback_is_never_reached_through_a_proxy() {
    run(async {
        let (server, targets) = proxy();
        let site = Site::plain();
        let port = site.front.authority().rsplit_once(':').unwrap().1.to_owned();
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        for host in ["127.0.0.1", "localhost"] {
            let repository = repository(&format!("{host}:{port}"), "app", through(server, None));
            repository.manifest(Reference::Tag(&tag("v1")), 1 << 20).await.unwrap();
        }
        assert!(targets.lock().unwrap().is_empty());
        assert_eq!(site.told(), "ManifestGet 200, ManifestGet 200");
    });
}

#[test]
fn a_host_that_is_excepted_is_not_reached_through_the_proxy() {
    run(async {
        let (server, targets) = proxy();
        let repository = repository("registry.test:5000", "app", through(server, Some("registry.test")));
        assert!(repository.manifest(Reference::Tag(&tag("v1")), 1 << 20).await.is_err());
        assert!(targets.lock().unwrap().is_empty());
    });
}

/// A proxy that has the answer itself, and what it was asked for. The testkit's server is no proxy: it takes
/// no target with a host in it.
fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let targets = Arc::new(Mutex::new(Vec::new()));
    let seen = targets.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let head: Vec<String> =
                stream.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            seen.lock().unwrap().extend(head[0].split(' ').nth(1).map(str::to_owned));
            let raw = leaf("a");
            let length = raw.size();
            let told = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {}\r\ncontent-length: {length}\r\n\r\n",
                raw.media_type()
            );
            stream.get_mut().write_all(&[told.as_bytes(), raw.bytes()].concat()).unwrap();
        }
    });
    (address, targets)
}

fn through(server: SocketAddr, except: Option<&str>) -> NetworkOptions {
    let usual = options();
    NetworkOptions {
        tls: TlsOptions { verify: Verify::Never, ..TlsOptions::default() },
        proxies: Proxies {
            http: Some(format!("http://{server}")),
            https: None,
            except: except.map(str::to_owned),
        },
        retries: umbel::registry::Retries { attempts: 2, ..usual.retries },
        ..usual
    }
}
