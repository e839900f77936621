//! A file with logins: `auth.json` of podman, skopeo and buildah, `config.json` and `.dockercfg` of docker.
//!
//! ```json
//! {
//!   "auths": {
//!     "quay.io/group": { "auth": "<base64 of user:password>" },
//!     "https://index.docker.io/v1/": { "identitytoken": "…" }
//!   },
//!   "credHelpers": { "gcr.io": "gcloud" },
//!   "credsStore": "desktop"
//! }
//! ```
//!
//! `.dockercfg` is what is in `auths`, alone. Members that are not named here are none of our business and may
//! be anything. A file that is not of this shape is an error, which tells the line and nothing of the content;
//! a login that cannot be used is skipped with a warning, for the others are still good.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::auth_entry::AuthEntry;
use crate::auth_key::{self, AuthKey, KeyForm};
use crate::json::{Unexpected, Value};
use crate::{Credentials, Fault, FileError, Warning, regular_file};

/// Files with logins of thousands of registries stay far below this.
const MAX_SIZE: u64 = 1 << 20;

/// The logins of one file.
#[derive(Clone, Default)]
pub struct AuthFile {
    /// By registry; they go before all logins.
    helpers: BTreeMap<String, Found>,
    /// By registry or namespace.
    scopes: BTreeMap<String, Found>,
    /// By registry, from keys that are addresses.
    registries: BTreeMap<String, Found>,
}

/// What a file has for a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The credentials themselves.
    Credentials(Credentials),
    /// The name of a helper that keeps them: the program would be `docker-credential-NAME`. Helpers are not run
    /// yet.
    Helper(String),
}

/// A file with logins that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthFileError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file does not have the shape of its kind.
    #[error("line {line} of `{}` should have {expected}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What should be there.
        expected: &'static str,
    },
}

impl AuthFile {
    /// Reads the file at `path`, if it is a regular file of at most 1 MiB.
    pub fn load(path: &Path) -> Result<(Self, Vec<Warning>), AuthFileError> {
        Self::parse(&regular_file::read(path, MAX_SIZE)?, path)
    }

    /// Reads the content of a file; `path` is for messages only. An empty file has no logins.
    ///
    /// ```
    /// use std::path::Path;
    /// use umbel_settings::{AuthFile, Credentials, Found};
    ///
    /// let text = br#"{"auths": {"quay.io/group": {"auth": "bWU6c2VjcmV0"}}}"#;
    /// let (file, warnings) = AuthFile::parse(text, Path::new("auth.json"))?;
    /// assert!(warnings.is_empty());
    ///
    /// let Some(Found::Credentials(Credentials::Password { user, password })) = file.find("quay.io", "group/app")
    /// else {
    ///     panic!()
    /// };
    /// assert_eq!((user.as_str(), password.expose().as_str()), ("me", "secret"));
    /// assert_eq!(file.find("quay.io", "other/app"), None);
    /// # Ok::<(), umbel_settings::AuthFileError>(())
    /// ```
    pub fn parse(bytes: &[u8], path: &Path) -> Result<(Self, Vec<Warning>), AuthFileError> {
        if bytes.trim_ascii().is_empty() {
            return Ok((Self::default(), Vec::new()));
        }
        let mut reader = Reader { file: Self::default(), store: None, path, warnings: Vec::new() };
        reader.read(bytes).map_err(|Unexpected { line, expected }| AuthFileError::Malformed {
            path: path.to_owned(),
            line,
            expected,
        })?;
        Ok((reader.file, reader.warnings))
    }

    /// Looks for what a repository of the registry `host` needs.
    ///
    /// A helper for the registry goes before all else; then the login with the longest name counts:
    /// `host/a/b`, `host/a`, `host`; then one whose key is an address of the registry. The three names of
    /// Docker Hub are one registry.
    pub fn find(&self, host: &str, repository: &str) -> Option<&Found> {
        let host = auth_key::registry(host);
        self.helpers
            .get(host)
            .or_else(|| auth_key::scopes(host, repository).find_map(|scope| self.scopes.get(&scope)))
            .or_else(|| self.registries.get(host))
    }
}

