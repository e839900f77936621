//! What a tag in a registry really holds, found out without the product.

use std::collections::BTreeSet;

use serde_json::Value;

use super::client::fetch;
use super::wire::{Request, Response};
use crate::digest;
use crate::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};

/// A tag with everything below it, all of it there and intact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Of the document behind the tag.
    pub digest: String,
    /// What the registry says the document is.
    pub media_type: String,
    /// Of every document and blob, the one behind the tag included.
    pub digests: BTreeSet<String>,
}

/// Reads the tag from the registry at `authority`, which speaks plain HTTP, and everything below it.
///
/// `None` if there is no such tag. Layers with `urls` may be kept elsewhere and are not looked for.
///
/// # Errors
///
/// A line for each document or blob that is missing, damaged, or not what it is said to be.
pub fn audit(authority: &str, repository: &str, tag: &str) -> Result<Option<Audit>, String> {
    let mut auditor = Auditor { authority, repository, digests: BTreeSet::new(), faults: Vec::new() };
    let answer = auditor.get(&format!("manifests/{tag}")).map_err(|fault| format!("`{tag}`: {fault}"))?;
    if answer.status == 404 {
        return Ok(None);
    }
    let found = digest(&answer.body);
    let media_type = answer.header("content-type").unwrap_or_default().to_owned();
    auditor.document(&answer, &found);
    if auditor.faults.is_empty() {
        return Ok(Some(Audit { digest: found, media_type, digests: auditor.digests }));
    }
    Err(auditor.faults.join("\n"))
}

struct Auditor<'a> {
    authority: &'a str,
    repository: &'a str,
    digests: BTreeSet<String>,
    faults: Vec<String>,
}

impl Auditor<'_> {
    /// Checks an index or manifest and what it names.
    fn document(&mut self, answer: &Response, named: &str) {
        self.digests.insert(named.to_owned());
        let told = answer.header("docker-content-digest");
        if let Some(told) = told.filter(|told| *told != named) {
            self.faults.push(format!("{named} is said to be {told}"));
        }
        let Ok(document) = serde_json::from_slice::<Value>(&answer.body) else {
            return self.faults.push(format!("{named} is no JSON"));
        };
        let stated = document["mediaType"].as_str();
        if stated.is_some() && stated != answer.header("content-type") {
            self.faults.push(format!("{named} has another media type than its Content-Type"));
        }
        for descriptor in document["manifests"].as_array().into_iter().flatten() {
            self.descriptor(descriptor, "manifests");
        }
        let layers = document["layers"].as_array().into_iter().flatten();
        for descriptor in layers.filter(|layer| layer["urls"].is_null()).chain(document.get("config")) {
            self.descriptor(descriptor, "blobs");
        }
    }

    /// Checks what a descriptor names, found under `manifests` or `blobs`.
    fn descriptor(&mut self, descriptor: &Value, place: &str) {
        let Some(named) = descriptor["digest"].as_str() else {
            return self.faults.push(format!("no digest in {descriptor}"));
        };
        if self.digests.contains(named) {
            return;
        }
        match self.fetched(descriptor, named, place) {
            Ok(answer) if place == "manifests" => self.document(&answer, named),
            Ok(_) => drop(self.digests.insert(named.to_owned())),
            Err(fault) => self.faults.push(format!("{named}: {fault}")),
        }
    }

    fn fetched(&self, descriptor: &Value, named: &str, place: &str) -> Result<Response, String> {
        let answer = self.get(&format!("{place}/{named}"))?;
        if answer.status != 200 {
            return Err("missing".to_owned());
        }
        let found = digest(&answer.body);
        if found != named {
            return Err(format!("damaged, its digest is {found}"));
        }
        let size = answer.body.len();
        if descriptor["size"].as_u64() != Some(size as u64) {
            return Err(format!("{size} bytes, said to be {}", descriptor["size"]));
        }
        let told = answer.header("content-type");
        if place == "manifests" && told != descriptor["mediaType"].as_str() {
            return Err(format!("its type is {told:?}, said to be {}", descriptor["mediaType"]));
        }
        Ok(answer)
    }

    /// The answer to a read, which is 200 or 404.
    fn get(&self, path: &str) -> Result<Response, String> {
        let types = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(", ");
        let request = Request::new("GET", format!("/v2/{}/{path}", self.repository)).with("accept", types);
        let answer = fetch(self.authority, &request).map_err(|error| error.to_string())?;
        if [200, 404].contains(&answer.status) {
            Ok(answer)
        } else {
            Err(format!("answered with {}", answer.status))
        }
    }
}
