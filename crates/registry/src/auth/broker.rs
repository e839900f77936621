//! Logins and tokens for one registry, shared by all requests to it.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use time::OffsetDateTime;
use tokio::time::Instant;
use umbel_content::{RemoteError, RemoteProblem, TransportError};
use umbel_model::ImageName;
use url::Url;

use super::challenge::{self, Challenge};
use super::realm::token_address;
use super::scope::Scope;
use super::token_reply::TokenReply;
use crate::address::SafeUrl;
use crate::call::{Call, Payload, Target};
use crate::network::lock;
use crate::problem::Problem;
use crate::repository::Repository;
use crate::{Credentials, Secret};

/// A token server has no reason to say more than this, in bytes.
const REPLY_LIMIT: u64 = 1 << 20;

/// What a token server is told about us, where it wants a name for the client.
const CLIENT_ID: &str = "umbel";

/// What the registry wants, and the tokens it was given.
#[derive(Default)]
pub(crate) struct Broker {
    state: Mutex<State>,
    /// Held while a token is fetched, so that parallel requests wait for the one that fetches.
    fetching: tokio::sync::Mutex<()>,
    /// What was found for each repository: finding it may mean to read files, and each request may want it.
    logins: Mutex<HashMap<ImageName, Option<Credentials>>>,
}

#[derive(Default)]
struct State {
    wants: Wants,
    tokens: Vec<Token>,
}

#[derive(Clone, Default)]
enum Wants {
    /// Nobody was ever asked for anything.
    #[default]
    Nothing,
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
    },
}

struct Token {
    scope: Scope,
    secret: Secret,
    /// From then on another is fetched.
    stale: Instant,
}

/// What goes into the header of a request.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Authorization(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Basic(Secret),
    Bearer(Secret),
}

impl Authorization {
    fn basic(user: &str, password: &Secret) -> Self {
        Self(Kind::Basic(Secret::new(STANDARD.encode(format!("{user}:{}", password.expose())))))
    }

