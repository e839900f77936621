//! The model against what real tools wrote and answered.
//!
//! `tests/golden` holds documents as podman, buildah, skopeo, buildx and others wrote them, and the
//! answers of real tools to questions of platform choice and naming; `interop/golden/make` makes
//! them anew. Every folder is named after the tool and its version.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use umbel_model::index::{Layout, NoEntries};
use umbel_model::{
    Digest, Document, Flavor, Index, ListName, Manifest, MediaType, Platform, Raw, Style, Wanted, choose,
};

fn golden(name: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)).unwrap()
}

fn table(name: &str) -> Value {
    serde_json::from_slice(&golden(name)).unwrap()
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

fn index(bytes: Vec<u8>) -> Document<Index> {
    let media_type = Manifest::detect(&bytes).unwrap();
    match Manifest::parse(Raw::new(media_type, bytes)) {
        Ok(Manifest::Index(document)) => document,
        other => panic!("{other:?}"),
    }
}

/// Tools that write a Docker list's members in the order of podman, and those that write an OCI
/// index's members in that order at all.
fn writes_as_we_do(tool: &str, flavor: &str) -> bool {
    match flavor {
        "docker" => matches!(tool, "podman" | "buildah" | "skopeo"),
        _ => matches!(tool, "podman" | "buildah" | "skopeo" | "buildx" | "oras"),
    }
}

#[test]
fn every_document_of_another_tool_is_read_and_keeps_its_digest() {
    for row in table("vectors.json").as_array().unwrap() {
        let bytes = golden(text(row, "file"));
        let document = index(bytes.clone());
        assert_eq!(document.raw().bytes(), bytes);
        assert_eq!(document.raw().digest().to_string(), text(row, "digest"), "{}", text(row, "file"));
    }
}

#[test]
fn what_is_read_is_written_with_the_bytes_of_the_tool_that_wrote_it() {
    let mut compared = 0;
    for row in table("vectors.json").as_array().unwrap() {
        let (file, flavor) = (text(row, "file"), text(row, "flavor"));
        let passed_through =
            matches!(file.rsplit('/').next(), Some("copied-unchanged.json" | "index-unchanged.json"));
        if !writes_as_we_do(text(row, "tool"), flavor) || passed_through {
            continue;
        }
        let bytes = golden(file);
        let written_null = bytes.windows(16).any(|w| w == br#""manifests":null"#);
        let layout = if text(row, "layout") == "indented" { Layout::Indented } else { Layout::Compact };
        let style =
            Style { layout, no_entries: if written_null { NoEntries::Null } else { NoEntries::Array } };
        let flavor: Flavor = flavor.parse().unwrap();
        let encoded = index(bytes.clone()).view().encode(flavor, style);
        let written = String::from_utf8_lossy(encoded.document.raw().bytes()).into_owned();
        assert_eq!(written, String::from_utf8_lossy(&bytes), "{file}");
        compared += 1;
    }
    assert!(compared >= 80, "only {compared} vectors were compared");
}

#[test]
fn platforms_are_chosen_as_skopeo_and_buildah_choose() {
    let table = table("choices.json");
    let rows = table["rows"].as_array().unwrap();
    for row in rows {
        let variant = row["variant"].as_str().map(str::to_owned);
        let platform = Platform { variant, ..Platform::new(text(row, "os"), text(row, "architecture")) };
        let document = index(golden(text(row, "index")));
        let chosen = choose(&document.view().entries, &Wanted::new(platform));
        let chosen: Option<&Digest> = chosen.ok().map(|entry| &entry.digest);
        assert_eq!(chosen.map(Digest::as_str), row["digest"].as_str(), "{row}");
    }
    assert!(rows.len() >= 20);
}

#[test]
fn lists_are_named_as_podman_names_them() {
    let table = table("names.json");
    let rows = table["rows"].as_array().unwrap();
    let name = |row: &Value| text(row, "input").parse::<ListName>();
    let differs = |row: &&Value| name(row).as_ref().ok().map(ListName::as_str) != row["stored"].as_str();
    let different: Vec<&str> = rows.iter().filter(differs).map(|row| text(row, "input")).collect();
    // podman takes no IPv6 address for a host here, though its image references may have one.
    assert_eq!(different, ["[2001:db8::1]:5000/list:1"]);
    assert!(rows.len() >= 15);
}

#[test]
fn the_empty_list_of_podman_is_the_one_everybody_sees() {
    let style = Style { no_entries: NoEntries::Null, ..Style::default() };
    let document = Index::default().encode(Flavor::Docker, style).document;
    let digest = "sha256:20b959ad5960230b65a77b746bdbf5d991ade4d7a129c2554e167acdcc990531";
    assert_eq!((document.raw().digest().as_str(), document.raw().size()), (digest, 108));
    assert_eq!(*document.raw().media_type(), MediaType::DOCKER_LIST);
}
