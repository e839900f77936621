//! What clients ask of a token service, taken apart.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::form::Fields;
use crate::network::wire::Request;

/// A request to a token service, as its log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The request itself.
    pub request: Request,
    /// Its `service`.
    pub service: Option<String>,
    /// Its `account`.
    pub account: Option<String>,
    /// Its `client_id`.
    pub client_id: Option<String>,
    /// The scopes asked for, one by one, as they were written.
    pub scopes: Vec<String>,
    /// All credentials on it, right or wrong.
    pub credentials: Vec<Credentials>,
    /// The status of the reply.
    pub status: u16,
}

/// Credentials as a client shows them to a token service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// User and password in an `Authorization: Basic` header.
    Basic(String, String),
    /// User and password in a form.
    Password(String, String),
    /// A refresh token in a form.
    RefreshToken(String),
    /// Any other `Authorization` header, in full.
    Other(String),
}

impl TokenRequest {
    pub(super) fn read(request: &Request) -> Self {
        let body = String::from_utf8_lossy(&request.body);
        let fields = Fields::read(if request.method == "POST" { &body } else { request.query() });
        let field = |name: &str| fields.first(name).map(str::to_owned);
        let text = |name: &str| field(name).unwrap_or_default();
        let form = match fields.first("grant_type") {
            Some("refresh_token") => Some(Credentials::RefreshToken(text("refresh_token"))),
            Some("password") => Some(Credentials::Password(text("username"), text("password"))),
            _ => None,
        };
        let header = request.header("authorization").map(|header| match basic(header) {
            Some((user, password)) => Credentials::Basic(user, password),
            None => Credentials::Other(header.to_owned()),
        });
        Self {
            request: request.clone(),
            service: field("service"),
            account: field("account"),
            client_id: field("client_id"),
            scopes: fields.all("scope").flat_map(str::split_whitespace).map(str::to_owned).collect(),
            credentials: form.into_iter().chain(header).collect(),
            status: 0,
        }
    }

    pub(super) fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    /// Whether a refresh token may be in the reply: by `GET` only for those who say so.
    pub(super) fn wants_refresh_token(&self) -> bool {
        self.is_post() || Fields::read(self.request.query()).first("offline_token") == Some("true")
    }
}

/// User and password of an `Authorization` header, if that is its scheme.
pub(in crate::network) fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()))?.ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_by_get_is_taken_apart() {
        let target = "/token?scope=a:b:pull&service=s&scope=c:d:pull+e:f:push&account=robot&client_id=c";
        let request = Request::new("GET", target).with("authorization", "bASIC cm9ib3Q6YTpi");
        let expected = TokenRequest {
            request: request.clone(),
            service: Some("s".into()),
            account: Some("robot".into()),
            client_id: Some("c".into()),
            scopes: ["a:b:pull", "c:d:pull", "e:f:push"].map(str::to_owned).to_vec(),
            credentials: vec![Credentials::Basic("robot".into(), "a:b".into())],
            status: 0,
        };
        assert_eq!(TokenRequest::read(&request), expected);
    }

    #[test]
    fn all_credentials_are_seen() {
        let form = "grant_type=refresh_token&refresh_token=r%2Bt";
        let with_header = Request::new("POST", "/token").with("authorization", "Bearer old");
        let expected = [Credentials::RefreshToken("r+t".into()), Credentials::Other("Bearer old".into())];
        let read = TokenRequest::read(&Request { body: form.into(), ..with_header });
        assert_eq!(read.credentials, expected);
    }
}