    /// The header, marked so that nothing prints it.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let text = match &self.0 {
            Kind::Basic(secret) => format!("Basic {}", secret.expose()),
            Kind::Bearer(secret) => format!("Bearer {}", secret.expose()),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Broker {
    /// What to send along with a request that needs `scope`; nothing until the registry asked for it.
    pub(crate) async fn authorization(
        &self,
        repository: &Repository,
        scope: &Scope,
    ) -> Result<Option<Authorization>, TransportError> {
        let wants = lock(&self.state).wants.clone();
        match wants {
            Wants::Nothing => Ok(None),
            Wants::Basic => match self.login(repository)? {
                Some(Credentials::Password { user, password }) => {
                    Ok(Some(Authorization::basic(&user, &password)))
                }
                Some(Credentials::IdentityToken(_)) | None => Ok(None),
            },
            Wants::Bearer { realm, service } => {
                if let Some(token) = self.token(scope) {
                    return Ok(Some(token));
                }
                let _fetching = self.fetching.lock().await;
                if let Some(token) = self.token(scope) {
                    return Ok(Some(token));
                }
                let reply = fetch(repository, &realm, service.as_deref(), scope).await?;
                Ok(Some(self.keep(scope.clone(), reply)))
            }
        }
    }

    /// Whether there is a login for the repository.
    pub(crate) fn has_login(&self, repository: &Repository) -> bool {
        self.login(repository).is_ok_and(|found| found.is_some())
    }

    /// The login for a repository, looked for once.
    fn login(&self, repository: &Repository) -> Result<Option<Credentials>, TransportError> {
        if let Some(known) = lock(&self.logins).get(repository.name()) {
            return Ok(known.clone());
        }
        let found = (repository.network().options().credentials)(repository.name()).map_err(|source| {
            let request = format!("a request about {}", repository.name());
            RemoteError::new(request, RemoteProblem::Credentials(source))
        })?;
        lock(&self.logins).insert(repository.name().clone(), found.clone());
        Ok(found)
    }

    fn token(&self, scope: &Scope) -> Option<Authorization> {
        let state = lock(&self.state);
        let fresh = |token: &&Token| token.stale > Instant::now() && token.scope.covers(scope);
        let token = state.tokens.iter().find(fresh)?;
        Some(Authorization(Kind::Bearer(token.secret.clone())))
    }

    /// Keeps a token for four fifths of its life, so that none dies on its way.
    fn keep(&self, scope: Scope, reply: TokenReply) -> Authorization {
        let until = Instant::now() + reply.lifetime * 4 / 5;
        let mut state = lock(&self.state);
        state.tokens.retain(|token| token.stale > Instant::now() && !scope.covers(&token.scope));
        state.tokens.push(Token { scope, secret: reply.token.clone(), stale: until });
        Authorization(Kind::Bearer(reply.token))
    }

    /// Hears what a registry answered to a request that it does not allow. Returns the scope to ask for
    /// next, or `None` if there is nothing more to be tried.
    pub(crate) fn challenged(
        &self,
        headers: &HeaderMap,
        used: Option<&Authorization>,
        scope: &Scope,
        widest: &Scope,
    ) -> Option<Scope> {
        let lines = headers.get_all(http::header::WWW_AUTHENTICATE);
        let challenges = challenge::parse(lines.iter().filter_map(|line| line.to_str().ok()));
        let is_bearer = |challenge: &&Challenge| matches!(challenge, Challenge::Bearer { .. });
        // A token can do less than a password; where there is a choice it is the better one.
        let challenge = challenges.iter().find(is_bearer).or(challenges.first())?;
        match (challenge, used.map(|used| &used.0)) {
            (Challenge::Basic, Some(Kind::Basic(_))) => None,
            (Challenge::Basic, _) => {
                lock(&self.state).wants = Wants::Basic;
                Some(scope.clone())
            }
            (Challenge::Bearer { realm, service, scope: asked, error }, used) => {
                let wants = Wants::Bearer { realm: realm.clone(), service: service.clone() };
                let mut state = lock(&self.state);
                state.wants = wants;
                if let Some(Kind::Bearer(dead)) = used {
                    state.tokens.retain(|token| token.secret != *dead);
                }
                let insufficient = error.as_deref() == Some("insufficient_scope");
                let asked = asked.as_deref().filter(|_| insufficient).map(Scope::parse);
                Some(asked.map_or_else(|| scope.clone(), |asked| scope.widened(&asked, widest)))
            }
        }
    }
}

/// Fetches a token.
async fn fetch(
    repository: &Repository,
    realm: &str,
    service: Option<&str>,
    scope: &Scope,
) -> Result<TokenReply, TransportError> {
    let registry = repository.origin()?;
    let address = token_address(&registry, realm).map_err(|refusal| {
        let problem = RemoteProblem::Nonsense(refusal.to_string());
        RemoteError::new(format!("a token for {}", repository.name()), problem)
    })?;
    let credentials = repository.host().broker.login(repository)?;
    let call = token_call(address.clone(), service, scope, credentials.as_ref());
    let (answer, body) = repository.fetch_elsewhere(&call, REPLY_LIMIT).await?;
    let request = format!("{} {}", call.method, SafeUrl(&address));
    let problem = match answer.status.as_u16() {
        200..=299 => match TokenReply::parse(&body, OffsetDateTime::now_utc()) {
            Ok(reply) => return Ok(reply),
            Err(error) => RemoteProblem::Nonsense(error.to_string()),
        },
        status @ (400 | 401 | 403) => {
            let (registry, message) = (repository.host().name.clone(), Problem::parse(&body).message);
            RemoteProblem::Denied { registry, status, message, with_credentials: credentials.is_some() }
        }
        status => Problem::parse(&body).into_answer(status),
    };
    Err(RemoteError::new(request, problem).into())
}

/// The request for a token: a form for who has an identity token, parameters for everybody else.
fn token_call(
    mut address: Url,
    service: Option<&str>,
    scope: &Scope,
    credentials: Option<&Credentials>,
) -> Call<'static> {
    let service = service.map(|service| ("service", service));
    if let Some(Credentials::IdentityToken(token)) = credentials {
        let scopes = scope.params().join(" ");
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose());
        form.append_pair("client_id", CLIENT_ID).extend_pairs(service).append_pair("scope", &scopes);
        let call = Call::new(Method::POST, Target::Url(address), scope.clone())
            .with(CONTENT_TYPE, "application/x-www-form-urlencoded");
        return call.carrying(Payload::Bytes(form.finish().into()));
    }
    {
        let mut query = address.query_pairs_mut();
        query.extend_pairs(service);
        if let Some(Credentials::Password { user, .. }) = credentials {
            query.append_pair("account", user);
        }
        for scope in scope.params() {
            query.append_pair("scope", &scope);
        }
    }
    let mut call =
        Call::new(Method::GET, Target::Url(address), scope.clone()).with(ACCEPT, "application/json");
    if let Some(Credentials::Password { user, password }) = credentials
        && let Some(header) = Authorization::basic(user, password).header()
    {
        call.headers.insert(AUTHORIZATION, header);
    }
    call
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn headers(challenges: &[&str]) -> HeaderMap {
        let pairs = challenges.iter().map(|challenge| {
            (http::header::WWW_AUTHENTICATE, HeaderValue::from_str(challenge).expect("a header"))
        });
        pairs.collect()
    }

    fn reply(token: &str, lifetime: u64) -> TokenReply {
        TokenReply { token: Secret::new(token), lifetime: Duration::from_secs(lifetime) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_used_for_four_fifths_of_its_life() {
        let broker = Broker::default();
        let scope = Scope::pull("a");
        broker.keep(scope.clone(), reply("t", 100));
        tokio::time::advance(Duration::from_secs(79)).await;
        assert!(broker.token(&scope).is_some());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(broker.token(&scope).is_none());
    }

    #[tokio::test]
    async fn a_token_serves_whatever_it_covers() {
        let broker = Broker::default();
        broker.keep(Scope::push("a"), reply("t", 100));
        assert!(broker.token(&Scope::pull("a")).is_some());
        assert!(broker.token(&Scope::pull("b")).is_none());
        assert!(broker.token(&Scope::delete("a")).is_none());
    }

    #[tokio::test]
    async fn a_token_that_is_refused_is_forgotten() {
        let broker = Broker::default();
        let scope = Scope::pull("a");
        let used = broker.keep(scope.clone(), reply("t", 100));
        let challenge = headers(&["Bearer realm=\"https://auth.example.com/token\""]);
        assert_eq!(broker.challenged(&challenge, Some(&used), &scope, &scope), Some(scope.clone()));
        assert!(broker.token(&scope).is_none());
    }

    #[tokio::test]
    async fn a_scope_widens_to_what_the_step_needs_and_no_further() {
        let broker = Broker::default();
        let (pull, limit) = (Scope::pull("a"), Scope::push("a"));
        let challenge = headers(&["Bearer realm=\"https://x/\",error=\"insufficient_scope\",\
             scope=\"repository:a:pull,push,delete repository:b:push\""]);
        let used = broker.keep(pull.clone(), reply("t", 100));
        assert_eq!(broker.challenged(&challenge, Some(&used), &pull, &limit), Some(Scope::push("a")));
    }

    #[tokio::test]
    async fn a_password_that_was_refused_is_not_sent_again() {
        let broker = Broker::default();
        let scope = Scope::pull("a");
        let basic = headers(&["Basic realm=\"x\""]);
        assert_eq!(broker.challenged(&basic, None, &scope, &scope), Some(scope.clone()));
        let used = Authorization::basic("me", &Secret::new("p"));
        assert_eq!(broker.challenged(&basic, Some(&used), &scope, &scope), None);
        assert_eq!(broker.challenged(&headers(&["Negotiate"]), None, &scope, &scope), None);
    }

    #[test]
    fn an_identity_token_travels_in_a_form_and_a_password_in_a_header() {
        let address = || Url::parse("https://auth.example.com/token?x=1").expect("an address");
        let scope = Scope::pull("a/b");
        let token = Credentials::IdentityToken(Secret::new("s3cret"));
        let call = token_call(address(), Some("reg"), &scope, Some(&token));
        let Payload::Bytes(form) = &call.payload else { panic!("no form") };
        assert_eq!(
            str::from_utf8(form).expect("text"),
            "grant_type=refresh_token&refresh_token=s3cret&client_id=umbel&service=reg&scope=repository%3Aa%2Fb%3Apull"
        );
        assert!(!call.headers.contains_key(AUTHORIZATION));
        let password = Credentials::Password { user: "me".into(), password: Secret::new("p:w") };
        let call = token_call(address(), Some("reg"), &scope, Some(&password));
        let Target::Url(url) = &call.target else { panic!("no address") };
        assert_eq!(
            url.as_str(),
            "https://auth.example.com/token?x=1&service=reg&account=me&scope=repository%3Aa%2Fb%3Apull"
        );
        assert_eq!(call.headers[AUTHORIZATION], "Basic bWU6cDp3");
    }
}
