//! What is done for each endpoint of the distribution specification.

pub(crate) mod blob;
pub(crate) mod manifest;
pub(crate) mod overview;
pub(crate) mod referrers;
pub(crate) mod upload;

use hyper::header::HeaderName;

/// The digest of what is sent or was written.
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
