//! Layouts: what is read, what is refused, what is written.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use umbel_content::{
    Blob, Limits, Placed, Placing, ReadBackend as _, Source, TransportError, WriteBackend as _, block_on,
};
use umbel_local::{LayoutDestination, LayoutSource, Locking};
use umbel_model::name::LayoutImage;
use umbel_model::{Manifest, MediaType, Raw};
use umbel_testkit::{Layout, damage, image, index, read_layout, tree};

fn name(name: &str) -> LayoutImage {
    LayoutImage::Name(name.into())
}

fn source(path: &Path, image: LayoutImage) -> Result<Source, TransportError> {
    Ok(Source::new(Arc::new(LayoutSource::open(path, image)?), Limits::default()))
}

fn root(path: &Path, image: LayoutImage) -> Result<Manifest, TransportError> {
    block_on(source(path, image)?.root()).map(|root| root.manifest)
}

/// A layout with one image called `v1`, and that image.
fn one_image() -> (tempfile::TempDir, Layout, umbel_testkit::Image) {
    let scratch = tempfile::tempdir().unwrap();
    let mut layout = Layout::create(scratch.path().join("layout"));
    let image = image("linux/amd64").build();
    layout.add_image(&image, Some("v1"));
    (scratch, layout, image)
}

#[test]
fn what_a_layout_holds_is_read_by_name_digest_and_position() {
    let (_scratch, layout, image) = one_image();
    let digest = image.manifest.digest.parse().unwrap();
    for which in
        [name("v1"), LayoutImage::Only, LayoutImage::Position(0), LayoutImage::Digest { name: None, digest }]
    {
        let manifest = root(layout.root(), which).unwrap();
        assert_eq!(manifest.raw().bytes(), image.manifest.bytes);
    }
}

#[test]
fn a_document_that_the_index_does_not_list_is_found_by_its_digest() {
    let (_scratch, mut layout, image) = one_image();
    let index = index().entry(&image).build();
    layout.add_index(&index, Some("all"));
    let child = index.entries[0].digest.parse().unwrap();
    fs::write(layout.index_path(), br#"{"schemaVersion":2,"manifests":[]}"#).unwrap();
    let manifest = root(layout.root(), LayoutImage::Digest { name: None, digest: child }).unwrap();
    assert!(matches!(manifest, Manifest::Image(_)));
}

/// What a hostile or broken layout is refused for, as the variant of the error.
fn variant(error: &TransportError) -> &'static str {
    match error {
        TransportError::NotFound { .. } => "not found",
        TransportError::Unspecified { .. } => "unspecified",
        TransportError::WrongKind { .. } => "wrong kind",
        TransportError::Io { .. } => "io",
        TransportError::NotRegular { .. } => "not regular",
        TransportError::TooLarge { .. } => "too large",
        TransportError::Document { .. } => "document",
        TransportError::Damaged { .. } => "damaged",
        TransportError::WrongTarget { .. } => "wrong target",
        TransportError::Busy { .. } => "busy",
        TransportError::Remote(_) => "remote",
        TransportError::NotADestination { .. } => "not a destination",
    }
}

