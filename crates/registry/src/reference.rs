//! Addresses that an answer gives: resolved, and refused where following them would do harm.
//!
//! One set of rules for token servers, redirects, upload locations and next pages: http or https
//! only, no user in the address, never from https to http, and never to the machine itself or to a
//! link-local address unless the answer came from there.

use url::Url;

use crate::address::{SafeUrl, safe_text};
use crate::origin::{Origin, Scheme};

/// Resolves `text` against `from`, the address whose answer has it (RFC 3986, section 5), and checks
/// the result. Its fragment is dropped: it means nothing in a request.
pub(crate) fn resolve(role: Role, from: &Url, text: &str) -> Result<Url, AddressRefusal> {
    let mut to = from.join(text).map_err(|_| AddressRefusal {
        role,
        address: safe_text(text),
        problem: AddressProblem::Malformed,
    })?;
    let origin = Origin::of(from).ok_or_else(|| AddressRefusal::new(role, &to, AddressProblem::Scheme))?;
    check(role, &origin, &to)?;
    to.set_fragment(None);
    Ok(to)
}

/// Whether `to` may be followed at the word of `from`; if so, the origin of `to`.
pub(crate) fn check(role: Role, from: &Origin, to: &Url) -> Result<Origin, AddressRefusal> {
    let refused = |problem| Err(AddressRefusal::new(role, to, problem));
    let Some(origin) = Origin::of(to) else { return refused(AddressProblem::Scheme) };
    match () {
        () if !to.username().is_empty() || to.password().is_some() => refused(AddressProblem::User),
        () if from.scheme == Scheme::Https && origin.scheme == Scheme::Http => {
            refused(AddressProblem::LeavesHttps)
        }
        () if origin.is_loopback() && !from.is_loopback() => refused(AddressProblem::Loopback),
        () if origin.is_link_local() && !from.is_link_local() => refused(AddressProblem::LinkLocal),
        () => Ok(origin),
    }
}

/// What an address in an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Role {
    /// Where to get a token.
    #[error("token server")]
    TokenServer,
    /// Where to ask instead.
    #[error("redirect to")]
    Redirect,
    /// Where to send the rest of an upload.
    #[error("upload location")]
    Upload,
    /// Where a listing goes on.
    #[error("next page")]
    NextPage,
}

/// An address in an answer that is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {role} `{address}` is refused: {problem}")]
pub(crate) struct AddressRefusal {
    /// What the address is for.
    pub(crate) role: Role,
    /// The address, without its secrets.
    pub(crate) address: String,
    /// Why it is refused.
    pub(crate) problem: AddressProblem,
}

impl AddressRefusal {
    /// The refusal of a well-formed `address`.
    pub(crate) fn new(role: Role, address: &Url, problem: AddressProblem) -> Self {
        Self { role, address: SafeUrl(address).to_string(), problem }
    }
}

/// Why an address in an answer is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressProblem {
    /// It is no address, or a relative one where none may stand.
    #[error("it is not an address")]
    Malformed,
    /// It is neither http nor https.
    #[error("it is neither http nor https")]
    Scheme,
    /// It has a user or a password in it.
    #[error("it names a user")]
    User,
    /// It is plain http, and the answer came over https.
    #[error("it leaves https for plain http")]
    LeavesHttps,
    /// It is plain http on a host other than the registry, which would see the password.
    #[error("it is plain http on a host that is not the registry's")]
    PlainElsewhere,
    /// It leads to this machine.
    #[error("it leads into this machine")]
    Loopback,
    /// It leads to a link-local address.
    #[error("it leads to a link-local address")]
    LinkLocal,
    /// It is elsewhere than the page before it.
    #[error("it leaves the registry")]
    OtherOrigin,
    /// It is the page that was just read.
    #[error("it is the page that names it")]
    SamePage,
    /// It comes after as many redirects as are followed.
    #[error("{0} redirects were followed already")]
    TooManyHops(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_or_are_refused_with_the_reason() {
        use AddressProblem::*;
        for (from, text, expected) in [
            ("https://r/v2/a", "/b?c#d", Ok("https://r/b?c")),
            ("https://r/v2/a", "../b", Ok("https://r/b")),
            ("https://r/v2/a", "b", Ok("https://r/v2/b")),
            ("https://r/v2/a", "?b", Ok("https://r/v2/a?b")),
            ("https://r/v2/a", "", Ok("https://r/v2/a")),
            ("https://r/v2/a", "//other/b", Ok("https://other/b")),
            ("https://r/v2/a", "https://@other/b", Ok("https://other/b")),
            ("http://r/", "https://r/", Ok("https://r/")),
            ("http://r/", "http://other/", Ok("http://other/")),
            ("http://localhost:1/", "http://127.0.0.1:2/", Ok("http://127.0.0.1:2/")),
            ("http://169.254.1.1/", "http://169.254.1.2/", Ok("http://169.254.1.2/")),
            ("https://r/", "http://r/", Err(LeavesHttps)),
            ("https://r/", "file:///etc/passwd", Err(Scheme)),
            ("https://r/", "gopher://r/", Err(Scheme)),
            ("https://r/", "data:,x", Err(Scheme)),
            ("file:///a", "b", Err(Scheme)),
            ("https://r/", "https://u@r/", Err(User)),
            ("https://r/", "https://:p@r/", Err(User)),
            ("https://r/", "//u:p@other/", Err(User)),
            ("https://r/", "https://LocalHost:8080/", Err(Loopback)),
            ("http://r/", "http://[::ffff:7f00:1]/", Err(Loopback)),
            ("http://r/", "http://0/", Err(Loopback)),
            ("http://r/", "http://169.254.169.254/latest", Err(LinkLocal)),
            ("http://localhost/", "http://169.254.169.254/", Err(LinkLocal)),
            ("https://r/", "https://[fe80::1]/", Err(LinkLocal)),
            ("https://r/", "https://", Err(Malformed)),
            ("https://r/", "https://[x", Err(Malformed)),
            ("https://r/", "https://r:99999/", Err(Malformed)),
        ] {
            let answer = resolve(Role::Redirect, &from.parse().unwrap(), text);
            let answer = answer.as_ref().map(Url::as_str).map_err(|refusal| refusal.problem);
            assert_eq!(answer, expected, "{from} {text}");
        }
    }

    #[test]
    fn a_refusal_names_the_address_without_its_secrets() {
        let from = "https://r/".parse().unwrap();
        for (text, expected) in [
            ("http://u:p@h/a?b", "the upload location `http://h/a?…` is refused: it names a user"),
            ("https://u:p@h:x/a?b", "the upload location `h:x/a` is refused: it is not an address"),
        ] {
            assert_eq!(resolve(Role::Upload, &from, text).unwrap_err().to_string(), expected);
        }
    }
}
