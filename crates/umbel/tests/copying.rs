//! Copies between layouts: what is written, in which order, and what a failure leaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use umbel_content::{Limits, Placed, Source, block_on};
use umbel_copy::{CopyError, Event, GatherError, Report, Step, execute, gather, plan};
use umbel_local::{LayoutDestination, LayoutSource, Locking};
use umbel_model::name::LayoutImage;
use umbel_testkit::{Layout, damage, image, index, reachable_blobs, read_layout, tree};

fn name(name: &str) -> LayoutImage {
    LayoutImage::Name(name.into())
}

struct Fixture {
    _scratch: tempfile::TempDir,
    layout: Layout,
    target: std::path::PathBuf,
}

/// A layout with an index of two images that share a layer, nested in another index.
fn nested() -> Fixture {
    let scratch = tempfile::tempdir().unwrap();
    let mut layout = Layout::create(scratch.path().join("from"));
    let shared = umbel_testkit::Blob::new(umbel_testkit::media_type::OCI_LAYER, "shared");
    let one = image("linux/amd64").layer(shared.clone()).build();
    let two = image("linux/arm64").layer(shared).build();
    let inner = index().entry(&one).entry(&two).build();
    let outer = index().entry(&inner).entry(&one).build();
    layout.add_index(&outer, Some("v1"));
    let target = scratch.path().join("to");
    Fixture { _scratch: scratch, layout, target }
}

fn source(path: &Path) -> Source {
    Source::new(Arc::new(LayoutSource::open(path, name("v1")).unwrap()), Limits::default())
}

async fn copy(from: &Path, to: &Path, events: &Mutex<Vec<String>>) -> Result<Report, CopyError> {
    let source = source(from);
    let root = source.root().await.unwrap().manifest;
    let plan = plan(&gather(&source, &root, &|_| false).await?);
    let destination = LayoutDestination::open(to, name("v1"), Locking::default()).unwrap();
    let observer = |event: Event<'_>| {
        let word = match event {
            Event::BlobPlaced(_, Placed::Written) => "blob",
            Event::BlobPlaced(_, Placed::Present | Placed::Mounted) => "present",
            Event::ManifestWritten(_) => "manifest",
            Event::Repairing(_) => "repairing",
            Event::Published(_) => "published",
        };
        events.lock().unwrap().push(word.to_owned());
    };
    execute(&plan, &source, &destination, &observer).await.map_err(|interrupted| interrupted.source)
}

#[test]
fn a_tree_is_copied_whole_each_digest_once_and_the_name_last() {
    let Fixture { layout, target, _scratch } = nested();
    let events = Mutex::default();
    let report = block_on(copy(layout.root(), &target, &events)).unwrap();
    assert_eq!((report.blobs_written, report.blobs_present, report.manifests), (5, 0, 3));
    assert_eq!(read_layout(&target), read_layout(layout.root()));
    assert_eq!(reachable_blobs(&target), reachable_blobs(layout.root()));
    let events = events.into_inner().unwrap();
    let expected = ["blob"; 5].into_iter().chain(["manifest"; 3]).chain(["published"]).collect::<Vec<_>>();
    assert_eq!(events, expected);
}

#[test]
fn what_is_there_is_not_copied_again() {
    let Fixture { layout, target, _scratch } = nested();
    block_on(copy(layout.root(), &target, &Mutex::default())).unwrap();
    let before = tree(&target);
    let report = block_on(copy(layout.root(), &target, &Mutex::default())).unwrap();
    assert_eq!((report.blobs_written, report.blobs_present, report.bytes_written), (0, 5, 0));
    assert_eq!(tree(&target), before);
}

#[test]
fn children_come_before_parents_in_a_plan() {
    let Fixture { layout, _scratch, .. } = nested();
    let source = source(layout.root());
    let tree = block_on(async { gather(&source, &source.root().await.unwrap().manifest, &|_| false).await })
        .unwrap();
    let mut there = std::collections::HashSet::new();
    for step in plan(&tree).stages.into_iter().flatten() {
        let raw = match step {
            Step::Blob(blob) => {
                assert!(there.insert(blob.digest), "each digest once");
                continue;
            }
            Step::Manifest(raw) | Step::Publish(raw) => raw,
        };
        match umbel_model::Manifest::parse(raw.clone()).unwrap() {
            umbel_model::Manifest::Index(index) => {
                assert!(index.view().entries.iter().all(|entry| there.contains(&entry.digest)));
            }
            umbel_model::Manifest::Image(image) => {
                assert!(image.view().blobs().all(|blob| there.contains(&blob.digest)));
            }
            umbel_model::Manifest::Schema1(_) => panic!("there is none"),
        }
        assert!(there.insert(raw.digest().clone()), "each digest once");
    }
}

#[test]
fn a_blob_that_is_damaged_fails_the_copy_and_the_name_does_not_move() {
    let Fixture { layout, target, _scratch } = nested();
    let Fixture { layout: old, _scratch: _old, .. } = nested();
    block_on(copy(old.root(), &target, &Mutex::default())).unwrap();
    let before = read_layout(&target);
    let mut layout = layout;
    let fresh = image("linux/s390x").build();
    layout.add_index(&index().entry(&fresh).build(), Some("v2"));
    damage::flip_byte(layout.blob_path(&fresh.layers[0].digest), 3);
    let from =
        Source::new(Arc::new(LayoutSource::open(layout.root(), name("v2")).unwrap()), Limits::default());
    let error = block_on(async {
        let root = from.root().await.unwrap().manifest;
        let plan = plan(&gather(&from, &root, &|_| false).await.unwrap());
        let destination = LayoutDestination::open(&target, name("v1"), Locking::default()).unwrap();
        execute(&plan, &from, &destination, &|_| {}).await.map_err(|interrupted| interrupted.source)
    });
    assert!(
        matches!(error, Err(CopyError::Blob { digest, .. }) if digest.as_str() == fresh.layers[0].digest)
    );
    assert_eq!(read_layout(&target), before);
    assert!(tree(&target).keys().all(|file| !file.to_string_lossy().contains(".umbel-")));
}

#[test]
fn an_image_that_is_missing_is_found_before_anything_is_written() {
    let Fixture { layout, target, _scratch } = nested();
    let gone = reachable_blobs(layout.root()).into_iter().find(|digest| {
        std::fs::read_to_string(layout.blob_path(digest)).is_ok_and(|text| text.contains("\"layers\""))
    });
    damage::remove(layout.blob_path(&gone.unwrap()));
    let error = block_on(copy(layout.root(), &target, &Mutex::default())).unwrap_err();
    assert!(matches!(error, CopyError::Gather(GatherError::Read(_))));
    assert!(!target.exists());
}
