//! From method, path and query to what is asked for. Pure.

use hyper::{Method, StatusCode};
use umbel_model::name::Tag;
use umbel_model::{Digest, ImageName};

use crate::refusal::Refusal;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/NAME/tags/list`
    Tags(String),
    /// `/v2/NAME/manifests/REFERENCE`
    Manifest(String, Reference),
    /// `/v2/NAME/blobs/DIGEST`
    Blob(String, Digest),
    /// `/v2/NAME/blobs/uploads/`
    Uploads(String),
    /// `/v2/NAME/blobs/uploads/ID`
    Upload(String, String),
    /// `/v2/NAME/referrers/DIGEST`
    Referrers(String, Digest),
}

/// How a manifest is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// By a name that may move.
    Tag(Tag),
    /// By content.
    Digest(Digest),
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// Reads the path of a request.
///
/// The colon of a digest may come percent-encoded; nothing else in a path needs to be.
pub(crate) fn endpoint(path: &str) -> Result<Endpoint, Refusal> {
    let path = &path.replace("%3A", ":").replace("%3a", ":");
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "UNSUPPORTED", "there is nothing at this path");
    let rest = match path.strip_prefix("/v2") {
        Some("" | "/") => return Ok(Endpoint::Base),
        Some(rest) => rest.strip_prefix('/').ok_or_else(unknown)?,
        None => return Err(unknown()),
    };
    if rest == "_catalog" {
        return Ok(Endpoint::Catalog);
    }
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Ok(Endpoint::Tags(repository(name)?));
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads/").or_else(|| rest.strip_suffix("/blobs/uploads")) {
        return Ok(Endpoint::Uploads(repository(name)?));
    }
    let (before, last) = rest.rsplit_once('/').ok_or_else(unknown)?;
    if let Some(name) = before.strip_suffix("/blobs/uploads") {
        return Ok(Endpoint::Upload(repository(name)?, last.to_owned()));
    }
    let (name, kind) = before.rsplit_once('/').ok_or_else(unknown)?;
    let digest = || last.parse::<Digest>().map_err(Refusal::digest_invalid);
    match kind {
        "manifests" => Ok(Endpoint::Manifest(repository(name)?, reference(last)?)),
        "blobs" => Ok(Endpoint::Blob(repository(name)?, digest()?)),
        "referrers" => Ok(Endpoint::Referrers(repository(name)?, digest()?)),
        _ => Err(unknown()),
    }
}

fn reference(text: &str) -> Result<Reference, Refusal> {
    if text.contains(':') {
        return text.parse().map(Reference::Digest).map_err(Refusal::digest_invalid);
    }
    let invalid = |()| Refusal::manifest_unknown(text.chars().take(128).collect::<String>());
    text.parse().map(Reference::Tag).map_err(invalid)
}

/// Checks the name of a repository. Names of the files of a layout are not taken as components, for a
/// repository is a directory.
pub(crate) fn repository(name: &str) -> Result<String, Refusal> {
    let invalid = |problem: &str| Refusal::new(StatusCode::BAD_REQUEST, "NAME_INVALID", problem);
    if name.split('/').any(|part| matches!(part, "blobs" | "index.json" | "oci-layout")) {
        return Err(invalid("`blobs`, `index.json` and `oci-layout` cannot be part of a name here"));
    }
    match format!("localhost/{name}").parse::<ImageName>() {
        Ok(parsed) if parsed.path() == name && parsed.tag().is_none() && parsed.digest().is_none() => {
            Ok(name.to_owned())
        }
        _ => Err(invalid("the name of a repository is written in lower case, its parts joined by `/`")),
    }
}

/// The parameters of a request that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) digest: Option<String>,
    pub(crate) mount: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) n: Option<String>,
    pub(crate) last: Option<String>,
    pub(crate) artifact_type: Option<String>,
}

impl Query {
    /// Reads the part behind `?`.
    pub(crate) fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            let field = match &*key {
                "digest" => &mut query.digest,
                "mount" => &mut query.mount,
                "from" => &mut query.from,
                "n" => &mut query.n,
                "last" => &mut query.last,
                "artifactType" => &mut query.artifact_type,
                _ => continue,
            };
            *field = Some(value.into_owned());
        }
        query
    }
}

/// Whether a method only reads.
pub(crate) fn reads(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_specification_is_understood() {
        let digest = Digest::sha256(b"");
        let tag = Reference::Tag("v1".parse().unwrap());
        let name = || "a/b".to_owned();
        for (path, expected) in [
            ("/v2/".to_owned(), Endpoint::Base),
            ("/v2".to_owned(), Endpoint::Base),
            ("/v2/_catalog".to_owned(), Endpoint::Catalog),
            ("/v2/a/b/tags/list".to_owned(), Endpoint::Tags(name())),
            ("/v2/a/b/manifests/v1".to_owned(), Endpoint::Manifest(name(), tag)),
            (
                format!("/v2/a/b/manifests/{digest}"),
                Endpoint::Manifest(name(), Reference::Digest(digest.clone())),
            ),
            (format!("/v2/a/b/blobs/{digest}"), Endpoint::Blob(name(), digest.clone())),
            ("/v2/a/b/blobs/uploads/".to_owned(), Endpoint::Uploads(name())),
            ("/v2/a/b/blobs/uploads/0123".to_owned(), Endpoint::Upload(name(), "0123".into())),
            (format!("/v2/a/b/referrers/{digest}"), Endpoint::Referrers(name(), digest.clone())),
            ("/v2/tags/list/tags/list".to_owned(), Endpoint::Tags("tags/list".into())),
        ] {
            assert_eq!(endpoint(&path), Ok(expected), "{path}");
        }
    }

    #[test]
    fn names_that_are_no_names_never_become_paths() {
        for name in ["..", "a/../b", "A", "a//b", "", ".", "%2e%2e", "a/blobs/b", "index.json", "a\\b", "a:b"]
        {
            assert_eq!(repository(name).map_err(|refusal| refusal.code), Err("NAME_INVALID"), "{name}");
        }
        assert!(endpoint("/v2/a/blobs/sha256:../../../etc/passwd").is_err());
        assert!(endpoint("/v2/a/manifests/sha256:00").is_err());
        assert!(endpoint("/v3/").is_err());
    }

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("digest=sha256%3Aab&artifactType=a%2Fb%2Bc&x=y&n=3");
        assert_eq!(query.digest.as_deref(), Some("sha256:ab"));
        assert_eq!(query.artifact_type.as_deref(), Some("a/b+c"));
        assert_eq!((query.n.as_deref(), query.mount), (Some("3"), None));
    }
}
