//! Logins: nobody is asked for one too early, too often, or for too much.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use umbel::model::ImageName;
use umbel::registry::{Credentials, NetworkOptions, Reference, Repository, Secret};
use umbel::transport::{Placing, RemoteProblem, TransportError};
use umbel_testkit::network::gate::{
    AnonymousPull, BasicGate, BearerGate, ChallengePlace, ChallengeScope, Crowded, Gate,
};
use umbel_testkit::network::tokens::{
    Credentials as Shown, Grant, Mishap, Post, Rules, TokenField, TokenServer, TokenService, Tokens,
};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::network::{Fault, Kind, When};

use crate::site::{Site, blob, bytes, denied, leaf, options, remote, run, tag};

#[test]
fn nobody_is_asked_who_they_are_before_the_registry_wants_to_know() {
    run(async {
        let site = site(Arc::new(AnonymousPull(BasicGate::new("robot", "secret")))).await;
        let options =
            NetworkOptions { credentials: Arc::new(|_| panic!("nobody wants a login")), ..options() };
        read(&site.repository_with("app", options)).await.unwrap();
        assert_eq!(site.told(), "ManifestGet 200");
        assert!(!site.front.log()[0].has_credentials());
    });
}

#[test]
fn a_password_is_shown_when_it_is_wanted_and_from_then_on() {
    run(async {
        let site = site(Arc::new(BasicGate::new("robot", "se:cret"))).await;
        let repository = site.repository_with("app", login("robot", "se:cret"));
        read(&repository).await.unwrap();
        read(&repository).await.unwrap();
        assert_eq!(site.told(), "ManifestGet 401, ManifestGet 200, ManifestGet 200");
        let schemes: Vec<_> =
            site.front.log().iter().map(|logged| logged.authorization_scheme().map(str::to_owned)).collect();
        assert_eq!(schemes, [None, Some("Basic".to_owned()), Some("Basic".to_owned())]);
    });
}

#[test]
fn a_login_is_looked_for_once_however_many_requests_want_it() {
    run(async {
        let site = site(Arc::new(BasicGate::new("robot", "secret"))).await;
        let (asked, found) = (Arc::new(AtomicUsize::new(0)), login("robot", "secret").credentials);
        let counting = {
            let asked = asked.clone();
            move |name: &ImageName| {
                asked.fetch_add(1, Ordering::Relaxed);
                found(name)
            }
        };
        let repository =
            site.repository_with("app", NetworkOptions { credentials: Arc::new(counting), ..options() });
        for _ in 0..3 {
            read(&repository).await.unwrap();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_registry_that_wants_a_login_which_nobody_has_is_asked_once() {
    run(async {
        let site = site(Arc::new(BasicGate::new("robot", "secret"))).await;
        assert_eq!(denied(read(&site.repository("app")).await), (401, false));
        assert_eq!(site.told(), "ManifestGet 401");
    });
}

#[test]
fn a_wrong_password_is_shown_once() {
    run(async {
        let site = site(Arc::new(BasicGate::new("robot", "secret"))).await;
        let error = read(&site.repository_with("app", login("robot", "wrong"))).await;
        assert_eq!(denied(error), (401, true));
        assert_eq!(site.told(), "ManifestGet 401, ManifestGet 401");
    });
}

#[test]
fn who_is_known_and_not_allowed_is_told_so_at_once() {
    run(async {
        let site = site(Arc::new(BasicGate::new("robot", "secret").pull_only())).await;
        let repository = site.repository_with("app", login("robot", "secret"));
        read(&repository).await.unwrap();
        let written = repository.put_manifest(Reference::Tag(&tag("v2")), &leaf("b")).await;
        assert_eq!(denied(written), (403, true));
        assert_eq!(site.asked(Kind::ManifestPut).len(), 1);
    });
}

#[test]
fn a_login_that_cannot_be_had_is_an_error_of_its_own() {
    run(async {
        let site = site(Arc::new(BasicGate::new("robot", "secret"))).await;
        let options =
            NetworkOptions { credentials: Arc::new(|_| Err("the helper hangs".into())), ..options() };
        let error = remote(read(&site.repository_with("app", options)).await);
        assert!(matches!(error.problem, RemoteProblem::Credentials(_)), "{error}");
    });
}

#[test]
fn a_token_is_fetched_for_a_password_and_kept() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        read(&repository).await.unwrap();
        read(&repository).await.unwrap();
        assert_eq!(desk.site.told(), "ManifestGet 401, ManifestGet 200, ManifestGet 200");
        let asked = desk.server.service().log();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].request.method, "GET");
        assert_eq!(asked[0].service.as_deref(), Some("registry.test"));
        assert_eq!(asked[0].account.as_deref(), Some("robot"));
        assert_eq!(asked[0].scopes, ["repository:app:pull"]);
        assert_eq!(asked[0].credentials, [Shown::Basic("robot".into(), "secret".into())]);
    });
}

