//! What a registry asks for in `WWW-Authenticate` (RFC 9110, section 11.6.1).

use std::collections::BTreeMap;

use crate::field_value::{MAX_LINES, Scanner};

/// One way to authenticate that a registry offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password with each request (RFC 7617).
    Basic,
    /// A token that a server gives out (RFC 6750 and the distribution project's token protocol).
    Bearer {
        /// The address of the token server.
        realm: String,
        /// What the token server knows the registry as.
        service: Option<String>,
        /// What the token would have to allow.
        scope: Option<String>,
        /// Why the token that was sent is not enough.
        error: Option<String>,
    },
}

/// Parses the lines of the field, each of which may hold several challenges.
///
/// Unknown schemes are skipped, and so is a `Bearer` without a realm. What is malformed ends its
/// line; of parameters that are there twice the first counts.
pub(crate) fn parse<'h>(values: impl IntoIterator<Item = &'h str>) -> Vec<Challenge> {
    values.into_iter().take(MAX_LINES).flat_map(challenges_of).collect()
}

fn challenges_of(line: &str) -> Vec<Challenge> {
    let mut scanner = Scanner::new(line);
    let mut found = Vec::new();
    loop {
        scanner.skip_commas();
        let scheme = scanner.token();
        if scheme.is_empty() {
            return found;
        }
        let parameters = parameters(&mut scanner);
        found.extend(parameters.and_then(|parameters| challenge(scheme, parameters)));
    }
}

fn challenge(scheme: &str, mut parameters: BTreeMap<String, String>) -> Option<Challenge> {
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    Some(Challenge::Bearer {
        realm: parameters.remove("realm").filter(|realm| !realm.is_empty())?,
        service: parameters.remove("service"),
        scope: parameters.remove("scope"),
        error: parameters.remove("error"),
    })
}

/// The parameters behind a scheme, with their names in lower case; `None` if one has no end.
fn parameters(scanner: &mut Scanner<'_>) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    scanner.skip_spaces();
    if skip_token68(scanner) {
        return Some(found);
    }
    loop {
        let mut ahead = scanner.clone();
        ahead.skip_commas();
        let name = ahead.token();
        ahead.skip_spaces();
        // Without `=` it is the scheme of the next challenge, which is left to be read.
        if name.is_empty() || !ahead.eat('=') {
            return Some(found);
        }
        ahead.skip_spaces();
        let value = ahead.parameter_value();
        *scanner = ahead;
        found.entry(name.to_ascii_lowercase()).or_insert(value?);
    }
}

/// Skips credentials of the form that schemes such as `Negotiate` have in place of parameters.
fn skip_token68(scanner: &mut Scanner<'_>) -> bool {
    let mut ahead = scanner.clone();
    let text = ahead.while_true(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
    ahead.while_true(|c| c == '=');
    ahead.skip_spaces();
    let is_whole = !text.is_empty() && (ahead.is_at_end() || ahead.eat(','));
    if is_whole {
        *scanner = ahead;
    }
    is_whole
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `realm service scope error` of each bearer, with `-` for what is not there.
    fn shown(values: &[&str]) -> Vec<String> {
        let show = |challenge| match challenge {
            Challenge::Basic => "basic".to_owned(),
            Challenge::Bearer { realm, service, scope, error } => {
                let rest = [service, scope, error].map(|part| part.unwrap_or_else(|| "-".into()));
                format!("{realm} {}", rest.join(" "))
            }
        };
        parse(values.iter().copied()).into_iter().map(show).collect()
    }

    #[test]
    fn challenges_parse_in_every_spelling_of_the_field() {
        let full = r#"Bearer realm="https://a/t?x=1,2",service="r",scope="repository:a/b:pull,push",error="insufficient_scope""#;
        let cases: &[(&[&str], &[&str])] = &[
            (&[full], &["https://a/t?x=1,2 r repository:a/b:pull,push insufficient_scope"]),
            (&[r#"BEARER Realm = "t" , SERVICE= s"#], &["t s - -"]),
            (&[r#"Basic realm="a", Bearer realm="t""#], &["basic", "t - - -"]),
            (&["Basic", r#"bearer realm="t""#], &["basic", "t - - -"]),
            (&["Basic,Basic realm=x"], &["basic", "basic"]),
            (&["Bearer realm=https://a/t,service=s"], &["https://a/t s - -"]),
            (&[r#"Bearer realm="t" service="s""#], &["t s - -"]),
            (&[r#"Negotiate YWJj==, Digest realm="d", nonce="n", Bearer realm="t""#], &["t - - -"]),
            (&["Negotiate, NTLM, Basic realm=x"], &["basic"]),
            (&[r#",, Basic realm="a\"b, Bearer realm=x" ,"#], &["basic"]),
            (&[r#"Bearer realm="t", realm="evil", service="s\"""#], &["t s\" - -"]),
            (&[r#"Bearer realm="t", service="""#], &["t  - -"]),
        ];
        for (values, expected) in cases {
            assert_eq!(shown(values), *expected, "{values:?}");
        }
    }

    #[test]
    fn hostile_fields_yield_nothing() {
        let long = format!(r#"Bearer realm="{}""#, "a".repeat(9000));
        let nested = "a ".repeat(5000);
        let many = vec!["Basic"; 100];
        let cases: &[&[&str]] = &[
            &[""],
            &[",,,;"],
            &["Bearer"],
            &["Bearer service=\"s\""],
            &["Bearer realm="],
            &["Bearer realm=\"\""],
            &["Bearer realm=\"t\", service=\"open"],
            &["Bearer realm=\"open\\"],
            &["Bearer =x"],
            &["Bearer äöü"],
            &["\"Basic\""],
            &["=="],
            &[&long],
            &[&nested],
        ];
        for values in cases {
            assert_eq!(parse(values.iter().copied()), [], "{values:?}");
        }
        assert_eq!(parse(many).len(), MAX_LINES);
    }
}
