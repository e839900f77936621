//! How a token service answers: its rules day by day, and its mishaps.

use std::thread;
use std::time::Duration;

use super::Scope;
use crate::network::wire::Response;

/// How a token service answers while nothing goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How the token is called in the reply.
    pub field: TokenField,
    /// The promised lifetime in seconds; absent, clients have to assume 60 s.
    pub expires_in: Option<u64>,
    /// How far the `issued_at` of the reply is from now, in seconds: a server's clock may be wrong.
    pub issued_at: Option<i64>,
    /// How long a token really lives, whatever was promised.
    pub lifetime: Duration,
    /// Whether the OAuth 2 dialect is spoken.
    pub post: Post,
    /// What one gets who has an account.
    pub accounts: Grant,
    /// What one gets who shows no credentials at all.
    pub anonymous: Grant,
}

impl Default for Rules {
    /// By the book: five minutes, kept; accounts get all they ask for, everybody may pull.
    fn default() -> Self {
        Self {
            field: TokenField::ByTheBook,
            expires_in: Some(300),
            issued_at: Some(0),
            lifetime: Duration::from_secs(300),
            post: Post::Spoken,
            accounts: Grant::Asked,
            anonymous: Grant::Only(&["pull"]),
        }
    }
}

/// How the token is called in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenField {
    /// Both `token` and `access_token` by `GET`, `access_token` by `POST`.
    ByTheBook,
    /// Only `token`.
    Token,
    /// Only `access_token`.
    AccessToken,
}

/// Whether a token service knows the OAuth 2 dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Post {
    /// It does.
    Spoken,
    /// `POST` gets this status: 404 and 405 are seen.
    Refused(u16),
}

/// How much of what was asked for is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// All of it.
    Asked,
    /// No more than these actions, with status 200 and no further word. A scope of which nothing is left
    /// is not in the token.
    Only(&'static [&'static str]),
    /// Nothing, with status 401.
    Nothing,
}

impl Grant {
    /// The scopes of the token, if there is to be one.
    pub(super) fn of(self, asked: Vec<Scope>) -> Option<Vec<Scope>> {
        match self {
            Self::Asked => Some(asked),
            Self::Nothing => None,
            Self::Only(actions) => Some(asked.iter().filter_map(|scope| lessened(scope, actions)).collect()),
        }
    }
}

/// What `actions` leave of the scope.
fn lessened(scope: &Scope, actions: &[&str]) -> Option<Scope> {
    let left: Vec<&str> = actions.iter().copied().filter(|action| scope.allows(action)).collect();
    (!left.is_empty()).then(|| Scope::new(&scope.kind, &scope.name, &left))
}

/// What goes wrong with a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The reply comes so late.
    Slow(Duration),
    /// The token stands behind so many bytes of blanks: valid JSON, but nobody should read all of it.
    Padded(usize),
    /// The JSON ends in its middle.
    CutOff,
    /// This is the reply instead: a status, a page of HTML, a redirect to somewhere else.
    Instead(Response),
}

/// The response, or what the mishap makes of it.
pub(super) fn spoil(mishap: Option<Mishap>, answer: impl FnOnce() -> Response) -> Response {
    match mishap {
        None => answer(),
        Some(Mishap::Instead(response)) => response,
        Some(Mishap::Slow(delay)) => {
            thread::sleep(delay);
            answer()
        }
        Some(Mishap::Padded(blanks)) => {
            let mut response = answer();
            response.body.splice(1..1, vec![b' '; blanks]);
            response
        }
        Some(Mishap::CutOff) => {
            let mut response = answer();
            response.body.truncate(response.body.len() / 2);
            response
        }
    }
}
