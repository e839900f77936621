//! The registry as a command.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::harness::Desk;

/// A server that ends with the test.
struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(desk: &Desk, args: &[&str]) -> Server {
    let mut command = desk.command();
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(args).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().to_owned();
    Server { child, address }
}

fn get(server: &Server, path: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn what_was_pushed_to_a_layout_is_served_under_its_name() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64 oci:images:arm64");
    let digest = desk.stdout("push app oci:registry/team/app:v1 --quiet");
    let server = serve(&desk, &["registry"]);
    assert!(get(&server, "/v2/_catalog").ends_with(r#"{"repositories":["team/app"]}"#));
    let answer = get(&server, "/v2/team/app/manifests/v1");
    assert!(answer.contains(&digest), "{answer}");
    assert!(answer.ends_with(&desk.stdout("inspect app --raw")));
}

#[test]
fn a_registry_in_memory_starts_empty_and_needs_no_directory() {
    let desk = Desk::new();
    let server = serve(&desk, &["--memory"]);
    assert!(get(&server, "/v2/").starts_with("HTTP/1.1 200"));
    assert!(get(&server, "/v2/_catalog").ends_with(r#"{"repositories":[]}"#));
}

#[test]
fn an_address_in_use_is_a_conflict_with_a_hint() {
    let desk = Desk::new();
    let server = serve(&desk, &["--memory"]);
    let output = desk.output(&format!("serve --memory --listen {}", server.address));
    assert_eq!(output.status.code(), Some(6));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--listen"));
}