/// Counts instead of showing: people mistype, and then a key may have a part of a password in it.
impl fmt::Debug for AuthFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let logins = self.scopes.len() + self.registries.len();
        write!(f, "AuthFile({logins} logins, {} helpers)", self.helpers.len())
    }
}

/// The reading of one file.
struct Reader<'a> {
    file: AuthFile,
    /// The helper of the logins that the file only mentions.
    store: Option<String>,
    path: &'a Path,
    warnings: Vec<Warning>,
}

impl Reader<'_> {
    fn read(&mut self, bytes: &[u8]) -> Result<(), Unexpected> {
        let top = Value::parse(bytes)?.members("an object")?;
        if !["auths", "credHelpers", "credsStore"].iter().any(|name| top.contains_key(*name)) {
            return self.read_bare(top);
        }
        if let Some(store) = top.get("credsStore") {
            self.store = store.text("the name of a helper as `credsStore`")?.filter(|name| !name.is_empty());
        }
        if let Some(helpers) = top.get("credHelpers") {
            self.read_helpers(*helpers)?;
        }
        if let Some(logins) = top.get("auths") {
            for (key, entry) in logins.members("an object as `auths`")? {
                self.read_login(&key, KeyForm::Scopes, entry)?;
            }
        }
        Ok(())
    }

    fn read_helpers(&mut self, helpers: Value<'_>) -> Result<(), Unexpected> {
        for (key, name) in helpers.members("an object as `credHelpers`")? {
            // Docker takes an empty name as none: the login is in the file.
            let Some(name) = name.text("the name of a helper")?.filter(|name| !name.is_empty()) else {
                continue;
            };
            match AuthKey::parse(&key, KeyForm::Registries) {
                Some(AuthKey::Scope(host) | AuthKey::Registry(host)) => {
                    insert(&mut self.file.helpers, &key, host, Found::Helper(name));
                }
                None => self.warn(&key, Fault::NoRegistry),
            }
        }
        Ok(())
    }

    /// Reads a `.dockercfg`, or a `config.json` without any login, whose members say other things.
    fn read_bare(&mut self, top: BTreeMap<String, Value<'_>>) -> Result<(), Unexpected> {
        for (key, entry) in top {
            let is_login = entry.members("").is_ok_and(|members| members.contains_key("auth"));
            if is_login {
                self.read_login(&key, KeyForm::Registries, entry)?;
            }
        }
        Ok(())
    }

    fn read_login(&mut self, key: &str, form: KeyForm, entry: Value<'_>) -> Result<(), Unexpected> {
        let found = match AuthEntry::read(entry)?.into_credentials() {
            Ok(Some(credentials)) => Found::Credentials(credentials),
            // The mark that docker leaves of a login which its store has.
            Ok(None) => match &self.store {
                Some(store) => Found::Helper(store.clone()),
                None => return Ok(()),
            },
            Err(fault) => {
                self.warn(key, fault);
                return Ok(());
            }
        };
        match AuthKey::parse(key, form) {
            Some(AuthKey::Scope(name)) => insert(&mut self.file.scopes, key, name, found),
            Some(AuthKey::Registry(host)) => insert(&mut self.file.registries, key, host, found),
            None => self.warn(key, Fault::NoRegistry),
        }
        Ok(())
    }

    fn warn(&mut self, key: &str, fault: Fault) {
        let key = auth_key::shown(key);
        self.warnings.push(Warning::SkippedLogin { path: self.path.to_owned(), key, fault });
    }
}