#[test]
fn a_token_is_fetched_by_somebody_unknown() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        read(&desk.site.repository("app")).await.unwrap();
        assert!(desk.server.service().log()[0].credentials.is_empty());
    });
}

#[test]
fn an_identity_token_is_exchanged_in_a_form() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let options = credentials(Credentials::IdentityToken(Secret::new("identity")));
        read(&desk.site.repository_with("app", options)).await.unwrap();
        let asked = desk.server.service().log();
        assert_eq!((asked.len(), asked[0].request.method.as_str()), (1, "POST"));
        assert_eq!(asked[0].credentials, [Shown::RefreshToken("identity".into())]);
        assert_eq!(asked[0].client_id.as_deref(), Some("umbel"));
        assert_eq!(asked[0].scopes, ["repository:app:pull"]);
    });
}

#[test]
fn an_identity_token_that_the_server_has_no_form_for_is_an_error() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        desk.server.service().set_rules(Rules { post: Post::Refused(404), ..Rules::default() });
        let options = credentials(Credentials::IdentityToken(Secret::new("identity")));
        remote(read(&desk.site.repository_with("app", options)).await);
        assert_eq!(desk.server.service().log().len(), 1);
    });
}

#[test]
fn challenges_are_understood_however_they_are_worded() {
    run(async {
        let places = [
            ChallengePlace::LineBefore,
            ChallengePlace::LineBehind,
            ChallengePlace::Before,
            ChallengePlace::Behind,
        ];
        for place in places {
            for challenge in ["Negotiate", "Basic realm=\"x, y\"", "Digest qop=\"auth\", nonce=abc=="] {
                let crowd = |gate| -> Arc<dyn Gate> {
                    Arc::new(Crowded { gate, challenge: challenge.to_owned(), place })
                };
                let desk = Desk::open(crowd).await;
                read(&desk.site.repository_with("app", login("robot", "secret"))).await.unwrap();
                assert_eq!(desk.tokens.issued(), 1, "{place:?} {challenge}");
            }
        }
        for scope in [ChallengeScope::Absent, ChallengeScope::Fixed("repository:other:push nonsense".into())]
        {
            let desk = Desk::open(|gate| Arc::new(gate.scope(scope.clone()).service(None))).await;
            read(&desk.site.repository_with("app", login("robot", "secret"))).await.unwrap();
            let asked = desk.server.service().log();
            assert_eq!(
                (asked[0].scopes.as_slice(), &asked[0].service),
                (["repository:app:pull".to_owned()].as_slice(), &None)
            );
        }
    });
}

#[test]
fn replies_of_token_servers_are_understood_however_they_are_worded() {
    run(async {
        let usual = Rules::default();
        for rules in [
            Rules { field: TokenField::Token, ..usual.clone() },
            Rules { field: TokenField::AccessToken, ..usual.clone() },
            Rules { expires_in: None, issued_at: None, ..usual.clone() },
            Rules { expires_in: Some(0), ..usual.clone() },
            Rules { issued_at: Some(-86_400), ..usual.clone() },
            Rules { issued_at: Some(86_400), ..usual.clone() },
        ] {
            let desk = Desk::open(|gate| Arc::new(gate)).await;
            desk.server.service().set_rules(rules.clone());
            let repository = desk.site.repository_with("app", login("robot", "secret"));
            read(&repository).await.unwrap();
            read(&repository).await.unwrap();
            assert_eq!(desk.tokens.issued(), 1, "{rules:?}");
        }
    });
}

#[test]
fn a_token_that_died_is_fetched_anew() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        read(&repository).await.unwrap();
        desk.tokens.revoke_all();
        read(&repository).await.unwrap();
        assert_eq!(desk.site.told(), "ManifestGet 401, ManifestGet 200, ManifestGet 401, ManifestGet 200");
        assert_eq!(desk.tokens.issued(), 2);
    });
}

