//! Names of images in registries.

use std::fmt;
use std::str::FromStr;

use super::grammar;
use crate::{Digest, digest::DigestError};

/// The name of an image in a registry: `host/path[:tag][@digest]`.
///
/// Text is normalised as Docker does: without a host it is on `docker.io`, and a single component
/// there is in `library/`. Tag and digest may both be there; the digest then decides.
///
/// ```
/// use umbel_model::ImageName;
/// let name: ImageName = "alpine:3.20".parse().unwrap();
/// assert_eq!(name.to_string(), "docker.io/library/alpine:3.20");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageName {
    host: String,
    path: String,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl ImageName {
    /// The registry, with its port if one is named.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path of the repository inside the registry.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag, if one is named.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, if one is named.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same repository without tag and digest.
    #[must_use]
    pub fn repository(&self) -> Self {
        Self { tag: None, digest: None, ..self.clone() }
    }

    /// Parses text that has its host in it, or takes `host` where the first component cannot be one.
    pub(super) fn parse_with(text: &str, default_host: &str) -> Result<Self, NameError> {
        let error = |problem| NameError { text: text.to_owned(), problem };
        if text.is_empty() {
            return Err(error(NameProblem::Empty));
        }
        let (first, has_host) = match text.split_once('/') {
            Some((first, _)) => (first, is_host_like(first)),
            None => ("", false),
        };
        let (host, rest) = if has_host { (first, &text[first.len() + 1..]) } else { (default_host, text) };
        let host = if host == "index.docker.io" { "docker.io" } else { host };
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse().map_err(|e| error(NameProblem::Digest(e)))?)),
            None => (rest, None),
        };
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) => (path, Some(tag.parse().map_err(|()| error(NameProblem::Form))?)),
            None => (rest, None),
        };
        let library = host == "docker.io" && !path.contains('/');
        let path = if library { format!("library/{path}") } else { path.to_owned() };
        match () {
            () if path.bytes().any(|b| b.is_ascii_uppercase()) => Err(error(NameProblem::UpperCase)),
            () if host.len() + 1 + path.len() > grammar::MAX_NAME => Err(error(NameProblem::TooLong)),
            () if !grammar::is_host(host) || !grammar::is_path(&path) => Err(error(NameProblem::Form)),
            () => Ok(Self { host: host.to_owned(), path, tag, digest }),
        }
    }

    /// The name with `latest` where it has neither tag nor digest, and without its tag where it has
    /// both.
    pub(super) fn with_one_reference(mut self) -> Self {
        match (&self.tag, &self.digest) {
            (None, None) => self.tag = Some(Tag("latest".into())),
            (Some(_), Some(_)) => self.tag = None,
            _ => {}
        }
        self
    }
}

/// Whether the first component of a name is taken for a host.
fn is_host_like(first: &str) -> bool {
    first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase())
}

impl FromStr for ImageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NameError { text: text.to_owned(), problem: NameProblem::IsId });
        }
        Self::parse_with(text, "docker.io")
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

/// A tag: a letter, digit or `_`, then up to 127 of these, `.` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Box<str>);

impl Tag {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if grammar::is_tag(text) { Ok(Self(text.into())) } else { Err(()) }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a name: {problem}")]
pub struct NameError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub problem: NameProblem,
}

/// What is wrong with a text that should be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// The repository has capital letters.
    #[error("a repository is written in lower case")]
    UpperCase,
    /// Host and path together have more than 255 characters.
    #[error("host and path have at most 255 characters together")]
    TooLong,
    /// 64 hexadecimal characters.
    #[error("it is an ID")]
    IsId,
    /// What stands behind `@` is no digest.
    #[error(transparent)]
    Digest(DigestError),
    /// Anything else.
    #[error("it does not have the form `[HOST/]PATH[:TAG][@DIGEST]`")]
    Form,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_normalised_as_docker_does() {
        let digest = Digest::sha256(b"");
        for (text, expected) in [
            ("alpine", "docker.io/library/alpine".to_owned()),
            ("me/app:1", "docker.io/me/app:1".to_owned()),
            ("index.docker.io/alpine", "docker.io/library/alpine".to_owned()),
            ("localhost/app", "localhost/app".to_owned()),
            ("quay.io:443/a/b/c:1_2", "quay.io:443/a/b/c:1_2".to_owned()),
            ("[::1]:5000/a", "[::1]:5000/a".to_owned()),
            ("Host/app", "Host/app".to_owned()),
            (&format!("a/b:1@{digest}"), format!("docker.io/a/b:1@{digest}")),
        ] {
            assert_eq!(text.parse::<ImageName>().map(|name| name.to_string()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn malformed_names_are_refused_with_the_reason() {
        let long = "a/".repeat(200);
        for (text, problem) in [
            ("", NameProblem::Empty),
            ("docker.io/App", NameProblem::UpperCase),
            ("App", NameProblem::UpperCase),
            ("a//b", NameProblem::Form),
            ("a:", NameProblem::Form),
            ("docker://a/b", NameProblem::Form),
            ("a/../b", NameProblem::Form),
            ("a b", NameProblem::Form),
            (long.as_str(), NameProblem::TooLong),
            (&"a".repeat(64), NameProblem::IsId),
        ] {
            assert_eq!(text.parse::<ImageName>().map_err(|e| e.problem), Err(problem), "{text}");
        }
        assert!(matches!("a@sha256:0".parse::<ImageName>().unwrap_err().problem, NameProblem::Digest(_)));
    }

    proptest! {
        #[test]
        fn printing_and_parsing_a_name_changes_nothing(
            text in "([a-z]{1,5}\\.[a-z]{2}(:[0-9]{1,4})?/)?[a-z0-9]{1,4}([._-][a-z]{1,3})?(/[a-z]{1,4})?(:[A-Za-z0-9_.-]{1,8})?"
        ) {
            if let Ok(name) = text.parse::<ImageName>() {
                prop_assert_eq!(name.to_string().parse(), Ok(name));
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
            let _ = text.parse::<ImageName>();
        }
    }
}
