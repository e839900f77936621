//! Authentication in front of a registry: who may pass, and what the others are told.
//!
//! A [`Gate`] looks at a request before it is forwarded. [`BasicGate`] and [`BearerGate`] are the two that
//! registries have; [`AnonymousPull`], [`Crowded`] and [`Counting`] stand around any of them:
//!
//! ```
//! use umbel_testkit::network::gate::{AnonymousPull, BasicGate, Gate};
//! use umbel_testkit::network::wire::Request;
//! let gate = AnonymousPull(BasicGate::new("robot", "secret"));
//! assert!(gate.admit(&Request::new("GET", "/v2/app/manifests/latest")).is_ok());
//! assert_eq!(gate.admit(&Request::new("PUT", "/v2/app/manifests/latest")).unwrap_err().status, 401);
//! ```
//!
//! Texts of challenges are sent as the test words them, quotes and all: a realm may be an attacker's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::tokens::{Fields, Scope, Tokens, Verdict, basic};
use super::wire::{Request, Response};
use crate::json::{Object, array, string};

const CHALLENGE: &str = "www-authenticate";

/// Decides which requests get to the registry.
pub trait Gate: Send + Sync {
    /// Lets the request pass, or returns the answer (401 or 403) that it gets in place of the registry's.
    fn admit(&self, request: &Request) -> Result<(), Response>;
}

impl<G: Gate + ?Sized> Gate for Arc<G> {
    fn admit(&self, request: &Request) -> Result<(), Response> {
        (**self).admit(request)
    }
}

/// Wants user and password on every request.
#[derive(Clone, Debug)]
pub struct BasicGate {
    user: String,
    password: String,
    realm: String,
    rights: Rights,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rights {
    All,
    Pull,
}

impl BasicGate {
    /// A gate for one user, who may do everything.
    pub fn new(user: &str, password: &str) -> Self {
        let (user, password) = (user.to_owned(), password.to_owned());
        Self { user, password, realm: "registry".to_owned(), rights: Rights::All }
    }

    /// Sets the realm; for Basic it is only a word for people.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        realm.clone_into(&mut self.realm);
        self
    }

    /// Answers 403 to the user who wants more than to pull.
    #[must_use]
    pub fn pull_only(mut self) -> Self {
        self.rights = Rights::Pull;
        self
    }
}

impl Gate for BasicGate {
    fn admit(&self, request: &Request) -> Result<(), Response> {
        let shown = request.header("authorization").and_then(basic);
        if shown.is_none_or(|shown| shown != (self.user.clone(), self.password.clone())) {
            return Err(challenged(format!("Basic realm=\"{}\"", self.realm)));
        }
        match self.rights {
            Rights::Pull if !only_pulls(request) => Err(error(403, "DENIED", "access denied")),
            Rights::Pull | Rights::All => Ok(()),
        }
    }
}

/// Wants a token with the scopes that the request needs.
#[derive(Clone, Debug)]
pub struct BearerGate {
    tokens: Tokens,
    realm: String,
    service: Option<String>,
    scope: ChallengeScope,
}

/// The scope that a challenge names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChallengeScope {
    /// What the request needs; none if that is nothing, as for `/v2/`.
    Needed,
    /// None.
    Absent,
    /// This text, whatever is needed: another repository, more actions, nonsense.
    Fixed(String),
}

impl BearerGate {
    /// A gate for who has one of `tokens`; all others are sent to `realm`.
    pub fn new(tokens: &Tokens, realm: &str) -> Self {
        let service = Some("registry.test".to_owned());
        Self { tokens: tokens.clone(), realm: realm.to_owned(), service, scope: ChallengeScope::Needed }
    }

    /// Sets the service that challenges name, or has them name none.
    #[must_use]
    pub fn service(mut self, service: Option<&str>) -> Self {
        self.service = service.map(str::to_owned);
        self
    }

    /// Sets the scope that challenges name.
    #[must_use]
    pub fn scope(mut self, scope: ChallengeScope) -> Self {
        self.scope = scope;
        self
    }

