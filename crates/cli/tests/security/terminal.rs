//! Text of a registry or document never steers the terminal that it is shown on.

use umbel_testkit::media_type::{OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::{Entry, image, index};

use crate::desk::{Desk, Said};
use crate::registry::{Registry, Shelf};

/// Clears the screen, sets a title, breaks lines, rings, reverses, hides, and splits: as escapes of C0 and
/// C1, as changes of direction, and as what cannot be seen.
const EVIL: &str = "a\u{1b}[2J\u{1b}]0;x\u{7}b\r\nc\u{8}\u{7f}\u{85}\u{9b}31m\u{9d}0;y\u{9c}\u{200e}\u{200f}\
                    \u{202a}\u{202e}\u{2066}\u{2069}\u{61c}\u{200b}\u{2028}\u{2029}\u{feff}\u{e0041}z";

/// Whether a character may be in what is shown, besides line ends and the styles of nobody.
fn steers(c: char) -> bool {
    let deceives = matches!(c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}');
    (c.is_control() && c != '\n') || deceives
}

#[track_caller]
fn tame(said: &Said) {
    let found: Vec<char> = said.all().chars().filter(|c| steers(*c)).collect();
    assert!(found.is_empty(), "{found:?} in {said:#?}");
}

/// JSON text for the string, with everything escaped that can be, so that documents can hold it.
fn json(text: &str) -> serde_json::Value {
    serde_json::Value::String(text.to_owned())
}

#[test]
fn what_an_index_says_of_its_entries_is_shown_without_its_escapes() {
    let entry =
        Entry::from(&image("linux/amd64").build()).annotation(EVIL, EVIL).field("artifactType", "a/b");
    let platform = serde_json::json!({
        "os": EVIL, "architecture": EVIL, "variant": EVIL, "os.version": EVIL, "os.features": [EVIL],
    });
    let entry = entry.field("platform", platform).field("urls", serde_json::json!([EVIL]));
    let root = index().entry(entry).annotation(EVIL, EVIL).field(EVIL, json(EVIL)).build();
    let registry = Registry::serving(Shelf::tagged(OCI_INDEX, root.manifest.bytes));
    let desk = Desk::new();
    let place = registry.place("app:v1");
    for line in [
        "inspect PLACE",
        "inspect PLACE --json",
        "inspect PLACE --platform linux/amd64",
        "create app PLACE --all",
        "create other PLACE --all --json",
        "inspect app",
        "inspect app --json",
        "list",
        "list --json",
        "add app PLACE --platform linux/s390x",
        "remove app linux/s390x",
        "annotate app linux/s390x --annotation a=b",
        "push app oci:out:v1",
        "push app oci:out:v1 --format docker",
        "combine PLACE --platform linux/s390x -t oci:out:v1",
    ] {
        tame(&desk.run(&line.replace("PLACE", &place)));
    }
}

#[test]
fn what_an_image_and_its_config_say_is_shown_without_its_escapes() {
    let image = image("linux/amd64")
        .config_field("os", EVIL)
        .config_field("architecture", EVIL)
        .annotation(EVIL, EVIL)
        .field(EVIL, json(EVIL))
        .build();
    let registry = Registry::serving(Shelf::tagged(OCI_MANIFEST, image.manifest.bytes.clone()).image(&image));
    let desk = Desk::new();
    for line in
        ["inspect PLACE", "inspect PLACE --json", "create app PLACE", "inspect app", "inspect app --json"]
    {
        tame(&desk.run(&line.replace("PLACE", &registry.place("app:v1"))));
    }
}

#[test]
fn what_is_wrong_with_a_document_is_told_without_its_escapes() {
    let evil = json(EVIL).to_string();
    for document in [
        format!(r#"{{"schemaVersion":2,"mediaType":{evil},"manifests":[]}}"#),
        format!(r#"{{"schemaVersion":{evil},"mediaType":"{OCI_INDEX}","manifests":[]}}"#),
        format!(r#"{{"schemaVersion":2,"manifests":[],{evil}:1,{evil}:2}}"#),
        format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":{evil},"digest":{evil},"size":{evil}}}]}}"#
        ),
        format!(r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"a/b","digest":{evil},"size":1}}]}}"#),
        format!(r#"{{"schemaVersion":2,"manifests":[],"annotations":{{{evil}:1}}}}"#),
        format!(r#"{{"schemaVersion":2,"manifests":[]}}{EVIL}"#),
        EVIL.to_owned(),
    ] {
        let registry = Registry::serving(Shelf::tagged(OCI_INDEX, document));
        for json in ["", "--json"] {
            let said = Desk::new().run(&format!("inspect {} {json}", registry.place("app:v1")));
            assert_eq!(said.code, 5, "{said:#?}");
            tame(&said);
        }
    }
}

#[test]
fn what_a_registry_says_of_an_error_is_told_without_its_escapes() {
    let evil = json(EVIL).to_string();
    let errors = format!(r#"{{"errors":[{{"code":{evil},"message":{evil},"detail":{evil}}}]}}"#);
    for status in [400, 401, 403, 404, 418, 429, 500, 503] {
        for body in [errors.as_str(), EVIL, &evil] {
            let body = body.to_owned();
            let registry = Registry::answering(move |_| {
                Response::new(status, body.clone())
                    .with("www-authenticate", "Basic realm=\"x\"")
                    // Without it a 400 is what a TLS port says to plain http.
                    .with("docker-distribution-api-version", "registry/2.0")
            });
            let place = registry.place("app:v1");
            for line in ["inspect PLACE", "copy oci:images:amd64 PLACE"] {
                let line = format!("{} --retry 1 --verbose", line.replace("PLACE", &place));
                let said = Desk::with_images().run(&line);
                assert_ne!(said.code, 0);
                tame(&said);
            }
        }
    }
}

#[test]
fn headers_of_an_answer_are_told_without_their_escapes() {
    // With anything of C0 in it an answer is no HTTP; the rest may stand in a header.
    let evil = EVIL.replace(|c: char| c.is_ascii_control(), "");
    for header in [
        "warning",
        "location",
        "www-authenticate",
        "content-type",
        "content-encoding",
        "docker-content-digest",
        "link",
        "retry-after",
    ] {
        for (status, shape) in [
            (200, "EVIL"),
            (200, "299 - \"EVIL\""),
            (307, "EVIL"),
            (307, "http://EVIL/"),
            (307, "http://127.0.0.1:1/EVIL"),
            (401, "Bearer realm=\"EVIL\""),
            (401, "Bearer realm=\"http://169.254.169.254/EVIL\",service=\"EVIL\""),
            (503, "EVIL"),
        ] {
            let value = shape.replace("EVIL", &evil);
            let registry = Registry::answering(move |_: &Request| {
                Response::new(status, r#"{"schemaVersion":2,"manifests":[]}"#)
                    .with("content-type", OCI_INDEX)
                    .setting(header, &value)
            });
            for json in ["", "--json"] {
                let line = format!("inspect {} --retry 1 --verbose {json}", registry.place("app:v1"));
                tame(&Desk::new().run(&line));
            }
        }
    }
}

#[test]
fn what_a_user_typed_is_shown_without_its_escapes() {
    let desk = Desk::with_images();
    for arguments in [
        &["inspect", "docker://127.0.0.1:1/EVIL"][..],
        &["inspect", "EVIL"],
        &["inspect", "oci:EVIL:v1"],
        &["create", "EVIL"],
        &["create", "app", "--annotation", "EVIL=EVIL"],
        &["add", "app", "oci:images:EVIL"],
        &["push", "app", "EVIL"],
        &["inspect", "app", "--cert-dir", "EVIL"],
        &["exists", "EVIL"],
        &["rm", "EVIL"],
    ] {
        let mut command = desk.command();
        command.args(arguments.iter().map(|argument| argument.replace("EVIL", EVIL)));
        tame(&crate::desk::finish(&mut command, ""));
    }
}