#[test]
fn hostile_layouts_are_refused_at_once() {
    type Harm = fn(&Layout, &umbel_testkit::Image);
    let cases: &[(&str, Harm, &str)] = &[
        ("index is a link", |l, _| damage::replace_by_symlink(l.index_path(), "/etc/passwd"), "not regular"),
        ("index is a pipe", |l, _| damage::replace_by_fifo(l.index_path()), "not regular"),
        ("index is a directory", |l, _| damage::replace_by_directory(l.index_path()), "not regular"),
        ("index is huge", |l, _| damage::grow(l.index_path(), 4 << 30), "too large"),
        ("index is empty", |l, _| damage::truncate(l.index_path(), 0), "document"),
        ("index is gone", |l, _| damage::remove(l.index_path()), "wrong kind"),
        ("marker is gone", |l, _| damage::remove(l.root().join("oci-layout")), "not found"),
        (
            "marker is of another version",
            |l, _| {
                damage::overwrite(l.root().join("oci-layout"), br#"{"imageLayoutVersion":"2.0.0"}"#);
            },
            "wrong kind",
        ),
        (
            "marker is a link",
            |l, _| damage::replace_by_symlink(l.root().join("oci-layout"), "index.json"),
            "not regular",
        ),
        (
            "blob is a link",
            |l, i| damage::replace_by_symlink(l.blob_path(&i.manifest.digest), "/etc/passwd"),
            "not regular",
        ),
        ("blob is a pipe", |l, i| damage::replace_by_fifo(l.blob_path(&i.manifest.digest)), "not regular"),
        ("blob is gone", |l, i| damage::remove(l.blob_path(&i.manifest.digest)), "not found"),
        ("blob has another byte", |l, i| damage::flip_byte(l.blob_path(&i.manifest.digest), 7), "damaged"),
        ("blob is cut", |l, i| damage::truncate(l.blob_path(&i.manifest.digest), 7), "damaged"),
        ("blob is huge", |l, i| damage::grow(l.blob_path(&i.manifest.digest), 4 << 30), "too large"),
        (
            "blobs is a link",
            |l, _| {
                fs::rename(l.root().join("blobs"), l.root().join("elsewhere")).unwrap();
                std::os::unix::fs::symlink("elsewhere", l.root().join("blobs")).unwrap();
            },
            "io",
        ),
        (
            "digest leaves the directory",
            |l, _| {
                let text = fs::read_to_string(l.index_path()).unwrap();
                let digest = text.split("sha256:").nth(1).unwrap()[..64].to_owned();
                let evil = format!("../../../../{}", "a".repeat(52));
                fs::write(l.index_path(), text.replace(&digest, &evil)).unwrap();
            },
            "document",
        ),
        (
            "size is negative",
            |l, _| {
                let text = fs::read_to_string(l.index_path()).unwrap().replace("\"size\":", "\"size\":-");
                fs::write(l.index_path(), text).unwrap();
            },
            "document",
        ),
        (
            "size is a lie",
            |l, _| {
                let text = fs::read_to_string(l.index_path())
                    .unwrap()
                    .replace("\"size\":", "\"size\":9223372036854775807,\"x\":");
                fs::write(l.index_path(), text).unwrap();
            },
            "damaged",
        ),
    ];
    for (what, harm, expected) in cases {
        let (_scratch, layout, image) = one_image();
        harm(&layout, &image);
        let started = Instant::now();
        let error = root(layout.root(), name("v1")).map(drop).expect_err(what);
        assert_eq!(variant(&error), *expected, "{what}: {error:?}");
        assert!(started.elapsed() < Duration::from_secs(2), "{what}");
    }
}

#[test]
fn a_damaged_layer_is_found_while_it_is_read() {
    let (_scratch, layout, image) = one_image();
    damage::flip_byte(layout.blob_path(&image.layers[0].digest), 20);
    let source = source(layout.root(), name("v1")).unwrap();
    let Ok(Manifest::Image(manifest)) = block_on(source.root()).map(|root| root.manifest) else {
        panic!("an image")
    };
    let layer = &manifest.view().layers[0];
    let read = block_on(async { source.blob(layer).await?.collect(1 << 20).await });
    assert_eq!(variant(&read.unwrap_err()), "damaged");
}

fn destination(path: &Path, image: LayoutImage) -> Result<LayoutDestination, TransportError> {
    LayoutDestination::open(path, image, Locking::default())
}

fn document(marker: &str) -> Raw {
    let json = format!(r#"{{"schemaVersion":2,"manifests":[],"annotations":{{"marker":"{marker}"}}}}"#);
    Raw::new(MediaType::OCI_INDEX, json.into_bytes())
}

#[test]
fn a_written_layout_has_the_bytes_and_leaves_nothing_else() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("a/b");
    let raw = document("1");
    block_on(destination(&path, name("v1")).unwrap().publish(&raw)).unwrap();
    assert_eq!(read_layout(&path)["v1"].bytes, raw.bytes());
    let files: Vec<String> = tree(&path).keys().map(|file| file.display().to_string()).collect();
    assert_eq!(
        files,
        [format!("blobs/sha256/{}", raw.digest().encoded()), "index.json".into(), "oci-layout".into()]
    );
}

#[test]
fn writers_of_several_names_at_once_all_survive() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("layout");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for round in 0..5 {
                    let called = format!("v{writer}.{round}");
                    block_on(destination(path, name(&called)).unwrap().publish(&document(&called))).unwrap();
                }
            });
        }
    });
    assert_eq!(read_layout(&path).len(), 40);
    assert!(tree(&path).keys().all(|file| !file.to_string_lossy().contains(".umbel-")));
}