#[test]
fn a_token_that_dies_in_the_middle_of_an_upload_costs_one_body() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        desk.tokens.revoke_after(1);
        let content = bytes(10_000);
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        repository.place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        assert_eq!(desk.site.told(), "UploadPost 401, UploadPost 202, UploadPut 401, UploadPut 201");
        let sent: Vec<_> = desk.site.asked(Kind::UploadPut).iter().map(|put| put.body_length).collect();
        assert_eq!(sent, [10_000, 10_000]);
        assert_eq!(desk.tokens.issued(), 2);
    });
}

#[test]
fn a_token_that_is_refused_although_it_is_new_is_not_fetched_for_ever() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        desk.tokens.revoke_after(0);
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        assert_eq!(denied(read(&repository).await), (401, true));
        assert!(desk.tokens.issued() <= 2, "{}", desk.tokens.issued());
    });
}

#[test]
fn who_may_only_pull_is_denied_a_push() {
    run(async {
        // Docker Hub's way: the token server gives what there is, and the registry finds it too little.
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        desk.server.service().set_rules(Rules { accounts: Grant::Only(&["pull"]), ..Rules::default() });
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        let written = repository.put_manifest(Reference::Tag(&tag("v2")), &leaf("b")).await;
        assert_eq!(denied(written), (401, true));
        assert!(desk.tokens.issued() <= 2, "{}", desk.tokens.issued());
    });
}

#[test]
fn a_token_that_can_do_less_than_a_step_needs_is_not_used_for_it() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        read(&repository).await.unwrap();
        repository.put_manifest(Reference::Tag(&tag("v2")), &leaf("b")).await.unwrap();
        read(&repository).await.unwrap();
        assert_eq!(desk.site.told(), "ManifestGet 401, ManifestGet 200, ManifestPut 201, ManifestGet 200");
        let scopes: Vec<_> = desk.server.service().log().into_iter().flat_map(|asked| asked.scopes).collect();
        assert_eq!(scopes, ["repository:app:pull", "repository:app:pull,push"]);
    });
}

#[test]
fn parallel_requests_share_one_token() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        desk.server.service().misbehave(1, Mishap::Slow(Duration::from_millis(200)));
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        let all: Vec<_> = (0..16)
            .map(|_| {
                let repository = repository.clone();
                tokio::spawn(async move { read(&repository).await.unwrap() })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(desk.tokens.issued(), 1);
    });
}

#[test]
fn parallel_requests_renew_a_token_once() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        read(&repository).await.unwrap();
        desk.tokens.revoke_all();
        let all: Vec<_> = (0..16)
            .map(|_| {
                let repository = repository.clone();
                tokio::spawn(async move { read(&repository).await.unwrap() })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(desk.tokens.issued(), 2);
    });
}

#[test]
fn a_password_that_the_token_server_refuses_is_not_shown_again() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let error = read(&desk.site.repository_with("app", login("robot", "wrong"))).await;
        let text = error.as_ref().unwrap_err().to_string();
        assert_eq!(denied(error), (401, true));
        assert!(text.contains("/token") && !text.contains("scope"), "{text}");
        assert_eq!((desk.server.service().log().len(), desk.site.told().as_str()), (1, "ManifestGet 401"));
    });
}

#[test]
fn a_token_server_in_trouble_is_asked_again_and_one_that_makes_no_sense_is_not() {
    run(async {
        for (mishap, times, works) in [
            (Mishap::Instead(Response::new(503, "")), 2, true),
            (Mishap::Instead(Response::new(429, "").with("retry-after", "0")), 1, true),
            (Mishap::CutOff, usize::MAX, false),
            (Mishap::Padded(2 << 20), usize::MAX, false),
            (
                Mishap::Instead(Response::new(307, "").with("location", "http://127.0.0.1:1/")),
                usize::MAX,
                false,
            ),
            (Mishap::Instead(Response::new(200, "<p>Welcome")), usize::MAX, false),
        ] {
            let desk = Desk::open(|gate| Arc::new(gate)).await;
            desk.server.service().misbehave(times, mishap.clone());
            let result = read(&desk.site.repository_with("app", login("robot", "secret"))).await;
            assert_eq!(result.is_ok(), works, "{mishap:?}: {result:?}");
            let expected = if works { times + 1 } else { 1 };
            assert_eq!(desk.server.service().log().len(), expected, "{mishap:?}");
        }
    });
}

