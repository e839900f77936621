//! A login goes to the registry that it is for, once that asks for one.

use umbel_testkit::network::Logged;
use umbel_testkit::network::gate::{BasicGate, Gate as _};
use umbel_testkit::network::wire::{Request, Response};

use crate::desk::Desk;
use crate::registry::{Registry, logins};
use crate::upstream::{PASSWORD, USER, Upstream, place};

const DENIED: i32 = 4;

/// `robot:hunter2-canary` as auth files have it.
const AUTH: &str = "cm9ib3Q6aHVudGVyMi1jYW5hcnk=";

/// A registry that lets in nobody but [`USER`], and has nothing for them either.
fn locked() -> Registry {
    let gate = BasicGate::new(USER, PASSWORD);
    Registry::answering(move |request: &Request| {
        gate.admit(request).err().unwrap_or_else(crate::registry::missing)
    })
}

fn entry(key: &str) -> String {
    format!("\"{key}\":{{\"auth\":\"{AUTH}\"}}")
}

#[test]
fn the_first_request_is_anonymous() {
    let registry = locked();
    let desk = Desk::new();
    let auth = desk.authfile(&entry(&registry.host()));
    for login in ["--creds robot:hunter2-canary", &auth] {
        let before = registry.log().len();
        desk.run(&format!("inspect {} {login}", registry.place("app:v1")));
        let log = &registry.log()[before..];
        assert!(log[0].header("authorization").is_none(), "{log:#?}");
        assert_eq!(logins(log), [format!("Basic {AUTH}")]);
    }
}

#[test]
fn a_registry_that_asks_for_no_login_gets_none() {
    let upstream = Upstream::start();
    let front = upstream.front().start();
    let desk = Desk::with_images();
    let auth = desk.authfile(&entry(&front.authority()));
    desk.run(&format!("copy {} oci:out:v1 {auth}", place(&front, "app:v1"))).succeeded();
    desk.run(&format!("copy oci:images:amd64 {} --creds robot:hunter2-canary", place(&front, "new:v1")))
        .succeeded();
    assert!(front.log().len() > 5);
    assert!(!front.log().iter().any(Logged::has_credentials));
}

#[test]
fn a_login_of_a_file_is_for_the_registry_or_namespace_of_its_key_alone() {
    let registry = locked();
    let other = locked();
    let port = registry.host().rsplit_once(':').unwrap().1.to_owned();
    let (host, team) = (registry.host(), format!("{}/team", registry.host()));
    for (key, name, sent) in [
        (host.as_str(), "team/app:v1", true),
        (&team, "team/app:v1", true),
        (&team, "team:v1", true),
        (&team, "teamwork/app:v1", false),
        (&team, "other/team/app:v1", false),
        ("127.0.0.1", "app:v1", false),
        ("127.0.0.1:1", "app:v1", false),
        (&format!("localhost:{port}"), "app:v1", false),
        (&format!("127.0.0.1:{port}0"), "app:v1", false),
        (&format!("evil.{host}"), "app:v1", false),
        (&other.host(), "app:v1", false),
        ("*", "app:v1", false),
        ("", "app:v1", false),
    ] {
        let before = registry.log().len();
        let desk = Desk::new();
        let auth = desk.authfile(&entry(key));
        let said = desk.run(&format!("inspect {} {auth}", registry.place(name)));
        let log = &registry.log()[before..];
        assert_eq!(!logins(log).is_empty(), sent, "`{key}` for `{name}`: {said:#?}");
        if !sent {
            said.refused(DENIED, "a login is wanted");
            assert!(said.err.contains("hint: log in with"), "{said:#?}");
        }
    }
    assert_eq!(other.requests(), [""; 0]);
}

#[test]
fn of_two_registries_each_gets_its_own_login_or_none() {
    let upstream = Upstream::start();
    let from = upstream.front().start();
    let to = locked();
    let desk = Desk::new();
    let auth = desk.authfile(&entry(&from.authority()));
    let line = format!("copy {} {} {auth}", place(&from, "app:v1"), to.place("app:v1"));
    desk.run(&line).refused(DENIED, "a login is wanted");
    assert_eq!(to.logins(), [""; 0]);
    assert!(!from.log().iter().any(Logged::has_credentials));
}

#[test]
fn a_login_on_the_command_line_is_for_one_registry_or_is_not_sent_at_all() {
    let (one, two) = (locked(), locked());
    let desk = Desk::with_images();
    for line in [
        format!("copy {} {}", one.place("app:v1"), two.place("app:v1")),
        format!("combine {} {} -t oci:out:v1", one.place("app:v1"), two.place("app:v1")),
        format!("create app {} {}", one.place("app:v1"), two.place("app:v1")),
        "copy oci:images:amd64 oci:out:v1".to_owned(),
    ] {
        let said = desk.run(&format!("{line} --creds robot:hunter2-canary"));
        assert_eq!(said.code, 2, "{said:#?}");
        let said = desk.run_with(&format!("{line} --username robot --password-stdin"), PASSWORD);
        assert_eq!(said.code, 2, "{said:#?}");
    }
    assert_eq!((one.requests(), two.requests()), (vec![], vec![]));
}

#[test]
fn a_login_on_the_command_line_is_not_for_what_a_list_names() {
    // The images of the list come from one registry, the login is for the other.
    let upstream = Upstream::start();
    let open = upstream.front().start();
    let desk = Desk::new();
    desk.run(&format!("create app {} --all", place(&open, "app:v1"))).succeeded();
    let before = open.log().len();
    let to = locked();
    desk.run(&format!("push app {} --creds robot:hunter2-canary", to.place("app:v1")));
    assert!(!to.logins().is_empty());
    assert!(!open.log()[before..].iter().any(Logged::has_credentials));
}

#[test]
fn a_password_that_was_refused_is_not_sent_again() {
    let registry =
        Registry::answering(|_| Response::new(401, "").with("www-authenticate", "Basic realm=\"registry\""));
    let said = Desk::new().run(&format!("inspect {} --creds robot:hunter2-canary", registry.place("app:v1")));
    said.refused(DENIED, "the login that was sent does not suffice");
    assert_eq!(registry.logins().len(), 1);
}

#[test]
fn a_short_name_is_no_registry() {
    let desk = Desk::with_images();
    for line in ["inspect app", "copy app oci:out:v1", "add app app:v1", "combine app:v1 -t oci:out:v1"] {
        let said = desk.run(line);
        assert!([2, 3].contains(&said.code), "{said:#?}");
    }
    desk.run("create list").succeeded();
    desk.run("push list app:v1").refused(2, "is not a location");
}

#[test]
fn the_help_says_how_to_keep_a_password_off_the_command_line() {
    for command in ["push", "copy", "combine", "add", "create", "inspect", "exists"] {
        let said = Desk::new().run(&format!("{command} --help"));
        let text = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("--password-stdin"), "{command}: {text}");
        let creds = text.split("--creds").nth(1).unwrap();
        let creds = creds.split(" --username").next().unwrap();
        assert!(creds.contains("process list"), "{command}: {creds}");
        assert!(creds.contains("`--password-stdin`"), "{command}: {creds}");
    }
}
