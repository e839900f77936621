//! The OCI distribution specification, version 1.1, claim by claim, over real connections.
//!
//! A claim that holds for the protocol holds whatever keeps the content, and so it runs against a registry
//! in memory and against one in a directory; the thread of a failed claim is named after the registry. What
//! only a directory can show is in `layouts`. Clauses in quotation marks are the specification's.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod conditions;
mod discovery;
mod hostile;
mod layouts;
mod management;
mod manifests;
mod pull;
mod push;

use std::net::TcpListener;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use umbel_serve::{Registry, Running};
use umbel_testkit::Blob;

use client::Client;

/// Where tests keep things that could be anywhere.
const REPOSITORY: &str = "team/app";

/// Runs a claim against an empty registry of each kind.
fn everywhere(claim: impl Fn(&Client) + Sync) {
    against("a registry in memory", Registry::in_memory(), &claim);
    in_directory(|client, _| claim(client));
}

/// Runs a claim against a registry over an empty directory, which the claim may look into.
///
/// The directory has a parent of its own, so that a claim also sees what is written beside it.
fn in_directory(claim: impl Fn(&Client, &Path) + Sync) {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("registry");
    std::fs::create_dir(&root).unwrap();
    against("a registry in a directory", Registry::in_directory(&root), &|client: &Client| {
        claim(client, &root);
    });
}

fn against(place: &str, registry: Registry, claim: &(impl Fn(&Client) + Sync)) {
    let running = serve(registry);
    let client = Client::new(running.address());
    thread::scope(|scope| {
        let thread = thread::Builder::new().name(place.to_owned());
        let claims = thread.spawn_scoped(scope, || claim(&client)).unwrap();
        claims.join().unwrap_or_else(|panic| resume_unwind(panic));
    });
}

/// Serves on a port that nobody else has.
fn serve(registry: Registry) -> Running {
    umbel_serve::start(TcpListener::bind("127.0.0.1:0").unwrap(), registry).unwrap()
}

/// A blob of plain text.
fn text(text: &str) -> Blob {
    Blob::new("text/plain", text)
}