/// Files what was under `key`. Of several keys with one meaning the plain name counts, or else the first.
fn insert(map: &mut BTreeMap<String, Found>, key: &str, name: String, found: Found) {
    if key == name {
        map.insert(name, found);
    } else {
        map.entry(name).or_insert(found);
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn parse(text: impl AsRef<[u8]>) -> (AuthFile, Vec<String>) {
        let (file, warnings) = AuthFile::parse(text.as_ref(), Path::new("auth.json")).unwrap();
        (file, warnings.iter().map(ToString::to_string).collect())
    }

    /// What a file finds, as the password or `!` and the helper.
    fn find(file: &AuthFile, host: &str, repository: &str) -> Option<String> {
        Some(match file.find(host, repository)? {
            Found::Credentials(Credentials::Password { password, .. }) => password.expose().clone(),
            Found::Credentials(Credentials::IdentityToken(_)) => panic!("no token in these files"),
            Found::Helper(name) => format!("!{name}"),
        })
    }

    /// Members with a login under each key, whose password is the key.
    fn logins(keys: &[&str]) -> String {
        let entry =
            |key: &&str| format!(r#""{key}": {{"auth": "{}"}}"#, STANDARD.encode(format!("me:{key}")));
        keys.iter().map(entry).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_longest_name_counts_then_the_address() {
        let keys = ["h/a/b", "h/a", "h", "h/ab", "https://h/v1/", "https://i", "http://i/v1/", "j/a"];
        let (file, _) = parse(format!(r#"{{"auths": {{{}}}}}"#, logins(&keys)));
        let cases = [
            ("h", "a/b/c", Some("h/a/b")),
            ("h", "a/b", Some("h/a/b")),
            ("h", "a/bc", Some("h/a")),
            ("h", "ab", Some("h/ab")),
            ("h", "abc", Some("h")),
            ("h", "", Some("h")),
            ("i", "a", Some("http://i/v1/")),
            ("j", "a/b", Some("j/a")),
            ("j", "b", None),
            ("k", "h/a/b", None),
            ("", "", None),
        ];
        for (host, repository, expected) in cases {
            assert_eq!(find(&file, host, repository).as_deref(), expected, "{host}/{repository}");
        }
    }

    #[test]
    fn the_names_of_docker_hub_are_one() {
        let hosts = ["docker.io", "index.docker.io", "registry-1.docker.io"];
        for key in ["docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io/me"]
        {
            let (file, _) = parse(format!(r#"{{"auths": {{{}}}}}"#, logins(&[key])));
            for host in hosts {
                assert_eq!(find(&file, host, "me/app").as_deref(), Some(key), "{host}");
            }
        }
        let (file, _) = parse(format!(r#"{{"auths": {{{}}}}}"#, logins(&hosts)));
        assert_eq!(find(&file, "index.docker.io", "a").as_deref(), Some("docker.io"));
        let (file, _) = parse(r#"{"credHelpers": {"https://index.docker.io/v1/": "store"}}"#);
        assert_eq!(find(&file, "docker.io", "a").as_deref(), Some("!store"));
    }

    #[test]
    fn a_helper_is_named_where_the_file_says_that_it_has_the_login() {
        let (file, warnings) = parse(format!(
            r#"{{"auths": {{{}, "stored": {{}}}}, "credHelpers": {{"h": "one", "i": ""}}, "credsStore": "all"}}"#,
            logins(&["h", "i"])
        ));
        assert_eq!(warnings, [""; 0]);
        for (host, expected) in
            [("h", Some("!one")), ("i", Some("i")), ("stored", Some("!all")), ("else", None)]
        {
            assert_eq!(find(&file, host, "a").as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn a_bare_map_is_a_file_of_old() {
        let keys = ["https://h/v1/", "i/a", "docker.io"];
        let (file, warnings) = parse(format!(
            r#"{{{}, "detachKeys": "x", "HttpHeaders": {{"a": "b"}}, "n": null, "l": []}}"#,
            logins(&keys)
        ));
        assert_eq!(warnings, [""; 0]);
        for (host, expected) in [("h", keys[0]), ("i", keys[1]), ("index.docker.io", keys[2])] {
            assert_eq!(find(&file, host, "b").as_deref(), Some(expected), "{host}");
        }
    }

    #[test]
    fn files_without_logins_are_fine() {
        for text in ["", " \n", "{}", "null", r#"{"auths": {}}"#, r#"{"auths": null, "credHelpers": null}"#] {
            let (file, warnings) = parse(text);
            assert_eq!((find(&file, "h", "a"), warnings), (None, Vec::new()), "{text}");
        }
    }

    #[test]
    fn a_login_that_cannot_be_used_is_skipped_with_a_warning() {
        let (file, warnings) = parse(
            r#"{"auths": {
                "a": {"auth": "%%%"}, "b": {"auth": "bm9jb2xvbg=="}, "c": {"username": "me"}, "d": {"auth": "/w=="},
                "https://me:secret@e": {"auth": "bWU6cHc="}, "f\n": {"auth": "!"}, "h": {"auth": "bWU6cHc="}
            }}"#,
        );
        assert_eq!(find(&file, "h", "a").as_deref(), Some("pw"));
        assert_eq!(find(&file, "b", "a"), None);
        assert_eq!(
            warnings,
            [
                "the login for `a` in `auth.json` is skipped: its `auth` is not base64",
                "the login for `b` in `auth.json` is skipped: its `auth` does not decode to `USER:PASSWORD`",
                "the login for `c` in `auth.json` is skipped: it has only one of `username` and `password`",
                "the login for `d` in `auth.json` is skipped: its `auth` does not decode to UTF-8",
                "the login for `f\\n` in `auth.json` is skipped: its `auth` is not base64",
                "the login for `…@e` in `auth.json` is skipped: its key does not name a registry or a namespace",
            ]
        );
    }

    #[test]
    fn an_error_says_where_and_what_was_expected() {
        let cases = [
            ("[]", "line 1 of `auth.json` should have an object"),
            ("{\"auths\":\n[]}", "line 2 of `auth.json` should have an object as `auths`"),
            ("{\"auths\": {\n\"h\": 1}}", "line 2 of `auth.json` should have an object with a login"),
            ("{\"auths\": {\"h\": {\n\n\"auth\": 1}}}", "line 3 of `auth.json` should have text as `auth`"),
            ("{\"h\": {\"auth\": 1}}", "line 1 of `auth.json` should have text as `auth`"),
            ("{\"credHelpers\": 1}", "line 1 of `auth.json` should have an object as `credHelpers`"),
            ("{\"credHelpers\": {\"h\": 1}}", "line 1 of `auth.json` should have the name of a helper"),
            ("{\"credsStore\": 1}", "line 1 of `auth.json` should have the name of a helper as `credsStore`"),
            ("{\n", "line 2 of `auth.json` should have the rest of the JSON"),
            ("quay.io = me", "line 1 of `auth.json` should have valid JSON"),
            ("\u{feff}{}", "line 1 of `auth.json` should have valid JSON"),
            ("\0", "line 1 of `auth.json` should have valid JSON"),
        ];
        for (text, expected) in cases {
            let error = AuthFile::parse(text.as_bytes(), Path::new("auth.json")).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn large_and_deep_files_do_no_harm() {
        let long = "k".repeat(1 << 20);
        let (file, warnings) =
            parse(format!(r#"{{"auths": {{"{long}": {{"auth": "%"}}, {}}}}}"#, logins(&["h"])));
        assert_eq!(find(&file, "h", "a").as_deref(), Some("h"));
        assert!(warnings[0].len() < 200);
        let slashes = "a/".repeat(1 << 10);
        assert_eq!(find(&file, "h", &slashes).as_deref(), Some("h"));

        let deep = "[".repeat(1 << 20) + &"]".repeat(1 << 20);
        assert_eq!(find(&parse(format!(r#"{{"auths": {{}}, "x": {deep}}}"#)).0, "h", "a"), None);
        assert_eq!(find(&parse(format!(r#"{{"x": {{"auth2": {deep}}}}}"#)).0, "h", "a"), None);
        for text in
            [format!(r#"{{"auths": {deep}}}"#), format!(r#"{{"auths": {{"h": {{"auth": {deep}}}}}}}"#), deep]
        {
            AuthFile::parse(text.as_bytes(), Path::new("auth.json")).unwrap_err();
        }
    }
}