#[test]
fn a_mount_asks_for_both_repositories() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let content = bytes(100);
        desk.site.truth("base").place_blob(&blob(&content, &[]), Placing::Send).await.unwrap();
        let known = blob(&content, &[desk.site.name("base")]);
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        repository.place_blob(&known, Placing::Reuse).await.unwrap();
        assert_eq!(desk.site.told(), "MountPost 401, MountPost 201");
        let scopes = desk.server.service().log().remove(0).scopes;
        assert_eq!(scopes, ["repository:app:pull,push", "repository:base:pull"]);
    });
}

#[test]
fn the_catalog_and_deletions_ask_for_their_own_rights() {
    run(async {
        let desk = Desk::open(|gate| Arc::new(gate)).await;
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        assert_eq!(repository.catalog().await.unwrap(), ["app"]);
        assert!(repository.delete_manifest(Reference::Tag(&tag("v1"))).await.unwrap());
        let scopes: Vec<_> = desk.server.service().log().into_iter().flat_map(|asked| asked.scopes).collect();
        assert_eq!(scopes, ["registry:catalog:*", "repository:app:delete"]);
    });
}

#[test]
fn a_login_that_is_wanted_once_more_is_shown_once_more() {
    run(async {
        let site = Site::with(|front| {
            front
                .gate(Arc::new(BasicGate::new("robot", "secret")))
                .fault(Fault::Expired401, When::nth(Kind::ManifestGet, 3))
        });
        site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
        let repository = site.repository_with("app", login("robot", "secret"));
        read(&repository).await.unwrap();
        assert_eq!(denied(read(&repository).await), (401, true));
    });
}

#[test]
fn a_right_that_a_registry_wants_besides_is_asked_for_and_no_other() {
    run(async {
        // Some registries have no right of its own for deleting.
        let desk = Desk::open(|gate| Arc::new(PushToDelete(gate))).await;
        let repository = desk.site.repository_with("app", login("robot", "secret"));
        assert!(repository.delete_manifest(Reference::Tag(&tag("v1"))).await.unwrap());
        assert_eq!(desk.site.told(), "ManifestDelete 401, ManifestDelete 401, ManifestDelete 202");
        let scopes: Vec<_> = desk.server.service().log().into_iter().flat_map(|asked| asked.scopes).collect();
        assert_eq!(scopes, ["repository:app:delete", "repository:app:pull,push,delete"]);
    });
}

/// A gate for which deleting is a kind of writing.
struct PushToDelete(BearerGate);

impl Gate for PushToDelete {
    fn admit(&self, request: &Request) -> Result<(), Response> {
        let method = if request.method == "DELETE" { "PUT" } else { request.method.as_str() };
        self.0.admit(&Request { method: method.to_owned(), ..request.clone() })
    }
}

/// A registry that wants tokens, and the server that has them.
struct Desk {
    site: Site,
    server: TokenServer,
    tokens: Tokens,
}

impl Desk {
    /// The account is `robot` with `secret`, or `identity`; `v1` is there to be read.
    async fn open(gate: impl FnOnce(BearerGate) -> Arc<dyn Gate>) -> Self {
        let tokens = Tokens::default();
        let service =
            TokenService::new(&tokens).account("robot", "secret").refresh_token("robot", "identity");
        let server = TokenServer::start("127.0.0.1:0", None, service);
        let gate = gate(BearerGate::new(&tokens, &server.realm()));
        Self { site: site(gate).await, server, tokens }
    }
}

async fn site(gate: Arc<dyn Gate>) -> Site {
    let site = Site::with(|front| front.gate(gate));
    site.truth("app").put_tag(&tag("v1"), &leaf("a")).await.unwrap();
    site
}

fn credentials(credentials: Credentials) -> NetworkOptions {
    NetworkOptions { credentials: Arc::new(move |_| Ok(Some(credentials.clone()))), ..options() }
}

fn login(user: &str, password: &str) -> NetworkOptions {
    credentials(Credentials::Password { user: user.to_owned(), password: Secret::new(password) })
}

async fn read(repository: &Repository) -> Result<(), TransportError> {
    repository.manifest(Reference::Tag(&tag("v1")), 1 << 20).await.map(drop)
}
