//! What a document is and says has one meaning, or it is refused.

use umbel_testkit::media_type::{DOCKER_LIST, OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::{Blob, Entry, image, index};

use crate::desk::Desk;
use crate::registry::{Registry, Shelf};

/// A document of `inputs`.
macro_rules! input {
    ($name:literal) => {
        (concat!($name, ".json"), include_bytes!(concat!("inputs/", $name, ".json")).as_slice())
    };
}

/// What integrity failures end with.
const INTEGRITY: i32 = 5;

/// Reads each document as `app:v1` with this type; each must be refused in these words, and nothing that it
/// names asked for.
#[track_caller]
fn refused(media_type: &str, inputs: &[((&str, &[u8]), &str)]) {
    let desk = Desk::new();
    for ((name, bytes), words) in inputs {
        let registry = Registry::serving(Shelf::tagged(media_type, *bytes));
        let said = desk.run(&format!("copy {} oci:out:v1", registry.place("app:v1")));
        assert!(said.code == INTEGRITY && said.err.contains(words), "{name}: {said:#?}");
        assert_eq!(registry.requests(), ["GET /v2/app/manifests/v1"], "{name}");
        assert!(!desk.path("out").exists(), "{name}");
    }
}

#[test]
fn a_document_that_could_be_read_as_another_kind_is_refused() {
    refused(
        OCI_INDEX,
        &[
            (input!("index-with-layers"), "is ambiguous"),
            (input!("index-with-layers-twin"), "is ambiguous"),
            (input!("untyped-both"), "is ambiguous"),
        ],
    );
    refused(
        OCI_MANIFEST,
        &[
            (input!("manifest-with-manifests"), "is ambiguous"),
            (input!("manifest-with-fslayers"), "is ambiguous"),
            (input!("untyped-both"), "is ambiguous"),
        ],
    );
    for nothing in ["application/json", "text/plain", "application/octet-stream"] {
        refused(nothing, &[(input!("untyped-both"), "does not tell what it is")]);
    }
}

#[test]
fn header_and_document_agree_on_the_type() {
    let words = "is ambiguous: it came as";
    refused(OCI_INDEX, &[(input!("manifest"), "is ambiguous")]);
    refused(OCI_MANIFEST, &[(input!("index"), "is ambiguous")]);
    refused(DOCKER_LIST, &[(input!("index"), words)]);
    refused("application/xml", &[(input!("index"), "neither an index nor an image manifest")]);
}

#[test]
fn a_key_is_there_once() {
    refused(
        OCI_INDEX,
        &[
            (input!("key-twice"), "has the key `manifests` twice"),
            (input!("escaped-key-twice"), "has the key `manifests` twice"),
            (input!("digest-twice"), "`manifests[0]` has the key `digest` twice"),
            (input!("unknown-key-twice"), "`x.y[0]` has the key `z` twice"),
            (input!("annotation-twice"), "has the key `a` twice"),
        ],
    );
}

#[test]
fn a_key_that_other_readers_take_for_a_known_one_is_refused() {
    refused(
        OCI_INDEX,
        &[
            (input!("case-twin"), "`Manifests`, which some readers take for `manifests`"),
            (input!("case-alone"), "`mediatype`, which some readers take for `mediaType`"),
            (input!("case-of-digest"), "`Digest`, which some readers take for `digest`"),
            (input!("long-s"), "which some readers take for `manifests`"),
        ],
    );
}

#[test]
fn a_document_is_one_json_object_and_nothing_else() {
    let syntax = "is not well-formed JSON";
    refused(
        OCI_INDEX,
        &[
            (input!("trailing-document"), syntax),
            (input!("trailing-garbage"), syntax),
            (input!("byte-order-mark"), syntax),
            (input!("comment"), syntax),
            (input!("not-a-number"), syntax),
            (input!("truncated"), syntax),
            (input!("empty"), syntax),
            (input!("not-utf8"), "is not UTF-8"),
            (input!("lone-surrogate"), "is not a string"),
            (input!("null"), "is not an object"),
            (input!("array"), "is not an object"),
            (input!("text"), "is not an object"),
            (input!("version-as-text"), "not 2"),
            (input!("version-three"), "not 2"),
            (input!("media-type-as-number"), "`mediaType` is not a string"),
            (input!("media-type-of-a-page"), "is ambiguous: it came as"),
        ],
    );
}

#[test]
fn null_stands_for_nothing_that_must_be_there() {
    refused(
        OCI_INDEX,
        &[
            (input!("null-entry"), "`manifests[0]` is not an object"),
            (input!("null-digest"), "`manifests[0]` has no `digest`"),
            (input!("null-size"), "`manifests[0]` has no `size`"),
            (input!("null-version"), "has no `schemaVersion`"),
            (input!("null-annotation"), "`annotations.a` is not a string"),
        ],
    );
    refused(
        OCI_MANIFEST,
        &[
            (input!("null-config"), "has no `config`"),
            (input!("null-layers"), "has no `layers`"),
            (input!("null-layer"), "`layers[0]` is not an object"),
        ],
    );
}

#[test]
fn null_for_the_entries_of_an_index_means_none() {
    let (_, bytes) = input!("null-manifests");
    let registry = Registry::serving(Shelf::tagged(OCI_INDEX, bytes));
    let said = Desk::new().run(&format!("inspect {}", registry.place("app:v1")));
    said.succeeded();
    assert!(said.out.contains("No entries"), "{said:#?}");
}

#[test]
fn a_document_nested_without_end_costs_nothing() {
    let desk = Desk::new();
    let shallow = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[],"x":{open}{close}}}"#)
    };
    for (document, words) in [
        (shallow(100_000), "nested deeper than 64 levels"),
        (shallow(65), "nested deeper than 64 levels"),
        ("[".repeat(4 << 20), "is not well-formed JSON"),
        (r#"{"a":"#.repeat(600_000), "is not well-formed JSON"),
    ] {
        let registry = Registry::serving(Shelf::tagged(OCI_INDEX, document));
        let said = desk.run(&format!("inspect {}", registry.place("app:v1")));
        said.refused(INTEGRITY, words);
        said.prompt();
    }
}

