//! The main job, as its user sees it: whole commands with all that they say.

use crate::harness::Desk;

#[test]
fn a_list_is_put_together_annotated_and_shown() {
    let transcript = Desk::with_images().transcript(&[
        "create app",
        "add app oci:images:amd64 oci:images:arm64 oci:images:armv7",
        "annotate app linux/arm64 --annotation org.example.tested=yes",
        "annotate app --annotation org.opencontainers.image.version=1.0 --annotation gone=soon",
        "annotate app --index --annotation gone-",
        "inspect app",
        "inspect app --raw",
        "inspect app --json",
        "list",
        "list --json",
        "exists app",
        "exists other",
        "remove app arm",
        "rm app",
        "list",
    ]);
    insta::assert_snapshot!(transcript);
}

#[test]
fn a_list_is_published_and_read_back() {
    let desk = Desk::with_images();
    let transcript = desk.transcript(&[
        "create app oci:images:amd64 oci:images:arm64",
        "push app oci:out:v1 oci:other",
        "push app oci:out:v2 --json",
        "push app oci:out:v1 --quiet --digestfile digest",
        "inspect oci:out:v1",
        "inspect oci:other --platform aarch64",
        "exists oci:out:v1",
        "exists oci:out:v3",
    ]);
    insta::assert_snapshot!(transcript);
    let digest = std::fs::read_to_string(desk.path("digest")).unwrap();
    assert_eq!(digest, desk.stdout("push app oci:out:v1"));
    assert_eq!(umbel_testkit::read_layout(desk.path("out"))["v1"].digest, digest);
}

#[test]
fn sources_are_combined_without_a_list() {
    let desk = Desk::with_images();
    let transcript = desk.transcript(&[
        "combine oci:images:amd64 oci:images:arm64 -t oci:out:v1 -t oci:other:v1",
        "combine oci:out:v1 -t oci:again:v1",
        "combine oci:out:v1 oci:images:armv7 --annotation a=b -t oci:out:v2",
        "combine oci:out:v2 --platform linux/arm64,armhf -t oci:out:v3 --json",
        "combine oci:images:amd64 --keep-image --dry-run",
        "combine oci:images:amd64 --dry-run",
        "combine oci:out:v2 --platform linux/s390x -t oci:out:v4",
        "inspect oci:out:v4",
    ]);
    insta::assert_snapshot!(transcript);
}

#[test]
fn entries_of_an_index_are_chosen_by_platform() {
    let desk = Desk::with_images();
    desk.stdout("combine oci:images:amd64 oci:images:arm64 oci:images:armv6 oci:images:armv7 -t oci:all");
    let transcript = desk.transcript(&[
        "create app",
        "add app oci:all --platform linux/arm/v7",
        "add app oci:all --arch armhf",
        "add app oci:all --platform arm,aarch64",
        "add app oci:all --platform linux/s390x",
        "add app oci:images:arm64 --platform linux/amd64",
        "add app oci:all --all",
        "inspect app",
        "add app oci:all --all --os-version 1",
        "add app oci:images:amd64 --variant v2 --os-features a,b",
        "inspect app --raw",
    ]);
    insta::assert_snapshot!(transcript);
}

#[test]
fn a_docker_list_stays_one_until_it_is_annotated() {
    let desk = Desk::new();
    let mut layout = umbel_testkit::Layout::create(desk.path("images"));
    layout.add_image(&umbel_testkit::image("linux/amd64").docker().build(), Some("amd64"));
    layout.add_image(&umbel_testkit::image("linux/arm64").docker().build(), Some("arm64"));
    let transcript = desk.transcript(&[
        "create app --format docker",
        "add app oci:images:amd64 oci:images:arm64",
        "annotate app linux/amd64 --features sse4",
        "inspect app --raw",
        "push app oci:out:docker",
        "push app oci:out:oci --format oci",
        "push app oci:out:oci --format oci --allow-loss",
        "annotate app --annotation a=b",
        "push app oci:out:v2 --allow-loss",
        "push app oci:out:v2 --format docker",
        "push app oci:out:v2 --format docker --allow-loss",
        "combine oci:images:amd64 oci:images:arm64 --dry-run",
    ]);
    insta::assert_snapshot!(transcript);
}

