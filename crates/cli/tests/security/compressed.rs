//! What nobody asked to be compressed is not taken compressed, however large it would become.

use umbel_testkit::image;
use umbel_testkit::media_type::{OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::network::wire::Request;
use umbel_testkit::network::{Fault, Front, Kind, When};

use crate::desk::Desk;
use crate::registry::{Registry, Shelf};

fn shelf() -> Shelf {
    let image = image("linux/amd64").build();
    Shelf::tagged(OCI_MANIFEST, image.manifest.bytes.clone()).image(&image)
}

/// What a copy from `host` must end in.
#[track_caller]
fn refused(host: &str) {
    let desk = Desk::new();
    let said = desk.run(&format!("copy --retry 0 docker://{host}/app:v1 oci:out:v1"));
    said.refused(7, "unasked");
    said.prompt();
    assert_eq!(desk.run("exists oci:out:v1").code, 1);
}

#[test]
fn an_encoding_that_nobody_asked_for_is_refused() {
    for encoding in ["gzip", "GZIP", "x-gzip", "br", "zstd", "deflate", "identity, gzip", "\u{9b}2J"] {
        for part in ["/manifests/", "/blobs/"] {
            let shelf = shelf();
            let registry = Registry::answering(move |request: &Request| {
                let response = shelf.answer(request);
                if request.path().contains(part) {
                    response.with("content-encoding", encoding)
                } else {
                    response
                }
            });
            refused(&registry.host());
        }
    }
}

#[test]
fn a_compressed_answer_is_never_decompressed_however_large_it_would_become() {
    for zeros in [0, 128 << 20] {
        for (kind, part) in [(Kind::ManifestGet, "/manifests/"), (Kind::BlobGet, "/blobs/")] {
            let shelf = shelf();
            let registry = Registry::answering(move |request: &Request| {
                let mut response = shelf.answer(request);
                let size = response.body.len() + if request.path().contains(part) { zeros } else { 0 };
                response.body.resize(size, 0);
                response
            });
            // Compressing takes longer than the bound on time, so it is done before.
            let front = Front::before(registry.host()).fault(Fault::Gzip, When::every(kind)).start();
            refused(&front.authority());
        }
    }
}

#[test]
fn answers_are_asked_for_as_they_are() {
    let registry = Registry::serving(Shelf::tagged(OCI_INDEX, r#"{"schemaVersion":2,"manifests":[]}"#));
    Desk::new().run(&format!("inspect {}", registry.place("app:v1"))).succeeded();
    for request in registry.log() {
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(request.header("te"), None);
    }
}