    fn challenge(&self, needed: &[Scope], error: Option<&str>) -> Response {
        let needed = needed.iter().map(Scope::to_string).collect::<Vec<_>>().join(" ");
        let scope = match &self.scope {
            ChallengeScope::Needed => Some(needed).filter(|scope| !scope.is_empty()),
            ChallengeScope::Absent => None,
            ChallengeScope::Fixed(text) => Some(text.clone()),
        };
        let parameters = [
            ("realm", Some(self.realm.as_str())),
            ("service", self.service.as_deref()),
            ("scope", scope.as_deref()),
            ("error", error),
        ];
        let written = parameters.iter().filter_map(|(name, value)| Some(format!("{name}=\"{}\"", (*value)?)));
        challenged(format!("Bearer {}", written.collect::<Vec<_>>().join(",")))
    }
}

impl Gate for BearerGate {
    fn admit(&self, request: &Request) -> Result<(), Response> {
        let needed = needed_scopes(request);
        let Some(token) = request.header("authorization").and_then(bearer) else {
            return Err(self.challenge(&needed, None));
        };
        match self.tokens.check(token, &needed) {
            Verdict::Good => Ok(()),
            Verdict::Unknown => Err(self.challenge(&needed, Some("invalid_token"))),
            Verdict::TooSmall => Err(self.challenge(&needed, Some("insufficient_scope"))),
        }
    }
}

/// Lets requests without credentials pass if they only pull; the gate inside judges all others.
///
/// `/v2/` passes as well, so a client that decides by it alone concludes that nothing needs credentials.
#[derive(Clone, Debug)]
pub struct AnonymousPull<G>(pub G);

impl<G: Gate> Gate for AnonymousPull<G> {
    fn admit(&self, request: &Request) -> Result<(), Response> {
        if request.header("authorization").is_none() && only_pulls(request) {
            return Ok(());
        }
        self.0.admit(request)
    }
}

/// Puts another challenge beside that of the gate inside.
#[derive(Clone, Debug)]
pub struct Crowded<G> {
    /// The gate that decides.
    pub gate: G,
    /// The other challenge, such as `Negotiate` or `Basic realm="x"`.
    pub challenge: String,
    /// Where it stands.
    pub place: ChallengePlace,
}

/// Where one challenge stands beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengePlace {
    /// In a header line of its own, before the other's.
    LineBefore,
    /// In a header line of its own, behind the other's.
    LineBehind,
    /// In the same header line, before the other.
    Before,
    /// In the same header line, behind the other.
    Behind,
}

impl<G: Gate> Gate for Crowded<G> {
    fn admit(&self, request: &Request) -> Result<(), Response> {
        self.gate.admit(request).map_err(|mut refusal| {
            self.crowd(&mut refusal.headers);
            refusal
        })
    }
}

impl<G> Crowded<G> {
    fn crowd(&self, headers: &mut Vec<(String, String)>) {
        let Some(position) = headers.iter().position(|(name, _)| name == CHALLENGE) else { return };
        let line = (CHALLENGE.to_owned(), self.challenge.clone());
        let (_, other) = &mut headers[position];
        match self.place {
            ChallengePlace::LineBefore => headers.insert(position, line),
            ChallengePlace::LineBehind => headers.insert(position + 1, line),
            ChallengePlace::Before => *other = format!("{}, {other}", self.challenge),
            ChallengePlace::Behind => *other = format!("{other}, {}", self.challenge),
        }
    }
}

/// Counts what the gate inside decides.
#[derive(Debug, Default)]
pub struct Counting<G> {
    gate: G,
    admitted: AtomicUsize,
    refused: AtomicUsize,
}

impl<G: Gate> Counting<G> {
    /// Starts to count; in an [`Arc`] the test can keep it and ask.
    pub fn new(gate: G) -> Self {
        Self { gate, admitted: AtomicUsize::new(0), refused: AtomicUsize::new(0) }
    }

    /// How many requests passed.
    pub fn admitted(&self) -> usize {
        self.admitted.load(Ordering::SeqCst)
    }

    /// How many did not.
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }
}

impl<G: Gate> Gate for Counting<G> {
    fn admit(&self, request: &Request) -> Result<(), Response> {
        let decision = self.gate.admit(request);
        let counter = if decision.is_ok() { &self.admitted } else { &self.refused };
        counter.fetch_add(1, Ordering::SeqCst);
        decision
    }
}

