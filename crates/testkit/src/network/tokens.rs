//! Tokens of a registry, and the server that gives them out.
//!
//! [`Tokens`] knows which tokens are good and for what; a [`BearerGate`](super::gate::BearerGate) asks it, a
//! [`TokenService`] fills it. The service is a function from request to response and can answer on any
//! server; [`TokenServer`] is one that does nothing else.
//!
//! The service speaks both dialects of registries: `GET` with the scopes in the query and perhaps a Basic
//! password, and the form of OAuth 2 by `POST` with a password or a refresh token. [`Rules`] say how it
//! answers day by day, a [`Mishap`] what goes wrong a few times, and the [log](TokenService::log) what it
//! was asked and with whose credentials.
//!
//! Unlike fixtures, tokens need a clock: they expire.
//!
//! ```
//! use umbel_testkit::network::tokens::{TokenServer, TokenService, Tokens};
//! let tokens = Tokens::default();
//! let service = TokenService::new(&tokens).account("robot", "secret");
//! let server = TokenServer::start("127.0.0.1:0", None, service);
//! assert!(server.realm().ends_with("/token"));
//! assert!(server.service().log().is_empty());
//! ```

mod clock;
mod form;
mod request;
mod rules;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub(super) use form::Fields;
pub(super) use request::basic;
pub use request::{Credentials, TokenRequest};
pub use rules::{Grant, Mishap, Post, Rules, TokenField};
pub use service::{TokenServer, TokenService};

use super::server::locked;

/// What a token allows in one place, as in `repository:NAME:pull,push`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// `repository` or `registry`, as a rule.
    pub kind: String,
    /// A repository without the host, or `catalog`.
    pub name: String,
    /// `pull`, `push`, `delete` or `*`, which is all of them.
    pub actions: BTreeSet<String>,
}

impl Scope {
    /// A scope of a kind, with its actions.
    pub fn new(kind: &str, name: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        Self { kind: kind.to_owned(), name: name.to_owned(), actions }
    }

    /// Actions on one repository.
    pub fn repository(name: &str, actions: &[&str]) -> Self {
        Self::new("repository", name, actions)
    }

    /// Reads `KIND:NAME:ACTION,…`; colons in the middle belong to the name.
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let actions: Vec<&str> = actions.split(',').filter(|action| !action.is_empty()).collect();
        Some(Self::new(kind, name, &actions))
    }

    fn allows(&self, action: &str) -> bool {
        self.actions.contains(action) || self.actions.contains("*")
    }
}

impl Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions: Vec<&str> = self.actions.iter().map(String::as_str).collect();
        write!(out, "{}:{}:{}", self.kind, self.name, actions.join(","))
    }
}

/// The tokens that a registry accepts; a clone is the same set.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    live: BTreeMap<String, Token>,
    uses: Option<usize>,
    issued: usize,
}

#[derive(Debug)]
struct Token {
    scopes: Vec<Scope>,
    dies: Instant,
    uses_left: Option<usize>,
}

/// What a registry thinks of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It allows all that is needed.
    Good,
    /// It is good, but not for this.
    TooSmall,
    /// It was never issued, or has expired, or was revoked or used up.
    Unknown,
}

impl Tokens {
    /// Makes a token that is good for `scopes` until `lifetime` is over; no two stores make the same one.
    pub fn issue(&self, scopes: &[Scope], lifetime: Duration) -> String {
        static LAST: AtomicUsize = AtomicUsize::new(0);
        let text = format!("testkit-token-{}", LAST.fetch_add(1, Ordering::Relaxed));
        let mut book = self.book();
        let token = Token { scopes: scopes.to_vec(), dies: Instant::now() + lifetime, uses_left: book.uses };
        book.live.insert(text.clone(), token);
        book.issued += 1;
        text
    }

    /// Judges a token that wants to do all of `needed`; one found good has been used once more.
    pub fn check(&self, token: &str, needed: &[Scope]) -> Verdict {
        let mut book = self.book();
        let Some(token) = book.live.get_mut(token) else { return Verdict::Unknown };
        if token.dies <= Instant::now() || token.uses_left == Some(0) {
            return Verdict::Unknown;
        }
        if !needed.iter().all(|scope| token.covers(scope)) {
            return Verdict::TooSmall;
        }
        token.uses_left = token.uses_left.map(|left| left - 1);
        Verdict::Good
    }

    /// Takes back all tokens issued so far.
    pub fn revoke_all(&self) {
        self.book().live.clear();
    }

    /// Revokes each token issued from now on once it has been found good so many times.
    pub fn revoke_after(&self, uses: usize) {
        self.book().uses = Some(uses);
    }

    /// How many tokens were issued.
    pub fn issued(&self) -> usize {
        self.book().issued
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        locked(&self.0)
    }
}

impl Token {
    fn covers(&self, needed: &Scope) -> bool {
        let same_place = |own: &&Scope| own.kind == needed.kind && own.name == needed.name;
        let allows = |action: &String| self.scopes.iter().filter(same_place).any(|own| own.allows(action));
        needed.actions.iter().all(allows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn pull(name: &str) -> Scope {
        Scope::repository(name, &["pull"])
    }

    #[test]
    fn scopes_are_read_as_they_are_written() {
        let with_port = Scope::repository("host:5000/app", &["push", "pull"]);
        assert_eq!(with_port.to_string(), "repository:host:5000/app:pull,push");
        for scope in [with_port, Scope::new("registry", "catalog", &["*"]), Scope::repository("app", &[])] {
            assert_eq!(Scope::parse(&scope.to_string()), Some(scope));
        }
        assert_eq!(Scope::parse("repository:app"), None);
    }

    #[test]
    fn token_is_good_for_its_scopes_only() {
        let tokens = Tokens::default();
        let all = Scope::repository("all", &["*"]);
        let token = tokens.issue(&[pull("app"), all.clone()], HOUR);
        let cases = [
            (vec![], Verdict::Good),
            (vec![pull("app")], Verdict::Good),
            (vec![pull("app"), Scope::repository("all", &["delete"])], Verdict::Good),
            (vec![pull("app"), pull("other")], Verdict::TooSmall),
            (vec![Scope::repository("app", &["pull", "push"])], Verdict::TooSmall),
            (vec![Scope::new("registry", "app", &["pull"])], Verdict::TooSmall),
        ];
        for (needed, expected) in cases {
            assert_eq!(tokens.check(&token, &needed), expected, "{needed:?}");
        }
    }

    #[test]
    fn tokens_end_by_time_by_use_and_on_demand() {
        let tokens = Tokens::default();
        let check = |token: &str| tokens.check(token, &[pull("app")]);
        let expired = tokens.issue(&[pull("app")], Duration::ZERO);
        let lasting = tokens.issue(&[pull("app")], HOUR);
        tokens.revoke_after(1);
        let used_up = tokens.issue(&[pull("app")], HOUR);
        assert_eq!([check(&expired), check(&lasting)], [Verdict::Unknown, Verdict::Good]);
        assert_eq!([check(&used_up), check(&used_up)], [Verdict::Good, Verdict::Unknown]);
        assert_eq!(check(&lasting), Verdict::Good, "it is older than the limit");
        tokens.revoke_all();
        assert_eq!(check(&lasting), Verdict::Unknown);
        assert_eq!(tokens.issued(), 3);
    }

    #[test]
    fn token_of_one_registry_is_unknown_to_the_next() {
        let token = Tokens::default().issue(&[pull("app")], HOUR);
        let other = Tokens::default();
        other.issue(&[pull("app")], HOUR);
        assert_eq!(other.check(&token, &[]), Verdict::Unknown);
    }
}
