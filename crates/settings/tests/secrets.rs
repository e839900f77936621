//! No text that this crate makes has a secret in it, whatever the file looks like.

use std::error::Error;
use std::fmt::Debug;
use std::path::Path;

use umbel_settings::{AuthFile, AuthPaths, CertDir, find_credentials};

/// The secret, what it is as base64 with `me:` before it, and a piece of each.
const FORMS: [&str; 4] = ["canary-5ecret", "bWU6Y2FuYXJ5LTVlY3JldA==", "5ecret", "LTVlY3Jl"];

/// A file that has the secret wherever a tool or a person may put one.
const FILE: &str = r#"{
  "auths": {
    "quay.io": {"auth": "bWU6Y2FuYXJ5LTVlY3JldA=="},
    "plain": {"username": "me", "password": "canary-5ecret"},
    "token": {"identitytoken": "canary-5ecret", "registrytoken": "canary-5ecret"},
    "https://me:canary-5ecret@host/": {"auth": "bWU6Y2FuYXJ5LTVlY3JldA=="},
    "not-base64": {"auth": "me:canary-5ecret"},
    "half": {"password": "canary-5ecret"}
  },
  "credHelpers": {"me:canary-5ecret@host": "helper"},
  "HttpHeaders": {"Authorization": "canary-5ecret"}
}"#;

/// Everything a program could print about an error.
fn chain(error: &dyn Error) -> String {
    let cause = error.source().map(chain).unwrap_or_default();
    format!("{error}\n{error:?}\n{error:#?}\n{cause}")
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?}\n{value:#?}")
}

#[track_caller]
fn assert_silent(text: &str, about: &str) {
    let told = FORMS.iter().find(|form| text.contains(*form));
    assert_eq!(told, None, "{about}:\n{text}");
}

/// Reads a file and collects all that there is to print.
fn read(content: &[u8]) -> String {
    match AuthFile::parse(content, Path::new("auth.json")) {
        Ok((file, warnings)) => {
            let warnings: String = warnings.iter().map(|warning| chain(warning)).collect();
            let found = ["quay.io", "plain", "token", "host"].map(|host| debug(&file.find(host, "a")));
            debug(&file) + &found.concat() + &warnings
        }
        Err(error) => chain(&error),
    }
}

#[test]
fn a_file_as_it_should_be_tells_nothing() {
    let text = read(FILE.as_bytes());
    assert_silent(&text, "whole");
    assert!(
        text.contains("not-base64") && text.contains("3 logins") && text.contains("Secret(hidden)"),
        "{text}"
    );
}

#[test]
fn a_damaged_file_tells_nothing() {
    for end in 0..FILE.len() {
        assert_silent(&read(&FILE.as_bytes()[..end]), &format!("cut at {end}"));
    }
    for at in 0..FILE.len() {
        for byte in *b"\"{}[],:\\\0\n1n\xff" {
            let mut content = FILE.as_bytes().to_vec();
            content[at] = byte;
            // A quote amid the secret makes two harmless pieces, so the pieces are looked for as well.
            assert_silent(&read(&content), &format!("{byte} at {at}"));
        }
    }
}

#[test]
fn a_secret_in_a_place_of_another_type_tells_nothing() {
    for value in [
        r#""canary-5ecret""#,
        r#"["canary-5ecret"]"#,
        r#"{"canary-5ecret": 1}"#,
        r#"{"h": "canary-5ecret"}"#,
        r#"{"h": ["canary-5ecret"]}"#,
        r#"{"h": {"auth": ["canary-5ecret"]}}"#,
        r#"{"h": {"username": {"canary-5ecret": 1}}}"#,
        r#"{"h": {"identitytoken": ["canary-5ecret"]}}"#,
    ] {
        for file in [
            value.to_owned(),
            format!(r#"{{"auths": {value}}}"#),
            format!(r#"{{"credHelpers": {value}}}"#),
            format!(r#"{{"auths": {{}}, "other": {value}}}"#),
        ] {
            // The name of a helper is none of the secrets; it has to be told.
            if !file.contains("credHelpers\": {\"h\": \"") {
                assert_silent(&read(file.as_bytes()), &file);
            }
        }
    }
}

#[test]
fn a_lookup_tells_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("auth.json");
    std::fs::write(&path, FILE).unwrap();
    let broken = dir.path().join("broken.json");
    std::fs::write(&broken, FILE.replace("\"auths\": {", "\"auths\": [")).unwrap();

    let mut paths = AuthPaths { explicit: None, candidates: vec![broken.clone(), path] };
    let lookup = find_credentials(&paths, "quay.io", "a").unwrap();
    assert!(lookup.answer.is_some());
    assert_silent(&debug(&lookup), "lookup");
    paths.explicit = Some(broken);
    assert_silent(&chain(&find_credentials(&paths, "quay.io", "a").unwrap_err()), "explicit");
}

#[test]
fn a_private_key_tells_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.cert", "a.key", "a.crt"] {
        std::fs::write(dir.path().join(name), FORMS[0]).unwrap();
    }
    let certs = CertDir::load(dir.path()).unwrap();
    assert_eq!(certs.client.as_ref().unwrap().key.expose(), FORMS[0].as_bytes());
    let text = debug(&certs);
    assert_silent(&text, "directory");
    let as_numbers = format!("{:?}", FORMS[0].as_bytes());
    assert!(!text.contains(as_numbers.trim_matches(['[', ']'])), "{text}");
}