/// The scopes without which a registry refuses the request, as the distribution project defines them.
///
/// A mount needs to pull from where the blob is. Paths outside the protocol, and `/v2/`, need nothing but
/// somebody who may be there at all.
pub fn needed_scopes(request: &Request) -> Vec<Scope> {
    if request.path().trim_end_matches('/') == "/v2/_catalog" {
        return vec![Scope::new("registry", "catalog", &["*"])];
    }
    let Some(name) = repository(request.path()) else { return Vec::new() };
    let actions: &[&str] = match request.method.as_str() {
        "GET" | "HEAD" => &["pull"],
        "DELETE" => &["delete"],
        _ => &["pull", "push"],
    };
    let from = mounted_from(request).filter(|from| from != name);
    let from = from.map(|from| Scope::repository(&from, &["pull"]));
    [Scope::repository(name, actions)].into_iter().chain(from).collect()
}

/// The repository in a path of the protocol. A part of its name may look like the protocol's own words, so
/// the last of those counts.
fn repository(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/v2/")?;
    let words = ["/manifests/", "/blobs/", "/tags/", "/referrers/"];
    words.iter().filter_map(|word| rest.rfind(word)).max().map(|end| &rest[..end])
}

fn mounted_from(request: &Request) -> Option<String> {
    let fields = Fields::read(request.query());
    let mounts = request.method == "POST" && fields.first("mount").is_some();
    fields.first("from").filter(|_| mounts).map(str::to_owned)
}

fn only_pulls(request: &Request) -> bool {
    needed_scopes(request).iter().flat_map(|scope| &scope.actions).all(|action| action == "pull")
}

/// The token of an `Authorization` header, if that is its scheme.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn challenged(challenge: String) -> Response {
    error(401, "UNAUTHORIZED", "authentication required").with(CHALLENGE, challenge)
}

