//! The address at which an upload goes on.

use umbel_model::Digest;
use url::Url;

use crate::reference::{AddressRefusal, Role};

/// Resolves the `Location` of an answer to `request`.
///
/// It may be on another origin; credentials go along only where
/// [`same_origin`](crate::origin::same_origin) holds.
pub(crate) fn resolve(request: &Url, location: &str) -> Result<Url, AddressRefusal> {
    crate::reference::resolve(Role::Upload, request, location)
}

/// `location` with `digest=` behind the query that it has, which registries sign and which therefore
/// keeps every byte.
pub(crate) fn with_digest(location: &Url, digest: &Digest) -> Url {
    let digest: String = form_urlencoded::byte_serialize(digest.as_str().as_bytes()).collect();
    let query = match location.query() {
        Some(query) if !query.is_empty() => format!("{query}&digest={digest}"),
        _ => format!("digest={digest}"),
    };
    let mut result = location.clone();
    result.set_query(Some(&query));
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::same_origin;

    #[test]
    fn locations_of_every_kind_resolve_against_the_request() {
        let request = "https://r/v2/a/blobs/uploads/".parse().unwrap();
        for (location, expected, same) in [
            ("/v2/a/blobs/uploads/1?_state=x%2By==", "https://r/v2/a/blobs/uploads/1?_state=x%2By==", true),
            ("https://r:443/u/1", "https://r/u/1", true),
            ("1", "https://r/v2/a/blobs/uploads/1", true),
            ("https://up.r/1", "https://up.r/1", false),
        ] {
            let resolved = resolve(&request, location).unwrap();
            assert_eq!((resolved.as_str(), same_origin(&request, &resolved)), (expected, same));
        }
        for location in ["http://r/u/1", "https://u:p@r/1", "file:///etc/passwd", "https://127.0.0.1/"] {
            assert_eq!(resolve(&request, location).unwrap_err().role, Role::Upload, "{location}");
        }
    }

    #[test]
    fn the_query_of_a_location_keeps_its_bytes() {
        let plain = Digest::sha256(b"");
        let odd: Digest = format!("multihash+base58:{}==", "Q".repeat(32)).parse().unwrap();
        let hex = plain.encoded();
        for (location, digest, query) in [
            ("https://r/u", &plain, format!("digest=sha256%3A{hex}")),
            ("https://r/u?", &plain, format!("digest=sha256%3A{hex}")),
            ("https://r/u?a=%2b+%zz&&b=|{}'", &plain, format!("a=%2b+%zz&&b=|{{}}%27&digest=sha256%3A{hex}")),
            ("https://r/u?digest=x", &plain, format!("digest=x&digest=sha256%3A{hex}")),
            ("https://r/u", &odd, format!("digest=multihash%2Bbase58%3A{}%3D%3D", "Q".repeat(32))),
        ] {
            let location: Url = location.parse().unwrap();
            let with = with_digest(&location, digest);
            assert_eq!(with.query(), Some(query.as_str()));
            assert!(with.query().unwrap().starts_with(location.query().unwrap_or_default()));
        }
    }
}
