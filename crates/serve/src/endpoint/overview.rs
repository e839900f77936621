//! What there is: the API itself, repositories, tags.

use hyper::StatusCode;
use hyper::header::LINK;

use crate::Registry;
use crate::listing;
use crate::refusal::Refusal;
use crate::reply::{self, Reply};
use crate::route::Query;

/// `GET /v2/`
pub(crate) fn base() -> Reply {
    reply::bytes(StatusCode::OK, "application/json", "{}")
}

/// `GET /v2/_catalog`
pub(crate) fn catalog(registry: &Registry, query: &Query) -> Result<Reply, Refusal> {
    let all = registry.storage.repositories()?;
    page(&all, query, "/v2/_catalog", |names| serde_json::json!({ "repositories": names }))
}

/// `GET /v2/NAME/tags/list`
pub(crate) fn tags(registry: &Registry, name: &str, query: &Query) -> Result<Reply, Refusal> {
    let index = registry.storage.index(name)?.ok_or_else(|| Refusal::name_unknown(name))?;
    let all = listing::tags(&index);
    page(
        &all,
        query,
        &format!("/v2/{name}/tags/list"),
        |tags| serde_json::json!({ "name": name, "tags": tags }),
    )
}

/// One page of names, with a link to the next if there is one.
fn page(
    all: &[String],
    query: &Query,
    path: &str,
    body: impl FnOnce(&[String]) -> serde_json::Value,
) -> Result<Reply, Refusal> {
    let n = page_size(query)?;
    let (names, more) = listing::page(all, n, query.last.as_deref());
    let reply = reply::bytes(StatusCode::OK, "application/json", body(names).to_string());
    let next = names.last().filter(|_| more).zip(n);
    Ok(match next {
        Some((last, n)) => reply::with(reply, LINK, &format!("<{path}?n={n}&last={last}>; rel=\"next\"")),
        None => reply,
    })
}

/// The parameter `n`.
pub(super) fn page_size(query: &Query) -> Result<Option<usize>, Refusal> {
    let invalid = |_| Refusal::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", "`n` is not a number");
    query.n.as_deref().map(|n| n.parse().map_err(invalid)).transpose()
}
