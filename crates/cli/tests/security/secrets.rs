//! What is secret is in no output, in no error, and in nothing that prints itself for developers.

use std::error::Error;
use std::sync::Arc;

use umbel::registry::{Credentials, Network, NetworkOptions, Retries, Secret};
use umbel::settings::AuthPaths;
use umbel::{Copy, Inspect, Logins, Session};
use umbel_testkit::network::gate::{BasicGate, BearerGate, Gate};
use umbel_testkit::network::tls::Authority;
use umbel_testkit::network::tokens::{Mishap, TokenServer, Tokens};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::network::{Fault, Front, Kind, Logged, When};

use crate::desk::{Desk, Said};
use crate::network::block_on;
use crate::registry::Registry;
use crate::upstream::{IDENTITY, PASSWORD, USER, Upstream, place, tokens};

/// `robot:hunter2-canary` as it is sent, and its password alone.
const ENCODED: [&str; 2] = ["cm9ib3Q6aHVudGVyMi1jYW5hcnk=", "aHVudGVyMi1jYW5hcnk="];

/// Tokens of the token server.
const TOKEN: &str = "testkit-token";

/// Fails if one of the secrets is in `text`, plain or as a header has it, in whole or in part.
#[track_caller]
fn silent(text: &str) {
    for secret in [PASSWORD, IDENTITY, "hunter2", "canary", TOKEN].iter().chain(&ENCODED) {
        assert!(!text.contains(secret.trim_end_matches('=')), "`{secret}` is in {text}");
    }
}

/// The registry of one run, with whatever is wrong with it.
struct Stage {
    front: Front,
    /// Kept running.
    _server: Option<TokenServer>,
    _upstream: Upstream,
}

/// How a registry asks for a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Basic,
    Bearer,
}

/// What is wrong with a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Login,
    Rights,
    Befallen(Fault, Kind),
    Realm,
    Reply,
    Certificate,
}

const WRONG: [Wrong; 15] = [
    Wrong::Nothing,
    Wrong::Login,
    Wrong::Rights,
    Wrong::Realm,
    Wrong::Reply,
    Wrong::Certificate,
    Wrong::Befallen(Fault::Status(500), Kind::ManifestPut),
    Wrong::Befallen(Fault::Status(500), Kind::ManifestGet),
    Wrong::Befallen(Fault::Reset, Kind::ManifestPut),
    Wrong::Befallen(Fault::Reset, Kind::BlobGet),
    Wrong::Befallen(Fault::Deny403, Kind::ManifestGet),
    Wrong::Befallen(Fault::WrongDigest, Kind::ManifestGet),
    Wrong::Befallen(Fault::Refuse400, Kind::ManifestPut),
    Wrong::Befallen(Fault::FlipByte, Kind::BlobGet),
    Wrong::Befallen(Fault::Html200, Kind::ManifestPut),
];

fn stage(asks: Asks, wrong: Wrong) -> Stage {
    let (server, bearer) = tokens("127.0.0.1:0", None);
    let upstream = Upstream::start();
    let known = if wrong == Wrong::Login { "another password" } else { PASSWORD };
    let basic = BasicGate::new(USER, known);
    let gate: Arc<dyn Gate> = match (asks, wrong) {
        (Asks::Basic, Wrong::Rights) => Arc::new(basic.pull_only()),
        (Asks::Basic, _) => Arc::new(basic),
        (Asks::Bearer, Wrong::Realm) => {
            Arc::new(BearerGate::new(&Tokens::default(), "http://127.0.0.9:1/token?key=hunter2"))
        }
        (Asks::Bearer, _) => Arc::new(bearer),
    };
    match wrong {
        Wrong::Login => server.service().misbehave(usize::MAX, Mishap::Instead(Response::new(401, "{}"))),
        Wrong::Rights => server.service().misbehave(usize::MAX, Mishap::Instead(Response::new(403, "{}"))),
        Wrong::Reply => server.service().misbehave(usize::MAX, Mishap::CutOff),
        _ => {}
    }
    let mut front = upstream.front().gate(gate);
    if let Wrong::Befallen(fault, kind) = wrong {
        front = front.fault(fault, When::every(kind));
    }
    if wrong == Wrong::Certificate {
        front = front.tls(Authority::new().server(&["127.0.0.1"]));
    }
    Stage { front: front.start(), _server: Some(server), _upstream: upstream }
}

/// What the registry heard that must not be shown.
fn headers(log: &[Logged]) -> Vec<String> {
    log.iter().filter_map(|request| request.header("authorization")).map(str::to_owned).collect()
}

