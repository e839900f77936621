//! What a request to a registry asks for, told from its method and target.

use super::tokens::Fields;
use super::wire::Request;

/// The operation behind a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `/v2/`, the question whether this is a registry at all.
    Base,
    /// A manifest or index is read.
    ManifestGet,
    /// A manifest or index is asked about.
    ManifestHead,
    /// A manifest or index is written; with a tag, the tag moves.
    ManifestPut,
    /// A manifest or a tag is deleted.
    ManifestDelete,
    /// A blob is read.
    BlobGet,
    /// A blob is asked about.
    BlobHead,
    /// A blob is deleted.
    BlobDelete,
    /// An upload begins.
    UploadPost,
    /// An upload begins, unless the registry takes the blob from another repository (`mount=`).
    MountPost,
    /// A chunk of a blob comes.
    UploadPatch,
    /// An upload is completed.
    UploadPut,
    /// An upload is asked how far it is.
    UploadGet,
    /// The tags of a repository.
    Tags,
    /// The repositories.
    Catalog,
    /// What refers to a manifest.
    Referrers,
    /// Anything else.
    Other,
}

impl Kind {
    /// The operation behind `request`; its body is not looked at.
    pub fn of(request: &Request) -> Self {
        let method = request.method.as_str();
        let Some(path) = request.path().strip_prefix("/v2/") else {
            return if request.path() == "/v2" { Self::Base } else { Self::Other };
        };
        let parts: Vec<&str> = path.split('/').collect();
        match (method, parts.as_slice()) {
            ("GET" | "HEAD", [""]) => Self::Base,
            ("GET", ["_catalog"]) => Self::Catalog,
            ("GET", [_, .., "tags", "list"]) => Self::Tags,
            ("GET", [_, .., "referrers", _]) => Self::Referrers,
            (_, [_, .., "manifests", _]) => Self::of_manifest(method),
            (_, [_, .., "blobs", "uploads"] | [_, .., "blobs", "uploads", _]) => Self::of_upload(request),
            ("GET", [_, .., "blobs", _]) => Self::BlobGet,
            ("HEAD", [_, .., "blobs", _]) => Self::BlobHead,
            ("DELETE", [_, .., "blobs", _]) => Self::BlobDelete,
            _ => Self::Other,
        }
    }

    /// Whether the registry is to change something.
    pub fn writes(self) -> bool {
        use Kind::{BlobDelete, ManifestDelete, ManifestPut, MountPost, UploadPatch, UploadPost, UploadPut};
        [ManifestPut, ManifestDelete, BlobDelete, UploadPost, MountPost, UploadPatch, UploadPut]
            .contains(&self)
    }

    /// Whether it belongs to an upload that has begun.
    pub fn continues_upload(self) -> bool {
        [Self::UploadPatch, Self::UploadPut, Self::UploadGet].contains(&self)
    }

    fn of_manifest(method: &str) -> Self {
        match method {
            "GET" => Self::ManifestGet,
            "HEAD" => Self::ManifestHead,
            "PUT" => Self::ManifestPut,
            "DELETE" => Self::ManifestDelete,
            _ => Self::Other,
        }
    }

    fn of_upload(request: &Request) -> Self {
        match request.method.as_str() {
            "POST" if query_value(request, "mount").is_some() => Self::MountPost,
            "POST" => Self::UploadPost,
            "PATCH" => Self::UploadPatch,
            "PUT" => Self::UploadPut,
            "GET" => Self::UploadGet,
            _ => Self::Other,
        }
    }
}

/// The value of a parameter in the query, decoded.
pub(crate) fn query_value(request: &Request, name: &str) -> Option<String> {
    Fields::read(request.query()).first(name).map(ToOwned::to_owned)
}

/// The target without these parameters in its query.
pub(crate) fn without_parameters(request: &Request, names: &[&str]) -> String {
    let kept = |pair: &&str| !pair.is_empty() && !names.contains(&pair.split('=').next().unwrap_or_default());
    let query: Vec<&str> = request.query().split('&').filter(kept).collect();
    if query.is_empty() {
        request.path().to_owned()
    } else {
        format!("{}?{}", request.path(), query.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_from_method_and_target() {
        for (method, target, kind) in [
            ("GET", "/v2/", Kind::Base),
            ("GET", "/v2", Kind::Base),
            ("GET", "/v2/_catalog?n=5", Kind::Catalog),
            ("GET", "/v2/a/b/manifests/latest", Kind::ManifestGet),
            ("HEAD", "/v2/a/manifests/sha256:00", Kind::ManifestHead),
            ("PUT", "/v2/manifests/manifests/manifests", Kind::ManifestPut),
            ("DELETE", "/v2/a/manifests/x", Kind::ManifestDelete),
            ("GET", "/v2/a/blobs/sha256:00", Kind::BlobGet),
            ("HEAD", "/v2/a/blobs/sha256:00", Kind::BlobHead),
            ("DELETE", "/v2/a/blobs/sha256:00", Kind::BlobDelete),
            ("POST", "/v2/a/blobs/uploads/", Kind::UploadPost),
            ("POST", "/v2/a/blobs/uploads", Kind::UploadPost),
            ("POST", "/v2/a/blobs/uploads/?digest=sha256:00", Kind::UploadPost),
            ("POST", "/v2/a/blobs/uploads/?mount=sha256:00&from=b", Kind::MountPost),
            ("PATCH", "/v2/a/blobs/uploads/17?state=x", Kind::UploadPatch),
            ("PUT", "/v2/a/blobs/uploads/17?digest=sha256:00", Kind::UploadPut),
            ("GET", "/v2/a/blobs/uploads/17", Kind::UploadGet),
            ("GET", "/v2/a/tags/list?last=x", Kind::Tags),
            ("GET", "/v2/a/referrers/sha256:00?artifactType=x", Kind::Referrers),
            ("GET", "/token?scope=x", Kind::Other),
            ("POST", "/v2/a/manifests/x", Kind::Other),
        ] {
            assert_eq!(Kind::of(&Request::new(method, target)), kind, "{method} {target}");
        }
    }

    #[test]
    fn parameters_are_decoded_and_taken_away() {
        let request = Request::new("POST", "/v2/a/blobs/uploads/?mount=sha256%3A00%&from=b&x=%zz%é");
        assert_eq!(query_value(&request, "mount").unwrap(), "sha256:00%");
        assert_eq!(query_value(&request, "x").unwrap(), "%zz%é");
        assert_eq!(without_parameters(&request, &["mount", "x"]), "/v2/a/blobs/uploads/?from=b");
        assert_eq!(without_parameters(&request, &["mount", "x", "from"]), "/v2/a/blobs/uploads/");
    }
}
