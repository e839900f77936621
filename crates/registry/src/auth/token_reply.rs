//! The answer of a token server (distribution token protocol, and OAuth 2 as it uses it).

use std::time::Duration;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::secret::Secret;

/// How long a token is good for whose server does not say, and the least that is believed.
///
/// Clients have to take a minute for the default (token protocol, `expires_in`); docker also takes
/// it for the least, since servers send less than a request lasts, or even zero.
const LEAST_LIFETIME: Duration = Duration::from_secs(60);

/// The most that is believed: no command runs longer, and a registry can revoke a token anyway.
const MOST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A token and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenReply {
    /// The token, of characters that may stand in a header.
    pub(crate) token: Secret,
    /// How much longer it is good for.
    pub(crate) lifetime: Duration,
}

impl TokenReply {
    /// Parses the body of an answer that came at `now`.
    ///
    /// The lifetime counts from `issued_at`, as far as that makes sense: caches answer with tokens
    /// that are not new. A clock that is off does no more harm than the least lifetime.
    pub(crate) fn parse(body: &[u8], now: OffsetDateTime) -> Result<Self, TokenReplyError> {
        let reply: Value = serde_json::from_slice(body).map_err(|_| TokenReplyError::NotJson)?;
        let text = |key: &str| reply.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let token = text("token").or_else(|| text("access_token")).ok_or(TokenReplyError::NoToken)?;
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenReplyError::UnsendableToken);
        }
        let issued = text("issued_at").and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        let age = issued.and_then(|issued| Duration::try_from(now - issued).ok()).unwrap_or_default();
        let lifetime = reply.get("expires_in").and_then(seconds).unwrap_or(LEAST_LIFETIME);
        Ok(Self {
            token: Secret::new(token),
            lifetime: lifetime.saturating_sub(age).clamp(LEAST_LIFETIME, MOST_LIFETIME),
        })
    }
}

/// A number of seconds up to the most that is believed, written as a number or in quotes.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    Duration::try_from_secs_f64(seconds.clamp(0.0, MOST_LIFETIME.as_secs_f64())).ok()
}

/// An answer of a token server from which no token can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenReplyError {
    /// It is not JSON.
    #[error("the answer of the token server is not JSON")]
    NotJson,
    /// Neither `token` nor `access_token` has a value.
    #[error("there is no token in the answer of the token server")]
    NoToken,
    /// The token has characters that may not stand in a header.
    #[error("the token in the answer of the token server has characters that no token may have")]
    UnsendableToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> OffsetDateTime {
        OffsetDateTime::parse("2026-01-01T00:10:00Z", &Rfc3339).unwrap()
    }

    #[test]
    fn the_token_is_found_under_either_name() {
        for (body, token) in [
            (r#"{"token":"a","access_token":"b"}"#, Ok("a")),
            (r#"{"token":"","access_token":"b","refresh_token":""}"#, Ok("b")),
            (r#"{"token":null,"access_token":"b","refresh_token":"r s"}"#, Ok("b")),
            (r#"{"token":"a","expires_in":{},"issued_at":7,"refresh_token":[]}"#, Ok("a")),
            (r#"{"token":""}"#, Err(TokenReplyError::NoToken)),
            (r#"{"token":{"token":"a"}}"#, Err(TokenReplyError::NoToken)),
            (r#"["token"]"#, Err(TokenReplyError::NoToken)),
            ("null", Err(TokenReplyError::NoToken)),
            ("", Err(TokenReplyError::NotJson)),
            ("<html>", Err(TokenReplyError::NotJson)),
            (r#"{"token":"a"} x"#, Err(TokenReplyError::NotJson)),
            (&"[".repeat(100_000), Err(TokenReplyError::NotJson)),
            (r#"{"token":"a\r\nX: y"}"#, Err(TokenReplyError::UnsendableToken)),
            (r#"{"token":"a b"}"#, Err(TokenReplyError::UnsendableToken)),
            (r#"{"token":"ä"}"#, Err(TokenReplyError::UnsendableToken)),
        ] {
            let reply = TokenReply::parse(body.as_bytes(), now());
            let found = reply.as_ref().map(|reply| reply.token.expose()).map_err(|error| *error);
            assert_eq!(found, token, "{body:.60}");
        }
    }

    #[test]
    fn lifetimes_are_between_a_minute_and_a_day() {
        for (fields, expected) in [
            ("", 60),
            (r#","expires_in":300"#, 300),
            (r#","expires_in":"300""#, 300),
            (r#","expires_in":300.0"#, 300),
            (r#","expires_in":" 3e2 ""#, 300),
            (r#","expires_in":0"#, 60),
            (r#","expires_in":-5"#, 60),
            (r#","expires_in":"NaN""#, 60),
            (r#","expires_in":"-inf""#, 60),
            (r#","expires_in":"inf""#, 86_400),
            (r#","expires_in":1e300"#, 86_400),
            (r#","expires_in":18446744073709551615"#, 86_400),
            (r#","expires_in":"soon""#, 60),
            (r#","expires_in":true"#, 60),
            (r#","expires_in":300,"issued_at":"2026-01-01T00:08:00Z""#, 180),
            (r#","expires_in":300,"issued_at":"2026-01-01T01:08:00+01:00""#, 180),
            (r#","expires_in":300,"issued_at":"2026-01-01T00:20:00Z""#, 300),
            (r#","expires_in":300,"issued_at":"1970-01-01T00:00:00Z""#, 60),
            (r#","expires_in":300,"issued_at":"yesterday""#, 300),
            (r#","expires_in":300,"issued_at":"9999-99-99T99:99:99Z""#, 300),
        ] {
            let body = format!(r#"{{"token":"a"{fields}}}"#);
            let lifetime = TokenReply::parse(body.as_bytes(), now()).unwrap().lifetime;
            assert_eq!(lifetime, Duration::from_secs(expected), "{body}");
        }
    }
}
