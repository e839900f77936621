//! The keys under which files have logins, as different tools have written them.

/// What a key stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AuthKey {
    /// A registry or a namespace in one, `quay.io` or `quay.io/group`, as podman writes it.
    Scope(String),
    /// A whole registry, taken from an address such as `https://quay.io/v1/`, as docker writes it.
    Registry(String),
}

/// How the keys of a file are to be understood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyForm {
    /// Keys without a scheme may name a namespace.
    Scopes,
    /// All keys stand for a whole registry, whatever path they have: the habit of `.dockercfg`.
    Registries,
}

impl AuthKey {
    /// Reads a key; `None` if it can name no registry.
    ///
    /// A path is dropped only where it is one of an address: without a scheme it is a namespace, and its login
    /// must not go to the rest of the registry.
    pub(crate) fn parse(key: &str, form: KeyForm) -> Option<Self> {
        let address = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
        let name = address.unwrap_or(key).trim_end_matches('/');
        let (host, path) = name.split_once('/').unwrap_or((name, ""));
        // With a user before the host a key never names a registry, but it may hold a password.
        if host.is_empty() || name.contains('@') {
            return None;
        }
        let host = registry(host);
        Some(match (address, form) {
            (None, KeyForm::Scopes) if path.is_empty() => Self::Scope(host.to_owned()),
            (None, KeyForm::Scopes) => Self::Scope(format!("{host}/{path}")),
            (Some(_), _) | (None, KeyForm::Registries) => Self::Registry(host.to_owned()),
        })
    }
}

/// The one name of a registry that has several: Docker Hub.
pub(crate) fn registry(host: &str) -> &str {
    match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        other => other,
    }
}

/// A repository and everything it is in, the longest name first: `h/a/b`, `h/a`, `h`.
pub(crate) fn scopes(host: &str, repository: &str) -> impl Iterator<Item = String> + use<> {
    let whole = format!("{host}/{repository}");
    std::iter::successors(Some(whole), |name| Some(name.rsplit_once('/')?.0.to_owned()))
}

/// A key for a message: without a user and password before an `@`, in one line, and not too long.
pub(crate) fn shown(key: &str) -> String {
    const LONGEST: usize = 80;
    let (hidden, rest) = key.rsplit_once('@').map_or(("", key), |(_, rest)| ("…@", rest));
    let mut text: String = rest.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if rest.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    format!("{hidden}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_path_only_where_it_names_a_namespace() {
        let scope = |name: &str| Some(AuthKey::Scope(name.to_owned()));
        let whole = |name: &str| Some(AuthKey::Registry(name.to_owned()));
        let cases = [
            ("quay.io", scope("quay.io"), whole("quay.io")),
            ("quay.io/", scope("quay.io"), whole("quay.io")),
            ("quay.io:5000/a/b", scope("quay.io:5000/a/b"), whole("quay.io:5000")),
            ("https://quay.io/v1/", whole("quay.io"), whole("quay.io")),
            ("http://quay.io", whole("quay.io"), whole("quay.io")),
            ("https://index.docker.io/v1/", whole("docker.io"), whole("docker.io")),
            ("registry-1.docker.io/me", scope("docker.io/me"), whole("docker.io")),
            ("https://me:pw@quay.io", None, None),
            ("https://", None, None),
            ("/a", None, None),
            ("", None, None),
        ];
        for (key, scopes, registries) in cases {
            assert_eq!(AuthKey::parse(key, KeyForm::Scopes), scopes, "{key}");
            assert_eq!(AuthKey::parse(key, KeyForm::Registries), registries, "{key}");
        }
    }

    #[test]
    fn scopes_go_from_the_repository_to_the_registry() {
        assert_eq!(scopes("h:1", "a/b").collect::<Vec<_>>(), ["h:1/a/b", "h:1/a", "h:1"]);
        assert_eq!(scopes("h", "").collect::<Vec<_>>(), ["h/", "h"]);
    }

    #[test]
    fn a_shown_key_is_one_short_line_without_a_password() {
        assert_eq!(shown("quay.io/a"), "quay.io/a");
        assert_eq!(shown("https://me:p@ss@quay.io"), "…@quay.io");
        assert_eq!(shown("a\n\u{1b}[31m\0"), "a\\n\\u{1b}[31m\\0");
        assert_eq!(shown(&"ä".repeat(1 << 20)), "ä".repeat(80) + "…");
    }
}