/// Runs every command against the registry with a login of one kind; every other one with `--json`, so that
/// each gets it with every other login.
fn runs(desk: &Desk, front: &Front, (number, login, input): (usize, &str, &str)) -> Vec<Said> {
    let app = place(front, "app:v1");
    let new = place(front, "new:v1");
    let lines = [
        format!("inspect {app}"),
        format!("copy {app} oci:out:v1"),
        format!("copy oci:images:amd64 {new}"),
        format!("push list {new}"),
        format!("add other {app}"),
        format!("combine {app} oci:images:arm64 -t {new}"),
    ];
    let run = |(at, line): (usize, &String)| {
        let json = if (at + number).is_multiple_of(2) { "--json" } else { "" };
        desk.run_with(&format!("{line} {login} --verbose --retry 1 --timeout 5 {json}"), input)
    };
    lines.iter().enumerate().map(run).collect()
}

/// Runs everything with everything that can be wrong, and looks at all that was said.
fn nothing_is_said(asks: Asks) {
    for wrong in WRONG {
        let stage = stage(asks, wrong);
        let host = stage.front.authority();
        let desk = Desk::with_images();
        desk.run("create list oci:images:amd64 oci:images:arm64").succeeded();
        desk.run("create other").succeeded();
        let auth = desk.authfile(&format!("\"{host}\":{{\"auth\":\"{}\"}}", ENCODED[0]));
        let token = desk.path("token.json");
        let entry = format!("{{\"auths\":{{\"{host}\":{{\"identitytoken\":\"{IDENTITY}\"}}}}}}");
        std::fs::write(&token, entry).unwrap();
        let logins = [
            (format!("--creds {USER}:{PASSWORD}"), ""),
            (format!("--username {USER} --password-stdin"), PASSWORD),
            (auth, ""),
            (format!("--authfile={}", token.display()), ""),
        ];
        let mut codes = Vec::new();
        for (number, (login, input)) in logins.iter().enumerate() {
            for said in runs(&desk, &stage.front, (number, login, input)) {
                silent(&said.all());
                for header in headers(&stage.front.log()) {
                    let secret = header.split(' ').next_back().unwrap();
                    assert!(!said.all().contains(secret), "{said:#?}");
                }
                codes.push(said.code);
            }
        }
        let all_went_well = codes.iter().all(|code| *code == 0);
        assert_eq!(wrong == Wrong::Nothing && asks == Asks::Bearer, all_went_well, "{wrong:?}: {codes:?}");
    }
}

#[test]
fn no_password_or_token_is_shown_where_a_registry_asks_for_passwords() {
    nothing_is_said(Asks::Basic);
}

#[test]
fn no_password_or_token_is_shown_where_a_registry_asks_for_tokens() {
    nothing_is_said(Asks::Bearer);
}

#[test]
fn nothing_that_prints_itself_for_developers_shows_a_secret() {
    let given = || Credentials::Password { user: USER.to_owned(), password: Secret::new(PASSWORD) };
    for (asks, wrong) in
        [Asks::Basic, Asks::Bearer].into_iter().flat_map(|asks| WRONG.map(|wrong| (asks, wrong)))
    {
        let stage = stage(asks, wrong);
        let login = (stage.front.authority(), given());
        let logins = Logins { given: Some(login), files: AuthPaths::default(), warn: Arc::new(|_| {}) };
        silent(&format!("{logins:?} {logins:#?}"));
        let options = NetworkOptions {
            credentials: logins.into_finder(),
            retries: Retries { attempts: 1, ..Retries::default() },
            ..NetworkOptions::default()
        };
        silent(&format!("{options:?}"));
        let desk = Desk::with_images();
        let mut session = Session::at(desk.path("store"));
        session.network = Network::new(options);
        let source = place(&stage.front, "app:v1");
        let destination = place(&stage.front, "new:v1");
        let images = format!("oci:{}:amd64", desk.path("images").display());
        let results = block_on(async {
            [
                Inspect { reference: source, platform: None }
                    .run(&session)
                    .await
                    .map(|found| format!("{found:?}")),
                Copy::of(images, [destination]).run(&session).await.map(|copied| format!("{copied:?}")),
            ]
        });
        silent(&format!("{:?} {:#?}", session.network, session.network));
        for result in results {
            match result {
                Ok(shown) => silent(&shown),
                Err(error) => {
                    silent(&format!("{error:?} {error:#?}"));
                    let mut cause: Option<&dyn Error> = Some(&error);
                    while let Some(error) = cause {
                        silent(&format!("{error} {error:?}"));
                        cause = error.source();
                    }
                }
            }
        }
    }
    silent(&format!("{:?} {:?}", given(), Credentials::IdentityToken(Secret::new(IDENTITY))));
    silent(&format!(
        "{:?}",
        umbel::settings::Credentials::IdentityToken(umbel::settings::Secret::new(IDENTITY.to_owned()))
    ));
}