#[test]
fn the_form_comes_from_the_environment_unless_it_is_given() {
    let desk = Desk::new();
    let create = |name: &str, args: &[&str]| {
        let output = desk.command().env("UMBEL_FORMAT", "docker").args(["create", name]).args(args).output();
        assert!(output.unwrap().status.success());
        desk.stdout(&format!("inspect {name} --raw"))
    };
    assert!(create("a", &[]).contains("manifest.list.v2"));
    assert!(create("b", &["--format", "oci"]).contains("image.index.v1"));
}

#[test]
fn an_attestation_goes_with_its_image() {
    let desk = Desk::new();
    let image = umbel_testkit::image("linux/amd64").build();
    let attestation = umbel_testkit::image("unknown/unknown").build();
    let index = umbel_testkit::index()
        .entry(&image)
        .entry(
            umbel_testkit::Entry::from(&attestation)
                .annotation("vnd.docker.reference.type", "attestation-manifest")
                .annotation("vnd.docker.reference.digest", &image.manifest.digest),
        )
        .entry(&umbel_testkit::image("linux/arm64").build())
        .build();
    umbel_testkit::Layout::create(desk.path("images")).add_index(&index, Some("v1"));
    let transcript = desk.transcript(&[
        "create app oci:images:v1 --all",
        "inspect app",
        "combine oci:images:v1 --platform linux/amd64 -t oci:out",
        "inspect oci:out",
        "remove app amd64",
        "inspect app",
    ]);
    insta::assert_snapshot!(transcript);
}

#[test]
fn lists_are_amended_and_replaced() {
    let desk = Desk::with_images();
    let transcript = desk.transcript(&[
        "create app oci:images:amd64",
        "create app",
        "create app --amend oci:images:arm64 --annotation a=b",
        "inspect app --raw",
        "create app --replace",
        "inspect app --raw",
        "create new --amend",
    ]);
    insta::assert_snapshot!(transcript);
    let id = desk.stdout("create app --amend");
    assert_eq!(desk.stdout(&format!("inspect {id} --raw")), desk.stdout("inspect app --raw"));
    assert_ne!(desk.stdout("create app --replace"), id);
}

#[test]
fn a_list_is_a_source_with_the_origins_of_its_entries() {
    let desk = Desk::with_images();
    desk.stdout("create one oci:images:amd64 oci:images:arm64");
    desk.stdout("create two one --all");
    desk.stdout("rm one");
    desk.stdout("push two oci:out:v1");
    assert_eq!(umbel_testkit::read_layout(desk.path("out")).len(), 1);
}

#[test]
fn the_config_of_an_image_knows_its_platform_better_than_what_refers_to_it() {
    let desk = Desk::new();
    let image = umbel_testkit::image("linux/arm64").build();
    let stale = serde_json::json!({ "os": "linux", "architecture": "amd64" });
    let entry = umbel_testkit::Entry::from(&image).field("platform", stale);
    umbel_testkit::Layout::create(desk.path("images")).add_entry(entry, Some("v1"));
    desk.stdout("create app oci:images:v1");
    assert!(desk.stdout("inspect app --raw").contains(r#""architecture":"arm64""#));
}

#[test]
fn a_list_that_would_lose_something_is_not_combined_silently() {
    let desk = Desk::with_images();
    desk.stdout("create app oci:images:amd64");
    desk.stdout("annotate app amd64 --features sse4");
    insta::assert_snapshot!(desk.transcript(&[
        "combine app oci:images:arm64 -t oci:out:v1",
        "combine app oci:images:arm64 -t oci:out:v1 --allow-loss",
        "combine app oci:images:arm64 --format docker --dry-run",
    ]));
}

#[test]
fn a_change_that_leaves_no_annotation_leaves_a_docker_list() {
    let desk = Desk::new();
    desk.stdout("create app --format docker --annotation gone-");
    assert!(desk.stdout("inspect app --raw").contains("manifest.list.v2"));
}

#[test]
fn an_image_that_tells_no_platform_becomes_an_entry_without_one() {
    let desk = Desk::new();
    let image =
        umbel_testkit::image("linux/amd64").config_without("os").config_without("architecture").build();
    umbel_testkit::Layout::create(desk.path("images")).add_image(&image, Some("v1"));
    std::fs::write(
        desk.path("images/index.json"),
        std::fs::read_to_string(desk.path("images/index.json"))
            .unwrap()
            .replace("\"platform\"", "\"x-platform\""),
    )
    .unwrap();
    desk.stdout("create app oci:images:v1");
    assert!(!desk.stdout("inspect app --raw").contains("platform"));
}
