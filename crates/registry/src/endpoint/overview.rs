//! `/v2/NAME/tags/list` and `/v2/_catalog`

use bytes::Bytes;
use serde_json::Value;
use umbel_content::TransportError;

use super::pages::malformed;
use crate::auth::Scope;
use crate::call::{Answer, Target};
use crate::repository::Repository;

/// How many names are asked for at once.
const PAGE: usize = 1000;

impl Repository {
    /// The tags of this repository, in the registry's order. They may be anything; who uses them as names
    /// parses them.
    pub async fn tags(&self) -> Result<Vec<String>, TransportError> {
        let target = self.target(&format!("tags/list?n={PAGE}"));
        self.names(target, Scope::pull(self.name().path()), "tags").await
    }

    /// The repositories of the registry of this one, in the registry's order, as far as it shows them.
    pub async fn catalog(&self) -> Result<Vec<String>, TransportError> {
        self.names(Target::Path(format!("/v2/_catalog?n={PAGE}")), Scope::catalog(), "repositories").await
    }

    async fn names(&self, target: Target, scope: Scope, member: &str) -> Result<Vec<String>, TransportError> {
        let mut all = Vec::new();
        self.pages(target, scope, |answer, body| {
            all.extend(read_names(answer, &body, member)?);
            Ok(())
        })
        .await?;
        Ok(all)
    }
}

/// A list of names; registries say `null` where there are none.
fn read_names(answer: &Answer, body: &Bytes, member: &str) -> Result<Vec<String>, TransportError> {
    let page: Value = serde_json::from_slice(body).map_err(|error| malformed(answer, error))?;
    match page.get(member) {
        Some(Value::Null) | None if page.is_object() => Ok(Vec::new()),
        Some(Value::Array(names)) => {
            let name = |name: &Value| name.as_str().map(str::to_owned);
            let names: Option<Vec<String>> = names.iter().map(name).collect();
            names.ok_or_else(|| malformed(answer, format!("`{member}` holds something else than names")))
        }
        _ => Err(malformed(answer, format!("it has no list of `{member}`"))),
    }
}
