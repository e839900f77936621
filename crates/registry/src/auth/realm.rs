//! Where tokens may be fetched: the token server gets to see the password.

use url::Url;

use crate::address::safe_text;
use crate::origin::{Origin, Scheme};
use crate::reference::{AddressProblem, AddressRefusal, Role, check};

/// The address of the token server that `registry` names in its challenge.
///
/// It may be on any host over https, but on plain http only where the registry itself is on plain
/// http and on that very host. Into this machine and to link-local addresses only a registry leads
/// that is there itself.
pub(crate) fn token_address(registry: &Origin, realm: &str) -> Result<Url, AddressRefusal> {
    let mut address = Url::parse(realm).map_err(|_| AddressRefusal {
        role: Role::TokenServer,
        address: safe_text(realm),
        problem: AddressProblem::Malformed,
    })?;
    let origin = check(Role::TokenServer, registry, &address)?;
    if origin.scheme == Scheme::Http && !origin.same_host(registry) {
        return Err(AddressRefusal::new(Role::TokenServer, &address, AddressProblem::PlainElsewhere));
    }
    address.set_fragment(None);
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_goes_only_where_it_is_safe() {
        use AddressProblem::*;
        let cases: &[(&str, &str, Result<&str, AddressProblem>)] = &[
            ("https://r", "https://auth.example.com/token?a=b#c", Ok("https://auth.example.com/token?a=b")),
            ("https://r", "https://r/token", Ok("https://r/token")),
            ("http://r:5000", "https://other/token", Ok("https://other/token")),
            ("http://r:5000", "http://R:5001/token", Ok("http://r:5001/token")),
            ("http://127.0.0.1:1", "http://127.0.0.1:2/t", Ok("http://127.0.0.1:2/t")),
            ("https://localhost:1", "https://127.0.0.1:2/t", Ok("https://127.0.0.1:2/t")),
            ("http://r", "http://other/token", Err(PlainElsewhere)),
            ("http://127.0.0.1", "http://127.0.0.2/t", Err(PlainElsewhere)),
            ("http://r", "http://a.r/token", Err(PlainElsewhere)),
            ("https://r", "http://r/token", Err(LeavesHttps)),
            ("https://r", "https://localhost/token", Err(Loopback)),
            ("http://r", "http://0.0.0.0/token", Err(Loopback)),
            ("https://r", "https://169.254.169.254/latest/api", Err(LinkLocal)),
            ("https://localhost", "https://[fe80::1]/t", Err(LinkLocal)),
            ("https://r", "https://user:pw@auth/token", Err(User)),
            ("https://r", "file:///etc/passwd", Err(Scheme)),
            ("https://r", "javascript:alert(1)", Err(Scheme)),
            ("https://r", "/token", Err(Malformed)),
            ("https://r", "", Err(Malformed)),
            ("https://r", "https://", Err(Malformed)),
        ];
        for (registry, realm, expected) in cases {
            let registry = Origin::of(&registry.parse().unwrap()).unwrap();
            let answer = token_address(&registry, realm);
            assert_eq!(answer.as_ref().map(Url::as_str).map_err(|e| e.problem), *expected, "{realm}");
        }
    }

    #[test]
    fn a_refusal_says_why_without_secrets() {
        let registry = Origin::of(&"http://r".parse().unwrap()).unwrap();
        assert_eq!(
            token_address(&registry, "http://auth/token?password=hunter2").unwrap_err().to_string(),
            "the token server `http://auth/token?…` is refused: \
             it is plain http on a host that is not the registry's"
        );
    }
}
