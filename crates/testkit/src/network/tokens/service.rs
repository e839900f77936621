//! The token service, and a server that runs nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use super::clock;
use super::request::{Credentials, TokenRequest};
use super::rules::{Mishap, Post, Rules, TokenField, spoil};
use super::{Scope, Tokens};
use crate::json::{Object, string};
use crate::network::server::{self, Running, locked};
use crate::network::tls::ServerTls;
use crate::network::wire::{Request, Response};

/// Gives out tokens for those who may have them.
///
/// What it expects of clients is what the specification says, and nothing more: any path will do.
#[derive(Debug)]
pub struct TokenService {
    tokens: Tokens,
    accounts: BTreeMap<String, Account>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct Account {
    password: Option<String>,
    refresh_token: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    rules: Rules,
    /// How many requests each is still for.
    mishaps: VecDeque<(usize, Mishap)>,
    log: Vec<TokenRequest>,
}

impl TokenService {
    /// A service that issues into `tokens`, without accounts and with the default [`Rules`].
    pub fn new(tokens: &Tokens) -> Self {
        Self { tokens: tokens.clone(), accounts: BTreeMap::new(), state: Mutex::default() }
    }

    /// Adds an account with a password, or a password to an account.
    #[must_use]
    pub fn account(mut self, user: &str, password: &str) -> Self {
        self.accounts.entry(user.to_owned()).or_default().password = Some(password.to_owned());
        self
    }

    /// Adds an account with a refresh token, or a refresh token to an account.
    #[must_use]
    pub fn refresh_token(mut self, user: &str, token: &str) -> Self {
        self.accounts.entry(user.to_owned()).or_default().refresh_token = Some(token.to_owned());
        self
    }

    /// Changes the rules, before the start or while the service runs.
    pub fn set_rules(&self, rules: Rules) {
        self.state().rules = rules;
    }

    /// Lets the next `times` requests end in this mishap, after those that are arranged already.
    ///
    /// `usize::MAX` times is for ever, until [`behave`](Self::behave).
    pub fn misbehave(&self, times: usize, mishap: Mishap) {
        self.state().mishaps.push_back((times, mishap));
    }

    /// Forgets the mishaps that are still to come.
    pub fn behave(&self) {
        self.state().mishaps.clear();
    }

    /// All requests so far.
    pub fn log(&self) -> Vec<TokenRequest> {
        self.state().log.clone()
    }

    /// Answers a request.
    pub fn answer(&self, request: &Request) -> Response {
        let (rules, mishap) = self.next();
        let mut asked = TokenRequest::read(request);
        let response = spoil(mishap, || self.decide(&asked, &rules));
        asked.status = response.status;
        self.state().log.push(asked);
        response
    }

    fn next(&self) -> (Rules, Option<Mishap>) {
        let mut state = self.state();
        let rules = state.rules.clone();
        state.mishaps.retain(|(left, _)| *left > 0);
        let mishap = state.mishaps.front_mut().map(|(left, mishap)| {
            *left -= 1;
            mishap.clone()
        });
        (rules, mishap)
    }

    /// The answer by the rules.
    fn decide(&self, asked: &TokenRequest, rules: &Rules) -> Response {
        match (asked.request.method.as_str(), rules.post) {
            ("GET", _) | ("POST", Post::Spoken) => {}
            ("POST", Post::Refused(status)) => return refused(status, "no such method"),
            _ => return refused(405, "no such method"),
        }
        let Some(scopes) = asked.scopes.iter().map(|scope| Scope::parse(scope)).collect() else {
            return refused(400, "malformed scope");
        };
        if asked.is_post() && asked.credentials.is_empty() {
            return refused(400, "no known grant type");
        }
        // Wrong credentials must not get what nobody at all would get: the client would not learn of it.
        let Some(owners) =
            asked.credentials.iter().map(|shown| self.owner(shown)).collect::<Option<Vec<_>>>()
        else {
            return refused(401, "wrong credentials");
        };
        let owner = owners.first().copied();
        let grant = owner.map_or(rules.anonymous, |_| rules.accounts);
        match grant.of(scopes) {
            Some(scopes) => self.reply(asked, rules, &scopes, owner),
            None => refused(401, "authentication required"),
        }
    }