/// An answer in the form that the distribution specification gives to errors.
fn error(status: u16, code: &str, message: &str) -> Response {
    let error = Object::default().with("code", string(code)).with("message", string(message));
    let body = Object::default().with("errors", array([error]));
    Response::new(status, body.to_bytes()).with("content-type", "application/json")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const MANIFEST: &str = "/v2/team/app/manifests/latest";

    #[test]
    fn requests_need_the_scopes_of_the_distribution_project() {
        let cases = [
            ("GET", "/v2/", ""),
            ("GET", "/elsewhere", ""),
            ("GET", "/v2/_catalog?n=10", "registry:catalog:*"),
            ("HEAD", MANIFEST, "repository:team/app:pull"),
            ("GET", "/v2/app/tags/list?n=1", "repository:app:pull"),
            ("GET", "/v2/app/referrers/sha256:00", "repository:app:pull"),
            ("GET", "/v2/blobs/manifests/blobs/sha256:00", "repository:blobs/manifests:pull"),
            ("PUT", MANIFEST, "repository:team/app:pull,push"),
            ("PATCH", "/v2/app/blobs/uploads/1", "repository:app:pull,push"),
            ("DELETE", MANIFEST, "repository:team/app:delete"),
            ("POST", "/v2/app/blobs/uploads/?mount=sha256:00", "repository:app:pull,push"),
            (
                "POST",
                "/v2/app/blobs/uploads/?mount=sha256:00&from=team%2Fbase",
                "repository:app:pull,push repository:team/base:pull",
            ),
        ];
        for (method, target, expected) in cases {
            let scopes = needed_scopes(&Request::new(method, target));
            assert_eq!(join(&scopes), expected, "{method} {target}");
        }
    }

    #[test]
    fn basic_gate_admits_only_its_user() {
        let gate = BasicGate::new("robot", "a:b").realm("here");
        assert_eq!(gate.admit(&with_basic("GET", "robot:a:b")), Ok(()));
        for shown in ["robot:a", "robot:", "Robot:a:b", ":", "robot"] {
            let refusal = gate.admit(&with_basic("GET", shown)).unwrap_err();
            assert_eq!(challenges(&refusal), ["Basic realm=\"here\""], "{shown}");
        }
        let refusal = gate.admit(&Request::new("GET", "/v2/")).unwrap_err();
        let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
        assert_eq!((refusal.status, refusal.body), (401, body.as_bytes().to_vec()));
    }

    #[test]
    fn user_who_may_only_pull_is_forbidden_to_push() {
        let gate = BasicGate::new("robot", "secret").pull_only();
        assert_eq!(gate.admit(&with_basic("GET", "robot:secret")), Ok(()));
        let refusal = gate.admit(&with_basic("PUT", "robot:secret")).unwrap_err();
        assert_eq!((refusal.status, challenges(&refusal).len()), (403, 0));
    }

    #[test]
    fn bearer_gate_says_where_and_what_for() {
        let tokens = Tokens::default();
        let gate = BearerGate::new(&tokens, "http://realm/?a=b");
        let token = tokens.issue(&[Scope::repository("team/app", &["pull"])], Duration::from_secs(60));
        let stem = r#"Bearer realm="http://realm/?a=b",service="registry.test""#;
        let pull = r#",scope="repository:team/app:pull""#;
        let push = r#",scope="repository:team/app:pull,push""#;
        let cases = [
            (Request::new("GET", "/v2/"), stem.to_owned()),
            (Request::new("GET", MANIFEST), format!("{stem}{pull}")),
            (with_basic("GET", "robot:secret"), format!("{stem}{pull}")),
            (with_token("GET", "unknown"), format!(r#"{stem}{pull},error="invalid_token""#)),
            (with_token("PUT", &token), format!(r#"{stem}{push},error="insufficient_scope""#)),
        ];
        for (request, expected) in cases {
            assert_eq!(challenges(&gate.admit(&request).unwrap_err()), [expected]);
        }
        assert_eq!(gate.admit(&with_token("GET", &token)), Ok(()));
        tokens.revoke_all();
        assert_eq!(gate.admit(&with_token("GET", &token)).unwrap_err().status, 401);
    }

    #[test]
    fn challenges_can_be_worded_at_will() {
        let gate = BearerGate::new(&Tokens::default(), "file:///etc/passwd").service(None);
        let cases = [
            (ChallengeScope::Absent, r#"Bearer realm="file:///etc/passwd""#),
            (ChallengeScope::Fixed("x\",y=\"".into()), r#"Bearer realm="file:///etc/passwd",scope="x",y="""#),
        ];
        for (scope, expected) in cases {
            let refusal = gate.clone().scope(scope).admit(&Request::new("GET", MANIFEST)).unwrap_err();
            assert_eq!(challenges(&refusal), [expected]);
        }
    }

    #[test]
    fn other_challenges_stand_where_they_are_put() {
        let own = "Basic realm=\"registry\"";
        let cases: [(ChallengePlace, &[&str]); 4] = [
            (ChallengePlace::LineBefore, &["Negotiate", own]),
            (ChallengePlace::LineBehind, &[own, "Negotiate"]),
            (ChallengePlace::Before, &["Negotiate, Basic realm=\"registry\""]),
            (ChallengePlace::Behind, &["Basic realm=\"registry\", Negotiate"]),
        ];
        for (place, expected) in cases {
            let gate = BasicGate::new("robot", "secret");
            let gate = Crowded { gate, challenge: "Negotiate".to_owned(), place };
            let refusal = gate.admit(&Request::new("GET", MANIFEST)).unwrap_err();
            assert_eq!(challenges(&refusal), expected);
        }
    }

    #[test]
    fn anonymous_requests_pull_but_wrong_credentials_do_not() {
        let gate = Arc::new(Counting::new(AnonymousPull(BasicGate::new("robot", "secret"))));
        assert_eq!(gate.admit(&Request::new("GET", MANIFEST)), Ok(()));
        assert_eq!(gate.admit(&with_basic("PUT", "robot:secret")), Ok(()));
        for request in [Request::new("PUT", MANIFEST), with_basic("GET", "robot:wrong")] {
            assert_eq!(gate.admit(&request).unwrap_err().status, 401);
        }
        assert_eq!((gate.admitted(), gate.refused()), (2, 2));
    }

    fn join(scopes: &[Scope]) -> String {
        scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(" ")
    }

    fn challenges(refusal: &Response) -> Vec<&str> {
        refusal
            .headers
            .iter()
            .filter(|(name, _)| name == CHALLENGE)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    fn with_basic(method: &str, pair: &str) -> Request {
        Request::new(method, MANIFEST).with("authorization", format!("Basic {}", STANDARD.encode(pair)))
    }

    fn with_token(method: &str, token: &str) -> Request {
        Request::new(method, MANIFEST).with("authorization", format!("Bearer {token}"))
    }
}