#[test]
fn a_child_is_what_its_descriptor_says() {
    let amd64 = image("linux/amd64").build();
    let inner = index().entry(&amd64).build();
    let lies = [
        // The entry says manifest, what is there is an index; and the other way round.
        (Blob { media_type: OCI_MANIFEST.to_owned(), ..inner.manifest.clone() }, inner.manifest.clone()),
        (Blob { media_type: OCI_INDEX.to_owned(), ..amd64.manifest.clone() }, amd64.manifest.clone()),
    ];
    for (told, real) in lies {
        let entry = Entry::absent(&serde_json::json!({
            "mediaType": told.media_type, "digest": told.digest, "size": told.bytes.len(),
            "platform": { "os": "linux", "architecture": "amd64" },
        }));
        let root = index().entry(entry).build();
        for served in [&told, &real] {
            let shelf = Shelf::tagged(OCI_INDEX, root.manifest.bytes.clone()).image(&amd64).document(served);
            let registry = Registry::serving(shelf);
            let desk = Desk::new();
            for command in ["copy PLACE oci:out:v1", "inspect PLACE --platform linux/amd64"] {
                let said = desk.run(&command.replace("PLACE", &registry.place("app:v1")));
                said.refused(INTEGRITY, "is ambiguous");
            }
            assert!(registry.requests().iter().all(|request| !request.contains("/blobs/")));
        }
    }
}

#[test]
fn a_config_with_two_meanings_gives_no_platform() {
    for config in [
        r#"{"os":"linux","architecture":"amd64","architecture":"arm64"}"#,
        r#"{"os":"linux","architecture":"amd64","Architecture":"arm64"}"#,
        r#"{"os":"linux","architecture":"amd64"}{}"#,
        "\u{feff}{\"os\":\"linux\",\"architecture\":\"amd64\"}",
        "null",
    ] {
        let config = Blob::new(umbel_testkit::media_type::OCI_CONFIG, config);
        let image = umbel_testkit::manifest(config).build();
        let shelf = Shelf::tagged(OCI_MANIFEST, image.manifest.bytes.clone()).image(&image);
        let registry = Registry::serving(shelf);
        let desk = Desk::new();
        let said = desk.run(&format!("create app {}", registry.place("app:v1")));
        assert_eq!(said.code, INTEGRITY, "{said:#?}");
        assert_eq!(desk.run("exists app").code, 1);
    }
}