#[test]
fn a_directory_that_holds_something_else_is_not_written_to() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("thesis.tex"), "years of work").unwrap();
    let error = destination(scratch.path(), name("v1")).map(drop).unwrap_err();
    assert_eq!(variant(&error), "wrong kind");
    assert_eq!(tree(scratch.path()).len(), 1);
}

#[test]
fn links_in_a_destination_are_not_followed() {
    let scratch = tempfile::tempdir().unwrap();
    let (layout, elsewhere) = (scratch.path().join("layout"), scratch.path().join("elsewhere"));
    block_on(destination(&layout, name("v1")).unwrap().publish(&document("1"))).unwrap();
    fs::rename(layout.join("blobs"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, layout.join("blobs")).unwrap();
    let before = tree(&elsewhere);
    let error = block_on(destination(&layout, name("v2")).unwrap().publish(&document("2"))).unwrap_err();
    assert_eq!(variant(&error), "io");
    assert_eq!(tree(&elsewhere), before);
}

#[test]
fn a_digest_in_the_destination_must_be_that_of_the_result() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("layout");
    let (right, wrong) = (document("1"), document("2"));
    let which = |raw: &Raw| LayoutImage::Digest { name: Some("v1".into()), digest: raw.digest().clone() };
    let error = block_on(destination(&path, which(&wrong)).unwrap().publish(&right)).unwrap_err();
    assert_eq!(variant(&error), "wrong target");
    block_on(destination(&path, which(&right)).unwrap().publish(&right)).unwrap();
    assert_eq!(read_layout(&path)["v1"].bytes, right.bytes());
}

#[test]
fn fields_and_entries_of_others_survive_in_the_index_of_the_layout() {
    let (_scratch, layout, image) = one_image();
    let text = fs::read_to_string(layout.index_path()).unwrap();
    fs::write(layout.index_path(), text.replacen('{', r#"{"x-other":{"kept":true},"#, 1)).unwrap();
    block_on(destination(layout.root(), name("v2")).unwrap().publish(&document("2"))).unwrap();
    assert!(fs::read_to_string(layout.index_path()).unwrap().contains(r#""x-other":{"kept":true}"#));
    assert_eq!(read_layout(layout.root())["v1"].bytes, image.manifest.bytes);
}

#[test]
fn what_a_dead_writer_left_is_swept_by_the_next() {
    let (_scratch, layout, _) = one_image();
    fs::write(layout.root().join(".umbel-0123456789abcdef.tmp"), "half").unwrap();
    block_on(destination(layout.root(), name("v2")).unwrap().publish(&document("2"))).unwrap();
    assert!(tree(layout.root()).keys().all(|file| !file.to_string_lossy().contains(".umbel-")));
}

#[test]
fn a_layout_in_use_is_waited_for_only_as_long_as_said() {
    let (_scratch, layout, _) = one_image();
    let blobs = fs::File::open(layout.root().join("blobs")).unwrap();
    blobs.lock().unwrap();
    let before = fs::read(layout.index_path()).unwrap();
    let locking = Locking { timeout: Some(Duration::from_millis(30)), ..Locking::default() };
    let busy = LayoutDestination::open(layout.root(), name("v2"), locking).unwrap();
    assert_eq!(variant(&block_on(busy.publish(&document("2"))).unwrap_err()), "busy");
    assert_eq!(fs::read(layout.index_path()).unwrap(), before);
}

#[test]
fn a_blob_of_the_wrong_size_is_not_taken_for_present() {
    let (_scratch, layout, image) = one_image();
    let destination = destination(layout.root(), name("v2")).unwrap();
    let descriptor = |blob: &umbel_testkit::Blob| {
        umbel_model::Descriptor::new(
            blob.media_type.parse().unwrap(),
            blob.digest.parse().unwrap(),
            blob.bytes.len() as u64,
        )
    };
    let (_elsewhere, other, _) = one_image();
    let from = LayoutSource::open(other.root(), name("v1")).unwrap();
    let from = Source::new(Arc::new(from), Limits::default());
    let blob = Blob::new(from, descriptor(&image.layers[0]));
    let place = || block_on(destination.place_blob(&blob, Placing::Reuse)).unwrap();
    assert_eq!(place(), Placed::Present);
    damage::truncate(layout.blob_path(&image.layers[0].digest), 5);
    assert_eq!(place(), Placed::Written);
    assert_eq!(place(), Placed::Present);
    assert_eq!(
        LayoutSource::open(layout.root(), name("v1")).unwrap().location(),
        format!("oci:{}:v1", layout.root().display())
    );
}