#[test]
fn a_file_with_logins_that_cannot_be_read_is_told_of_without_them() {
    let registry =
        Registry::answering(|_| Response::new(401, "").with("www-authenticate", "Basic realm=\"x\""));
    let host = registry.host();
    let desk = Desk::new();
    for file in [
        format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{}!\"}}}}}}", ENCODED[0]),
        format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{}\"}}}}}}", ENCODED[1]),
        format!("{{\"auths\":{{\"{host}\":{{\"auth\":[\"{PASSWORD}\"]}}}}}}"),
        format!("{{\"auths\":{{\"{host}\":\"{PASSWORD}\"}}}}"),
        format!("{{\"auths\":{{\"{host}\":{{\"password\":\"{PASSWORD}\",\"auth\":7}}}}}}"),
        format!("{{\"auths\":{{\"{host}\":{{\"identitytoken\":[\"{IDENTITY}\"]}}}}}}"),
        format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{}\"}},}}}}", ENCODED[0]),
        PASSWORD.to_owned(),
        format!("\"{PASSWORD}"),
        format!("[\"{PASSWORD}\"]"),
    ] {
        std::fs::write(desk.path("auth.json"), &file).unwrap();
        let said = desk.run(&format!("inspect {} --authfile=auth.json --verbose", registry.place("app:v1")));
        assert_ne!(said.code, 0, "{file}");
        silent(&said.all());
    }
}

#[test]
fn the_query_of_an_address_that_a_registry_gives_is_never_shown() {
    let signed = "signature=hunter2-canary&user=x#canary";
    for (status, gone) in [(307, 403), (307, 500), (307, 404), (302, 200)] {
        let registry = Registry::answering(move |request: &Request| {
            if request.target.contains("canary") {
                return Response::new(gone, "<html>no</html>").with("content-type", "text/html");
            }
            match request.method.as_str() {
                "POST" => Response::new(202, "").with("location", format!("/upload?{signed}")),
                "HEAD" | "PUT" => crate::registry::missing(),
                _ => Response::new(status, "").with("location", format!("/elsewhere?{signed}")),
            }
        });
        let desk = Desk::with_images();
        for line in ["inspect PLACE", "copy PLACE oci:out:v1", "copy oci:images:amd64 PLACE"] {
            for json in ["", "--json"] {
                let line = line.replace("PLACE", &registry.place("app:v1"));
                let said = desk.run(&format!("{line} --verbose --retry 1 {json}"));
                assert_ne!(said.code, 0, "{said:#?}");
                silent(&said.all());
            }
        }
        assert!(registry.requests().iter().any(|request| request.contains("canary")));
    }
}

#[test]
fn an_address_that_is_refused_is_told_without_its_secrets() {
    for location in [
        "http://169.254.169.254/latest?hunter2-canary",
        "http://user:hunter2-canary@127.0.0.1/",
        "ftp://127.0.0.1/?hunter2-canary",
        "data:hunter2-canary",
        "http://[x?hunter2-canary",
        "http://127.0.0.1:99999999/?hunter2-canary",
        "http://user:hunter2-canary@[x/",
    ] {
        let registry = Registry::answering(move |request: &Request| match request.method.as_str() {
            "POST" => Response::new(202, "").with("location", location),
            "HEAD" => crate::registry::missing(),
            _ => Response::new(307, "").with("location", location),
        });
        let challenging = Registry::answering(move |_| {
            Response::new(401, "").with("www-authenticate", format!("Bearer realm=\"{location}\""))
        });
        let desk = Desk::with_images();
        for place in [registry.place("app:v1"), challenging.place("app:v1")] {
            for line in [format!("inspect {place}"), format!("copy oci:images:amd64 {place}")] {
                let said = desk.run(&format!("{line} --verbose --retry 0"));
                assert_eq!(said.code, 7, "{said:#?}");
                silent(&said.all());
            }
        }
    }
}

#[test]
fn a_proxy_with_a_password_is_not_shown() {
    let proxy = Registry::answering(|_| Response::new(407, "no").with("proxy-authenticate", "Basic"));
    let address = format!("http://{USER}:{PASSWORD}@{}", proxy.host());
    let options = NetworkOptions {
        proxies: umbel::registry::Proxies { https: Some(address.clone()), ..Default::default() },
        ..NetworkOptions::default()
    };
    silent(&format!("{options:?}"));
    let desk = Desk::new();
    for proxy in [&address, "http://robot:hunter2-canary@[x", "http://robot:hunter2-canary@127.0.0.1:1"] {
        let mut command = desk.command();
        command.env("https_proxy", proxy).env("http_proxy", proxy);
        command.args(["inspect", "docker://registry.example.com/app:v1", "--verbose", "--retry", "0"]);
        let said = crate::desk::finish(&mut command, "");
        assert_eq!(said.code, 7, "{said:#?}");
        silent(&said.all());
    }
}
