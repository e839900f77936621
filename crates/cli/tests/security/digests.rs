//! No text of a document becomes a path or an address unless it is a digest.

use umbel_testkit::media_type::{OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::{digest, image, index};

use crate::desk::Desk;
use crate::registry::{Registry, Shelf};

const INTEGRITY: i32 = 5;

/// Texts that are no digests, as JSON has them.
fn malformed() -> Vec<String> {
    let good = digest(b"x");
    let hex = &good["sha256:".len()..];
    let mut texts: Vec<String> = [
        "",
        ":",
        "sha256",
        "sha256:",
        "../../../../etc/passwd",
        "sha256:../../../../etc/passwd",
        "sha256:..%2f..%2fetc",
        "sha256/../../x:00",
        "..:00000000000000000000000000000000",
        "/:0000000000000000000000000000000000",
        "sha256:?digest=x#y",
    ]
    .map(str::to_owned)
    .into();
    texts.extend([
        format!("SHA256:{hex}"),
        format!("sha256:{}", hex.to_uppercase()),
        format!("sha256:{}", &hex[1..]),
        format!("sha256:{hex}0"),
        format!("sha512:{hex}"),
        format!("sha256:{}g", &hex[1..]),
        format!("sha256:{}\\n", &hex[1..]),
        format!(" sha256:{hex}"),
        format!("sha256:{hex}\\r\\nX-Header: x"),
        format!("sha256:{}\\u0000", &hex[1..]),
        format!("blake3:{}/../x", &hex[10..]),
        format!("md5:{}", "é".repeat(32)),
    ]);
    texts
}

/// Where a document names a digest: the type of the document, the document with `DIGEST` in that place, and
/// how an error calls the place.
fn places() -> Vec<(&'static str, String, &'static str)> {
    let amd64 = image("linux/amd64").build();
    let subject = umbel_testkit::Blob::new(OCI_MANIFEST, "subject");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let manifest = text(&amd64.manifest.bytes);
    let list = index().entry(&amd64).subject(&subject).build();
    let referrer = image("linux/amd64").subject(&subject).build();
    vec![
        (OCI_MANIFEST, manifest.replace(&amd64.config.digest, "DIGEST"), "`config.digest`"),
        (OCI_MANIFEST, manifest.replace(&amd64.layers[0].digest, "DIGEST"), "`layers[0].digest`"),
        (OCI_MANIFEST, text(&referrer.manifest.bytes).replace(&subject.digest, "DIGEST"), "`subject.digest`"),
        (
            OCI_INDEX,
            text(&list.manifest.bytes).replace(&amd64.manifest.digest, "DIGEST"),
            "`manifests[0].digest`",
        ),
        (OCI_INDEX, text(&list.manifest.bytes).replace(&subject.digest, "DIGEST"), "`subject.digest`"),
    ]
}

#[test]
fn a_text_that_is_no_digest_is_named_and_never_asked_for() {
    let desk = Desk::new();
    for (media_type, document, place) in places() {
        assert_eq!(document.matches("DIGEST").count(), 1, "{document}");
        for bad in malformed() {
            let registry = Registry::serving(Shelf::tagged(media_type, document.replace("DIGEST", &bad)));
            let said = desk.run(&format!("copy {} oci:out:v1", registry.place("app:v1")));
            said.refused(INTEGRITY, place);
            assert_eq!(registry.requests(), ["GET /v2/app/manifests/v1"], "{place} {bad}");
        }
    }
    assert!(!desk.path("out").exists());
}

#[test]
fn content_that_cannot_be_verified_is_not_asked_for() {
    for unknown in [
        format!("blake3:{}", "0".repeat(64)),
        format!("sha1:{}", "0".repeat(40)),
        format!("multihash+base58:{}", "Q".repeat(46)),
    ] {
        for (media_type, document, place) in places() {
            let registry = Registry::serving(Shelf::tagged(media_type, document.replace("DIGEST", &unknown)));
            let said = Desk::new().run(&format!("copy {} oci:out:v1", registry.place("app:v1")));
            assert_ne!(said.code, 0, "{place} {unknown}");
            assert!(
                registry.log().iter().all(|request| !request.target.contains(&unknown)),
                "{place}: {:?}",
                registry.requests()
            );
            if place != "`subject.digest`" {
                said.refused(INTEGRITY, &unknown);
            }
        }
    }
}

#[test]
fn a_name_that_is_no_name_is_refused_before_anybody_is_asked() {
    let registry = Registry::serving(Shelf::default());
    let host = registry.host();
    let desk = Desk::new();
    for name in [
        "../../etc/passwd",
        "app/../../x",
        "app@sha256:../../x",
        "app@sha256:00",
        "app:../x",
        "app:v1?x=y",
        "app:v1#x",
        "app%2f..%2fx",
        "App:v1",
        "app:v1/manifests/x",
        "user:password@app",
        "app:",
        "a//b",
    ] {
        let said = desk.run(&format!("inspect docker://{host}/{name}"));
        assert_eq!(said.code, 2, "{name}: {said:#?}");
    }
    assert_eq!(registry.requests(), [""; 0]);
}
