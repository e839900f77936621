//! One login in a file: what stands under a key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::json::{Unexpected, Value};
use crate::{Credentials, Fault, Secret};

/// The members of a login that matter; an empty one is as good as none.
// No `Debug`: all of it is secret.
pub(crate) struct AuthEntry {
    auth: Option<String>,
    identity_token: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

impl AuthEntry {
    /// Reads the object under a key.
    pub(crate) fn read(value: Value<'_>) -> Result<Self, Unexpected> {
        let members = value.members("an object with a login")?;
        let text = |name: &str, expected| match members.get(name) {
            Some(value) => Ok(value.text(expected)?.filter(|text| !text.is_empty())),
            None => Ok(None),
        };
        Ok(Self {
            auth: text("auth", "text as `auth`")?,
            identity_token: text("identitytoken", "text as `identitytoken`")?,
            username: text("username", "text as `username`")?,
            password: text("password", "text as `password`")?,
        })
    }

    /// What the registry is to be shown; `None` for an empty entry, which docker leaves behind where the login
    /// itself is kept by a helper.
    pub(crate) fn into_credentials(self) -> Result<Option<Credentials>, Fault> {
        // Docker fills `auth` beside a token with a user who has no password; only the token counts.
        if let Some(token) = self.identity_token {
            return Ok(Some(Credentials::IdentityToken(Secret::new(token))));
        }
        if let Some(auth) = self.auth {
            return decode(&auth);
        }
        match (self.username, self.password) {
            (Some(user), Some(password)) => {
                Ok(Some(Credentials::Password { user, password: Secret::new(password) }))
            }
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err(Fault::HalfLogin),
        }
    }
}

/// Takes `auth` apart: the base64 form of `user:password`.
fn decode(auth: &str) -> Result<Option<Credentials>, Fault> {
    // Like the decoder of Go, which all peers use: line ends are no part of the text, padding is needed.
    let joined = auth.replace(['\r', '\n'], "");
    let bytes = STANDARD.decode(joined).map_err(|_| Fault::NotBase64)?;
    let text = String::from_utf8(bytes).map_err(|_| Fault::NotUtf8)?;
    let (user, password) = text.split_once(':').ok_or(Fault::NoColon)?;
    // Old versions of docker filled their buffer up with zeros.
    let password = password.trim_end_matches('\0');
    if user.is_empty() && password.is_empty() {
        return Ok(None);
    }
    Ok(Some(Credentials::Password { user: user.to_owned(), password: Secret::new(password.to_owned()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Expected = Result<Option<Credentials>, Fault>;

    fn credentials(json: &str) -> Expected {
        AuthEntry::read(Value::parse(json.as_bytes()).unwrap()).unwrap().into_credentials()
    }

    fn login(user: &str, password: &str) -> Credentials {
        Credentials::Password { user: user.into(), password: Secret::new(password.into()) }
    }

    fn token(token: &str) -> Credentials {
        Credentials::IdentityToken(Secret::new(token.into()))
    }

    #[test]
    fn auth_is_a_user_and_everything_behind_the_first_colon() {
        let cases: [(&[u8], Expected); 10] = [
            (b"me:pw", Ok(Some(login("me", "pw")))),
            (b"me:p:w:", Ok(Some(login("me", "p:w:")))),
            (b"me:pw\0\0", Ok(Some(login("me", "pw")))),
            (b"me:p\0w\n", Ok(Some(login("me", "p\0w\n")))),
            ("jörg:pässwörd".as_bytes(), Ok(Some(login("jörg", "pässwörd")))),
            (b"token:", Ok(Some(login("token", "")))),
            (b":pw", Ok(Some(login("", "pw")))),
            (b":\0", Ok(None)),
            (b"mepw", Err(Fault::NoColon)),
            (b"me:\xff", Err(Fault::NotUtf8)),
        ];
        for (plain, expected) in cases {
            let auth = STANDARD.encode(plain);
            assert_eq!(
                credentials(&format!(r#"{{"auth": "{auth}"}}"#)),
                expected,
                "{}",
                plain.escape_ascii()
            );
        }
    }

    #[test]
    fn an_entry_says_who_in_several_ways() {
        let cases = [
            ("{}", Ok(None)),
            ("null", Ok(None)),
            (r#"{"auth": "", "email": 1}"#, Ok(None)),
            (r#"{"auth": null, "username": null}"#, Ok(None)),
            (r#"{"auth": "bWU6\r\ncHc="}"#, Ok(Some(login("me", "pw")))),
            (r#"{"auth": "bWU6cHc"}"#, Err(Fault::NotBase64)),
            (r#"{"auth": "me:pw"}"#, Err(Fault::NotBase64)),
            (r#"{"username": "me", "password": "pw"}"#, Ok(Some(login("me", "pw")))),
            (r#"{"username": "me"}"#, Err(Fault::HalfLogin)),
            (r#"{"password": "pw"}"#, Err(Fault::HalfLogin)),
            (r#"{"auth": "bWU6cHc=", "username": "other", "password": "x"}"#, Ok(Some(login("me", "pw")))),
            (r#"{"identitytoken": "t"}"#, Ok(Some(token("t")))),
            (r#"{"auth": "bWU6cHc=", "identitytoken": "t"}"#, Ok(Some(token("t")))),
            (r#"{"auth": "???", "identitytoken": "t"}"#, Ok(Some(token("t")))),
        ];
        for (json, expected) in cases {
            assert_eq!(credentials(json), expected, "{json}");
        }
    }
}
