//! The size in a descriptor is checked, and never believed before the content is there.

use umbel_testkit::media_type::{OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::{Image, image, index};

use crate::desk::Desk;
use crate::registry::{Registry, Shelf};

const INTEGRITY: i32 = 5;

/// Sizes that are none.
const IMPOSSIBLE: [&str; 12] = [
    "-1",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e400",
    "100000000000000000000000000000000000000000000000000000000000000",
    "1.5",
    "\"10\"",
    "[]",
    "true",
    "{}",
];

/// Sizes that could be, and are not that of the content.
fn wrong(size: u64) -> Vec<u64> {
    vec![0, 1, size - 1, size + 1, 1 << 30, 1 << 40, i64::MAX as u64]
}

/// Which descriptor is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Child,
    Config,
    Layer,
}

/// A registry in which one descriptor has another size, whatever that is.
fn registry(of: Of, size: &str) -> Registry {
    let mut image = image("linux/amd64").build();
    if of == Of::Config {
        resize(&mut image, |image| image.config.bytes.len(), size);
    } else if of == Of::Layer {
        resize(&mut image, |image| image.layers[0].bytes.len(), size);
    }
    let list = index().entry(&image).build();
    let mut document = String::from_utf8(list.manifest.bytes).unwrap();
    if of == Of::Child {
        document = document
            .replace(&format!("\"size\":{}", image.manifest.bytes.len()), &format!("\"size\":{size}"));
    }
    Registry::serving(Shelf::tagged(OCI_INDEX, document).image(&image))
}

/// Writes another size into the manifest, which gets another digest.
fn resize(image: &mut Image, right: impl Fn(&Image) -> usize, size: &str) {
    let manifest = String::from_utf8(image.manifest.bytes.clone()).unwrap();
    let right = format!("\"size\":{}", right(image));
    assert_eq!(manifest.matches(&right).count(), 1, "{manifest}");
    image.manifest =
        umbel_testkit::Blob::new(OCI_MANIFEST, manifest.replace(&right, &format!("\"size\":{size}")));
}

#[test]
fn a_size_that_cannot_be_one_is_refused_with_its_document() {
    let desk = Desk::new();
    for size in IMPOSSIBLE {
        for (of, words) in [
            (Of::Child, "`manifests[0].size`"),
            (Of::Config, "`config.size`"),
            (Of::Layer, "`layers[0].size`"),
        ] {
            let registry = registry(of, size);
            let said = desk.run(&format!("copy {} oci:out:v1", registry.place("app:v1")));
            said.refused(INTEGRITY, words);
        }
    }
}

#[test]
fn content_of_another_size_is_refused_and_nothing_gets_the_name() {
    let parts = image("linux/amd64").build();
    for (of, right) in [
        (Of::Child, parts.manifest.bytes.len()),
        (Of::Config, parts.config.bytes.len()),
        (Of::Layer, parts.layers[0].bytes.len()),
    ] {
        for size in wrong(right as u64) {
            let desk = Desk::new();
            let registry = registry(of, &size.to_string());
            let said = desk.run(&format!("copy --retry 0 {} oci:out:v1", registry.place("app:v1")));
            assert_ne!(said.code, 0, "{of:?} {size}: {said:#?}");
            assert!(said.err.contains("bytes"), "{of:?} {size}: {said:#?}");
            said.prompt();
            assert_eq!(desk.run("exists oci:out:v1").code, 1, "{of:?} {size}");
        }
    }
}

#[test]
fn a_config_that_says_to_be_huge_is_not_asked_for() {
    let desk = Desk::new();
    let mut image = image("linux/amd64").build();
    for size in [(4 << 20) + 1, 1 << 40, i64::MAX as u64] {
        resize(&mut image, |image| image.config.bytes.len(), &size.to_string());
        let shelf = Shelf::tagged(OCI_MANIFEST, image.manifest.bytes.clone()).image(&image);
        let registry = Registry::serving(shelf);
        desk.run(&format!("create app {}", registry.place("app:v1"))).refused(INTEGRITY, "at most");
        assert!(registry.requests().iter().all(|request| !request.contains(&image.config.digest)));
        image = umbel_testkit::image("linux/amd64").build();
    }
}

#[test]
fn a_child_that_says_to_be_huge_is_not_asked_for() {
    for size in [(4 << 20) + 1, 1 << 40, i64::MAX as u64] {
        let registry = registry(Of::Child, &size.to_string());
        let said = Desk::new().run(&format!("copy {} oci:out:v1", registry.place("app:v1")));
        said.refused(INTEGRITY, "at most 4194304 are read");
        assert_eq!(registry.requests(), ["GET /v2/app/manifests/v1"]);
    }
}
