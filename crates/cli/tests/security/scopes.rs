//! A token is asked for what the step at hand needs, and for nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use umbel_testkit::network::Front;
use umbel_testkit::network::gate::{AnonymousPull, ChallengeScope, Gate};
use umbel_testkit::network::tokens::TokenServer;

use crate::desk::{Desk, Said};
use crate::upstream::{Upstream, place, tokens};

/// A registry with its token server.
struct Guarded {
    _upstream: Upstream,
    front: Front,
    server: TokenServer,
}

fn guarded(gate: impl FnOnce(umbel_testkit::network::gate::BearerGate) -> Arc<dyn Gate>) -> Guarded {
    let (server, bearer) = tokens("127.0.0.1:0", None);
    let upstream = Upstream::start();
    let front = upstream.front().gate(gate(bearer)).start();
    Guarded { _upstream: upstream, front, server }
}

impl Guarded {
    /// The scopes that a command asked for, each once.
    fn asked(&self, desk: &Desk, line: &str) -> (Said, BTreeSet<String>) {
        let before = self.server.service().log().len();
        let said = desk.run(&format!("{line} --creds robot:hunter2-canary"));
        let log = self.server.service().log();
        (said, log[before..].iter().flat_map(|asked| asked.scopes.clone()).collect())
    }
}

fn scopes<const N: usize>(scopes: [&str; N]) -> BTreeSet<String> {
    scopes.map(str::to_owned).into()
}

#[test]
fn who_reads_asks_to_pull_and_who_writes_to_push_there_alone() {
    let guarded = guarded(|bearer| Arc::new(bearer));
    let desk = Desk::with_images();
    let (app, new, mounted) = (
        place(&guarded.front, "app:v1"),
        place(&guarded.front, "new:v1"),
        place(&guarded.front, "mounted:v1"),
    );
    for (line, expected) in [
        (format!("inspect {app}"), scopes(["repository:app:pull"])),
        (format!("exists {app}"), scopes(["repository:app:pull"])),
        (format!("create list {app} --all"), scopes(["repository:app:pull"])),
        (format!("copy {app} oci:out:v1"), scopes(["repository:app:pull"])),
        (format!("copy oci:images:amd64 {new}"), scopes(["repository:new:pull", "repository:new:pull,push"])),
        (
            format!("copy {app} {mounted}"),
            scopes(["repository:app:pull", "repository:mounted:pull", "repository:mounted:pull,push"]),
        ),
        (
            format!("push list {mounted}"),
            scopes(["repository:app:pull", "repository:mounted:pull", "repository:mounted:pull,push"]),
        ),
        (
            format!("combine {app} oci:images:arm64 -t {new}"),
            scopes(["repository:app:pull", "repository:new:pull", "repository:new:pull,push"]),
        ),
    ] {
        let (said, asked) = guarded.asked(&desk, &line);
        said.succeeded();
        assert!(asked.is_subset(&expected) && !asked.is_empty(), "{line}: {asked:?}");
    }
}

#[test]
fn a_challenge_makes_nobody_ask_for_more() {
    for wanted in [
        "repository:app:*",
        "repository:app:pull,push,delete",
        "repository:app:delete repository:secret:pull,push",
        "registry:catalog:*",
        "repository:app:pull repository(plugin):app:push",
        "aws",
    ] {
        let fixed = ChallengeScope::Fixed(wanted.to_owned());
        let guarded = guarded(|bearer| Arc::new(bearer.scope(fixed)));
        let desk = Desk::new();
        for line in ["inspect PLACE", "copy PLACE oci:out:v1"] {
            let (_, asked) = guarded.asked(&desk, &line.replace("PLACE", &place(&guarded.front, "app:v1")));
            assert_eq!(asked, scopes(["repository:app:pull"]), "{wanted}");
        }
    }
}

#[test]
fn no_command_asks_for_everything_or_to_delete() {
    let guarded = guarded(|bearer| Arc::new(AnonymousPull(bearer)));
    let desk = Desk::with_images();
    let (app, new) = (place(&guarded.front, "app:v1"), place(&guarded.front, "new:v1"));
    desk.run("create list oci:images:amd64 oci:images:arm64").succeeded();
    for line in [
        format!("push list {new}"),
        format!("copy {app} {new}"),
        format!("copy {new} {app}"),
        format!("combine {app} {new} -t {new}"),
        format!("push list {new} --format docker --allow-loss"),
    ] {
        guarded.asked(&desk, &line).0.succeeded();
    }
    let log = guarded.server.service().log();
    let asked: Vec<String> = log.into_iter().flat_map(|asked| asked.scopes).collect();
    assert!(!asked.is_empty());
    for scope in asked {
        let actions = scope.rsplit(':').next().unwrap();
        assert!(["pull", "pull,push"].contains(&actions), "{scope}");
    }
}
