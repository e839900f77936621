//! Content is what its digest says, whatever the registry says about it.

use umbel_testkit::media_type::{OCI_INDEX, OCI_MANIFEST};
use umbel_testkit::network::wire::{Request, Response};
use umbel_testkit::{digest, image, index};

use crate::desk::Desk;
use crate::registry::{Registry, Shelf};

const INTEGRITY: i32 = 5;

#[test]
fn a_tag_read_agrees_with_the_digest_that_the_registry_tells() {
    let document = index().entry(&image("linux/amd64").build()).build().manifest;
    let other = digest(b"another document");
    let sha512 = format!("sha512:{}", "0".repeat(128));
    for (told, code) in [(&document.digest, 0), (&other, INTEGRITY), (&sha512, INTEGRITY)] {
        let response = Response::new(200, document.bytes.clone())
            .with("content-type", OCI_INDEX)
            .with("docker-content-digest", told);
        let registry = Registry::serving(Shelf::default().put("/v2/app/manifests/v1", response));
        let said = Desk::new().run(&format!("inspect {}", registry.place("app:v1")));
        assert_eq!(said.code, code, "{told}: {said:#?}");
    }
}

#[test]
fn a_digest_read_is_that_digest_though_the_registry_tells_another() {
    let document = index().entry(&image("linux/amd64").build()).build().manifest;
    let asked = digest(b"what was asked for");
    for told in [&asked, &document.digest] {
        let response = Response::new(200, document.bytes.clone())
            .with("content-type", OCI_INDEX)
            .with("docker-content-digest", told);
        let shelf = Shelf::default().put(&format!("/v2/app/manifests/{asked}"), response);
        let registry = Registry::serving(shelf);
        let said = Desk::new().run(&format!("inspect {}", registry.place(&format!("app@{asked}"))));
        said.refused(INTEGRITY, &asked);
    }
}

#[test]
fn one_bit_in_whatever_is_read_ends_the_copy_and_the_name_does_not_move() {
    let image = image("linux/amd64").build();
    let root = index().entry(&image).build();
    let shelf = Shelf::tagged(OCI_INDEX, root.manifest.bytes.clone()).image(&image).document(&root.manifest);
    for (name, victim) in [
        (format!("app@{}", root.manifest.digest), &root.manifest.digest),
        ("app:v1".to_owned(), &image.manifest.digest),
        ("app:v1".to_owned(), &image.config.digest),
        ("app:v1".to_owned(), &image.layers[0].digest),
    ] {
        let (shelf, flipped) = (shelf.clone(), victim.clone());
        let registry = Registry::answering(move |request: &Request| {
            let mut response = shelf.answer(request);
            if request.target.ends_with(&flipped) {
                let middle = response.body.len() / 2;
                response.body[middle] ^= 1;
            }
            response
        });
        let desk = Desk::with_images();
        desk.run("copy oci:images:arm64 oci:out:v1").succeeded();
        let before = umbel_testkit::read_layout(desk.path("out"));
        let said = desk.run(&format!("copy {} oci:out:v1", registry.place(&name)));
        said.refused(INTEGRITY, victim);
        assert_eq!(umbel_testkit::read_layout(desk.path("out")), before);
    }
}

#[test]
fn a_page_for_people_is_no_document() {
    for media_type in ["text/html", "text/html; charset=utf-8", "TEXT/HTML"] {
        let page = "<html>welcome to the network of this hotel</html>";
        let registry = Registry::serving(Shelf::tagged(media_type, page));
        let said = Desk::new().run(&format!("inspect {}", registry.place("app:v1")));
        said.refused(7, "a page for people");
    }
}

#[test]
fn layers_with_addresses_of_their_own_are_asked_of_their_registry_alone() {
    let elsewhere = Registry::on("127.0.0.2:0", None, |_| Response::new(200, "layer"));
    let address = format!("http://{}/layer", elsewhere.host());
    let layer =
        umbel_testkit::Blob::new("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "layer");
    let image = image("windows/amd64").layer(layer.clone()).build();
    let manifest = String::from_utf8(image.manifest.bytes.clone()).unwrap();
    let named = format!("\"digest\":\"{}\"", layer.digest);
    let manifest = manifest.replace(&named, &format!("\"urls\":[\"{address}\"],{named}"));
    assert!(manifest.contains(&address));
    let shelf = Shelf::tagged(OCI_MANIFEST, manifest).blob(&image.config).blob(&image.layers[0]);
    for shelf in [shelf.clone(), shelf.blob(&layer)] {
        let registry = Registry::serving(shelf);
        let desk = Desk::new();
        for command in
            ["inspect PLACE", "create app PLACE", "copy --retry 0 PLACE oci:out:v1", "push app oci:out:v2"]
        {
            let creds = if command.contains("PLACE") { " --creds robot:pw" } else { "" };
            desk.run(&(command.replace("PLACE", &registry.place("app:v1")) + creds));
        }
        assert_eq!(elsewhere.requests(), [""; 0]);
    }
}
