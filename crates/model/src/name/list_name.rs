//! Names of lists in a local store.

use std::fmt;
use std::str::FromStr;

use super::{ImageName, NameError};

/// The normalised name of a list, such as `localhost/app:latest`.
///
/// Normalised as podman does it for `manifest create`: without a host it is on `localhost`, without
/// a tag or digest it has the tag `latest`, and with both only the digest counts.
///
/// ```
/// use umbel_model::ListName;
/// assert_eq!("app".parse::<ListName>().unwrap().as_str(), "localhost/app:latest");
/// assert_eq!("docker.io/alp".parse::<ListName>().unwrap().as_str(), "docker.io/library/alp:latest");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListName(Box<str>);

impl ListName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ListName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let has_host =
            text.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost");
        let full = if has_host || text.is_empty() { text.to_owned() } else { format!("localhost/{text}") };
        let name = ImageName::parse_with(&full, "localhost")
            .map_err(|error| NameError { text: text.to_owned(), ..error })?;
        Ok(Self(name.with_one_reference().to_string().into()))
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised_as_podman_does() {
        let digest = crate::Digest::sha256(b"");
        for (text, expected) in [
            ("busybox:latest", "localhost/busybox:latest".to_owned()),
            ("ns/x", "localhost/ns/x:latest".to_owned()),
            ("docker.io/alp", "docker.io/library/alp:latest".to_owned()),
            (&format!("foo:1@{digest}"), format!("localhost/foo@{digest}")),
            (&format!("example.com/b:t@{digest}"), format!("example.com/b@{digest}")),
            ("example.com:5000/b:1", "example.com:5000/b:1".to_owned()),
        ] {
            assert_eq!(text.parse::<ListName>().map(|name| name.to_string()), Ok(expected), "{text}");
        }
        for text in ["#", "Foo", "docker://x/y", "", "a/../b", "a:b:c"] {
            assert!(text.parse::<ListName>().is_err(), "{text}");
        }
    }
}
