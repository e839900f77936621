//! Bad input: one clear error with a hint, its exit code, and nothing changed.

use crate::harness::{Desk, snapshot};
use umbel_testkit::{Layout, damage, image};

/// Runs commands that must all fail and change nothing, and returns what they said.
fn refused(desk: &Desk, lines: &[&str]) -> String {
    let before = (snapshot(&desk.path("store")), snapshot(&desk.path("images")), snapshot(&desk.path("out")));
    let transcript = desk.transcript(lines);
    let after = (snapshot(&desk.path("store")), snapshot(&desk.path("images")), snapshot(&desk.path("out")));
    assert!(before == after, "something changed");
    assert_eq!(transcript.matches("(exit code").count(), lines.len(), "something was accepted: {transcript}");
    transcript
}

#[test]
fn unknown_lists_and_bad_names() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64");
    insta::assert_snapshot!(refused(
        &desk,
        &[
            "inspect nope",
            "add nope oci:images:amd64",
            "annotate nope --annotation a=b",
            "remove nope amd64",
            "push nope oci:out",
            "rm nope",
            "rm nope app2",
            "create App",
            "create 'docker://x/y'",
            "create ''",
            "exists 'a b'",
            "add app other",
            "add --retry 0 app docker://127.0.0.1:1/alpine",
            "add app dir:images",
            "push app images",
            "push --retry 0 app docker://127.0.0.1:1/app",
        ]
    ));
}

#[test]
fn bad_digests_platforms_and_annotations() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64 oci:images:armv6 oci:images:armv7");
    insta::assert_snapshot!(refused(
        &desk,
        &[
            "remove app sha256:12",
            "remove app sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "remove app linux/s390x",
            "remove app arm",
            "remove app linux",
            "annotate app a/b/c/d --annotation a=b",
            "annotate app --annotation ab",
            "annotate app --annotation =b",
            "annotate app amd64 --index --annotation a=b",
            "annotate app --arch arm64",
            "annotate app amd64 --artifact-type a/b",
            "annotate app --artifact-type nonsense",
            "add app oci:images:amd64 oci:images:armv7 --arch amd64",
            "create two --format zip",
            "push app oci:images:amd64@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "push app oci:images:@0",
        ]
    ));
}

#[test]
fn sources_that_are_missing_or_no_images() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64");
    std::fs::create_dir(desk.path("empty")).unwrap();
    std::fs::write(desk.path("file"), "x").unwrap();
    let layout = Layout::create(desk.path("old"));
    let schema1 = layout.add_blob(br#"{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"history":[]}"#);
    let layer = image("linux/amd64").build().layers[0].digest.clone();
    insta::assert_snapshot!(refused(
        &desk,
        &[
            "add app oci:nowhere",
            "add app oci:empty",
            "add app oci:file",
            "add app oci:images",
            "add app oci:images:nope",
            "add app oci:images:@9",
            &format!("add app oci:images@{layer}"),
            &format!("add app oci:old@{schema1}"),
            &format!("combine oci:old@{schema1} -t oci:out"),
            "add app oci:images:arm64 oci:images:nope",
        ]
    ));
}

#[test]
fn content_that_is_not_what_its_digest_says() {
    let desk = Desk::new();
    let mut layout = Layout::create(desk.path("images"));
    let (good, bad) = (image("linux/amd64").build(), image("linux/arm64").build());
    layout.add_image(&good, Some("good")).add_image(&bad, Some("bad"));
    desk.stdout("create app oci:images:good oci:images:bad");
    damage::flip_byte(layout.blob_path(&bad.layers[0].digest), 30);
    insta::assert_snapshot!(desk.transcript(&[
        "push app oci:out:v1",
        "exists oci:out:v1",
        "combine oci:images:good -t oci:out:v1 -q",
        "combine oci:images:good oci:images:bad -t oci:out:v1",
        "inspect oci:out:v1",
    ]));
    assert!(snapshot(&desk.path("out")).keys().all(|file| !file.to_string_lossy().contains(".umbel-")));
}

#[test]
fn destinations_that_cannot_be_written() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64");
    std::fs::create_dir(desk.path("thesis")).unwrap();
    std::fs::write(desk.path("thesis/chapter1"), "x").unwrap();
    std::fs::write(desk.path("file"), "x").unwrap();
    insta::assert_snapshot!(refused(
        &desk,
        &[
            "push app oci:thesis:v1",
            "push app oci:file:v1",
            "push app oci:file/below:v1",
            "push app oci:/proc/umbel:v1",
            "--root file create other",
            "--root /proc/umbel create other",
            "push app oci:out:v1 oci:thesis:v1"
        ]
    ));
}

#[test]
fn a_run_that_fails_half_way_says_what_was_done() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64");
    desk.stdout("push app oci:other:v0");
    damage::replace_by_directory(desk.path("other/index.json"));
    insta::assert_snapshot!(
        desk.transcript(&["push app oci:out:v1 oci:other:v1 oci:third:v1", "exists oci:third:v1"])
    );
    assert_eq!(umbel_testkit::read_layout(desk.path("out")).len(), 1);
}

#[test]
fn two_commands_cannot_disagree_about_flags() {
    let desk = Desk::with_images();
    for line in [
        "",
        "bogus",
        "create",
        "create app --amend --replace",
        "add app",
        "add app oci:images:amd64 --all --platform amd64",
        "add app oci:images:amd64 --all --arch amd64",
        "combine oci:images:amd64",
        "combine oci:images:amd64 --dry-run --json",
        "inspect app --raw --json",
        "inspect app --bogus",
        "list --lock-timeout never",
        "completions tcsh",
        "completions bash --json",
        "serve --memory --root here",
        "serve --memory --lock-timeout 1",
        "serve",
    ] {
        assert_eq!(desk.output(line).status.code(), Some(2), "{line}");
    }
}

#[test]
fn a_damaged_list_is_named_and_the_others_are_shown() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64");
    desk.stdout("create other");
    damage::truncate(desk.path("store/lists/localhost%2Fapp%3Alatest.json"), 100);
    insta::assert_snapshot!(desk.transcript(&[
        "list",
        "inspect app",
        "add app oci:images:amd64",
        "inspect other",
        "rm app",
        "list"
    ]));
}

#[test]
fn text_from_a_document_cannot_steer_the_terminal() {
    let desk = Desk::new();
    let evil = image("linux/amd64").annotation("a\u{1b}[2J", "b\u{9b}2J\u{202e}").build();
    let index = umbel_testkit::index()
        .entry(umbel_testkit::Entry::from(&evil).annotation("\u{1b}]0;x\u{7}", "\r"))
        .build();
    let mut layout = Layout::create(desk.path("images"));
    layout.add_image(&evil, Some("image")).add_index(&index, Some("index"));
    for line in [
        "inspect oci:images:image",
        "inspect oci:images:index",
        "inspect oci:images:index --json",
        "inspect oci:images:image --json",
    ] {
        let output = desk.output(line);
        assert!(output.status.success());
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!said.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{said:?}");
    }
    let output = desk.command().args(["inspect", "oci:images:\u{1b}[2J"]).output().unwrap();
    assert!(!output.stderr.contains(&0x1b));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error_and_a_full_disk_is() {
    let desk = Desk::new();
    desk.stdout("create app");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = desk.command().arg("list").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
    assert!(String::from_utf8(output.stderr).unwrap().contains("standard output"));
}