    /// The account to which the credentials belong.
    fn owner(&self, shown: &Credentials) -> Option<&Account> {
        match shown {
            Credentials::Basic(user, password) | Credentials::Password(user, password) => {
                self.accounts.get(user).filter(|account| account.password.as_ref() == Some(password))
            }
            Credentials::RefreshToken(token) => {
                self.accounts.values().find(|account| account.refresh_token.as_ref() == Some(token))
            }
            Credentials::Other(_) => None,
        }
    }

    fn reply(
        &self,
        asked: &TokenRequest,
        rules: &Rules,
        scopes: &[Scope],
        owner: Option<&Account>,
    ) -> Response {
        let token = string(&self.tokens.issue(scopes, rules.lifetime));
        let names: &[&str] = match rules.field {
            TokenField::ByTheBook if asked.is_post() => &["access_token"],
            TokenField::ByTheBook => &["token", "access_token"],
            TokenField::Token => &["token"],
            TokenField::AccessToken => &["access_token"],
        };
        let scope: Vec<String> = scopes.iter().map(Scope::to_string).collect();
        let refresh = owner.and_then(|account| account.refresh_token.as_deref());
        let body = names
            .iter()
            .fold(Object::default(), |object, name| object.with(name, &token))
            .with_some("expires_in", rules.expires_in)
            .with_some("issued_at", rules.issued_at.map(|skew| string(&clock::now(skew))))
            .with_some("scope", asked.is_post().then(|| string(&scope.join(" "))))
            .with_some("refresh_token", refresh.filter(|_| asked.wants_refresh_token()).map(string));
        json(200, &body)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

/// A token service that listens at an address of its own, until it is dropped.
#[derive(Debug)]
pub struct TokenServer {
    service: Arc<TokenService>,
    running: Running,
    scheme: &'static str,
}

impl TokenServer {
    /// Starts to answer at `bind`; port 0 finds a free one.
    #[track_caller]
    pub fn start(bind: &str, tls: Option<ServerTls>, service: TokenService) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let service = Arc::new(service);
        let answering = Arc::clone(&service);
        let running = server::start(bind, tls, Arc::new(move |request| answering.answer(request)));
        Self { service, running, scheme }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// The address as the realm of a challenge.
    pub fn realm(&self) -> String {
        format!("{}://{}/token", self.scheme, self.running.address())
    }

    /// The service behind it: its rules, its mishaps and its log.
    pub fn service(&self) -> &TokenService {
        &self.service
    }
}

/// A refusal in the words of Docker Hub's token service; no specification has any.
fn refused(status: u16, details: &str) -> Response {
    json(status, &Object::default().with("details", string(details)))
}

fn json(status: u16, body: &Object) -> Response {
    Response::new(status, body.to_bytes()).with("content-type", "application/json")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::Value;

    use super::*;
    use crate::network::client::fetch;
    use crate::network::tokens::{Grant, Verdict};

    const PUSH: &str = "/token?service=s&scope=repository:app:pull,push&scope=repository:base:pull";

    fn service(tokens: &Tokens) -> TokenService {
        TokenService::new(tokens).account("robot", "secret").refresh_token("robot", "identity")
    }

    fn get(user: &str) -> Request {
        Request::new("GET", PUSH).with("authorization", format!("Basic {}", STANDARD.encode(user)))
    }

    fn post(form: &str) -> Request {
        let body = format!("{form}&service=s&scope=repository:app:push+repository:base:pull");
        Request { body: body.into(), ..Request::new("POST", "/token") }
    }

    fn body(response: &Response) -> Value {
        assert_eq!(response.status, 200);
        serde_json::from_slice(&response.body).unwrap()
    }

    fn keys(body: &Value) -> Vec<&str> {
        body.as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// Whether the token in the reply may push to `app` and pull from `base`.
    fn allowed(tokens: &Tokens, body: &Value) -> [bool; 2] {
        let token = body["access_token"].as_str().unwrap();
        let needed = [Scope::repository("app", &["push"]), Scope::repository("base", &["pull"])];
        needed.map(|scope| tokens.check(token, &[scope]) == Verdict::Good)
    }

    #[test]
    fn account_gets_what_it_asks_for_and_others_may_pull() {
        let tokens = Tokens::default();
        let service = service(&tokens);
        let own = body(&service.answer(&get("robot:secret")));
        assert_eq!(keys(&own), ["access_token", "expires_in", "issued_at", "token"]);
        assert_eq!((&own["token"], &own["expires_in"]), (&own["access_token"], &Value::from(300)));
        assert_eq!(allowed(&tokens, &own), [true, true]);
        let anonymous = body(&service.answer(&Request::new("GET", PUSH)));
        assert_eq!(allowed(&tokens, &anonymous), [false, true]);
    }

    #[test]
    fn wrong_credentials_get_no_token() {
        let tokens = Tokens::default();
        let service = service(&tokens);
        let cases = [
            (get("robot:wrong"), 401),
            (get(":"), 401),
            (Request::new("GET", PUSH).with("authorization", "Bearer x"), 401),
            (post("grant_type=refresh_token&refresh_token=old"), 401),
            (post("grant_type=password&username=robot"), 401),
            (post("grant_type=other"), 400),
            (Request::new("GET", "/token?scope=nonsense"), 400),
            (Request::new("PUT", "/token"), 405),
        ];
        for (request, expected) in &cases {
            assert_eq!(service.answer(request).status, *expected, "{request:?}");
        }
        assert_eq!(tokens.issued(), 0);
        let logged: Vec<_> = service.log().into_iter().map(|asked| (asked.request, asked.status)).collect();
        assert_eq!(logged, cases);
    }

    #[test]
    fn forms_get_an_access_token_and_keep_their_refresh_token() {
        let tokens = Tokens::default();
        let service = service(&tokens);
        for form in [
            "grant_type=refresh_token&refresh_token=identity",
            "grant_type=password&username=robot&password=secret",
        ] {
            let reply = body(&service.answer(&post(form)));
            assert_eq!(keys(&reply), ["access_token", "expires_in", "issued_at", "refresh_token", "scope"]);
            assert_eq!(reply["refresh_token"], "identity");
            assert_eq!(reply["scope"], "repository:app:push repository:base:pull");
            assert_eq!(allowed(&tokens, &reply), [true, true]);
        }
        let mut offline = get("robot:secret");
        offline.target += "&offline_token=true";
        assert_eq!(body(&service.answer(&offline))["refresh_token"], "identity");
    }

    #[test]
    fn rules_change_what_is_granted_and_how_it_is_written() {
        let tokens = Tokens::default();
        let service = service(&tokens);
        let bare =
            Rules { field: TokenField::AccessToken, expires_in: None, issued_at: None, ..Rules::default() };
        service.set_rules(Rules { accounts: Grant::Only(&["pull"]), ..bare });
        let reply = body(&service.answer(&get("robot:secret")));
        assert_eq!(keys(&reply), ["access_token"]);
        assert_eq!(allowed(&tokens, &reply), [false, true]);

        let lifetime = Duration::ZERO;
        service.set_rules(Rules {
            anonymous: Grant::Nothing,
            post: Post::Refused(404),
            lifetime,
            ..Rules::default()
        });
        assert_eq!(service.answer(&Request::new("GET", PUSH)).status, 401);
        assert_eq!(service.answer(&post("grant_type=refresh_token&refresh_token=identity")).status, 404);
        assert_eq!(allowed(&tokens, &body(&service.answer(&get("robot:secret")))), [false, false]);
    }

    #[test]
    fn mishaps_come_in_their_order_and_end() {
        let service = service(&Tokens::default());
        let elsewhere = Response::new(307, "").with("location", "http://elsewhere.test/");
        service.misbehave(2, Mishap::CutOff);
        service.misbehave(0, Mishap::Padded(1));
        service.misbehave(1, Mishap::Padded(5000));
        service.misbehave(usize::MAX, Mishap::Instead(elsewhere.clone()));
        let answer = || service.answer(&get("robot:secret"));
        for _ in 0..2 {
            assert!(serde_json::from_slice::<Value>(&answer().body).is_err());
        }
        let padded = answer();
        assert!(padded.body.len() > 5000 && keys(&body(&padded)).contains(&"token"));
        assert_eq!([answer(), answer()], [elsewhere.clone(), elsewhere]);
        service.behave();
        assert_eq!(answer().status, 200);
    }

    #[test]
    fn server_answers_for_its_service() {
        let tokens = Tokens::default();
        let server = TokenServer::start("127.0.0.1:0", None, service(&tokens));
        let reply = fetch(&server.address().to_string(), &get("robot:secret")).unwrap();
        assert_eq!(allowed(&tokens, &body(&reply)), [true, true]);
        assert_eq!(server.realm(), format!("http://{}/token", server.address()));
        let expected = [Credentials::Basic("robot".into(), "secret".into())];
        assert_eq!(server.service().log()[0].credentials, expected);
    }
}
