//! The store: finding, editing together, surviving damage.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use time::OffsetDateTime;
use umbel_local::store::{IfTaken, Listed};
use umbel_local::{Locking, Record, Store, StoreError};
use umbel_model::{AnnotationChange, Descriptor, Digest, Edit, Flavor, MediaType, Selector, Target};
use umbel_testkit::tree;

struct Fixture {
    scratch: tempfile::TempDir,
    store: Store,
}

fn store() -> Fixture {
    let scratch = tempfile::tempdir().unwrap();
    let store = Store::at(scratch.path().join("store"), Locking::default());
    Fixture { scratch, store }
}

fn record(name: &str) -> Record {
    Record::new(name.parse().unwrap(), Flavor::Oci, OffsetDateTime::UNIX_EPOCH).unwrap()
}

fn create(store: &Store, name: &str) -> Record {
    let record = record(name);
    store.create(&record, IfTaken::Refuse).unwrap();
    record
}

fn file_of(fixture: &Fixture, name: &str) -> PathBuf {
    let lists = fixture.scratch.path().join("store/lists");
    lists.join(format!("localhost%2F{name}%3Alatest.json"))
}

fn set(key: &str, value: &str) -> Edit {
    let change = AnnotationChange::Set { key: key.into(), value: value.into() };
    Edit::Annotate { target: Target::Index, changes: vec![change] }
}

fn entry(content: &str) -> Descriptor {
    Descriptor::new(MediaType::OCI_MANIFEST, Digest::sha256(content.as_bytes()), 1)
}

#[test]
fn a_list_is_found_by_name_id_prefix_and_digest() {
    let Fixture { scratch: _scratch, store } = store();
    let app = create(&store, "app");
    let mut other = store.edit(create(&store, "other").name.as_str()).unwrap();
    other.apply(set("a", "b")).unwrap();
    other.commit().unwrap();
    let digest = app.encode().document.raw().digest().to_string();
    let with_algorithm = format!("sha256:{}", app.id);
    for query in
        ["app", "localhost/app:latest", app.id.as_str(), &app.id.as_str()[..6], &with_algorithm, &digest]
    {
        assert_eq!(store.find(query).unwrap().name, app.name, "{query}");
    }
    for query in ["nope", &"0".repeat(64), &app.id.as_str()[..3], Digest::sha256(b"").as_str()] {
        assert!(matches!(store.find(query), Err(StoreError::NotFound { .. })), "{query}");
    }
    assert!(matches!(store.find("No Name"), Err(StoreError::BadName(_))));
}

#[test]
fn reading_a_store_that_is_not_there_makes_nothing() {
    let Fixture { scratch, store } = store();
    assert!(store.list().unwrap().is_empty());
    assert!(matches!(store.find("app"), Err(StoreError::NotFound { .. })));
    assert!(!scratch.path().join("store").exists());
}

#[test]
fn a_name_is_given_once_unless_it_is_replaced() {
    let Fixture { scratch: _scratch, store } = store();
    let first = create(&store, "app");
    let second = record("app");
    let taken = store.create(&second, IfTaken::Refuse).unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken { id, .. } if id == first.id.as_str()));
    store.create(&second, IfTaken::Replace).unwrap();
    assert_eq!(store.find("app").unwrap().id, second.id);
}

#[test]
fn of_many_who_create_one_name_one_succeeds() {
    let Fixture { scratch: _scratch, store } = store();
    let made = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| match store.create(&record("app"), IfTaken::Refuse) {
                Ok(()) => drop(made.fetch_add(1, Ordering::Relaxed)),
                Err(error) => assert!(matches!(error, StoreError::NameTaken { .. }), "{error}"),
            });
        }
    });
    assert_eq!(made.into_inner(), 1);
}

#[test]
fn a_draft_that_is_dropped_changes_nothing_and_a_committed_one_all() {
    let fixture = store();
    create(&fixture.store, "app");
    let before = fs::read(file_of(&fixture, "app")).unwrap();
    let mut draft = fixture.store.edit("app").unwrap();
    draft.apply(set("a", "b")).unwrap();
    drop(draft);
    assert_eq!(fs::read(file_of(&fixture, "app")).unwrap(), before);
    let mut draft = fixture.store.edit("app").unwrap();
    draft.apply(set("a", "b")).unwrap();
    draft.commit().unwrap();
    assert_eq!(fixture.store.find("app").unwrap().index.annotations["a"], "b");
}

#[test]
fn no_edit_of_many_editors_is_lost_and_no_reader_fails() {
    let Fixture { scratch: _scratch, store } = store();
    create(&store, "app");
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..10 {
                    let mut draft = store.edit("app").unwrap();
                    draft.add(vec![entry(&format!("{writer}.{round}"))], &[], &[]);
                    draft.apply(set(&format!("{writer}.{round}"), "")).unwrap();
                    if round % 2 == 1 {
                        let gone = entry(&format!("{writer}.{}", round - 1)).digest;
                        draft.apply(Edit::Remove(Selector::Entry(gone))).unwrap();
                    }
                    draft.commit().unwrap();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..200 {
                let seen = store.find("app").unwrap();
                assert!(seen.index.entries.len() <= seen.index.annotations.len());
            }
        });
    });
    let end = store.find("app").unwrap();
    assert_eq!((end.index.annotations.len(), end.index.entries.len()), (80, 40));
}

#[test]
fn a_list_that_is_removed_under_a_waiting_editor_is_not_found() {
    let Fixture { scratch: _scratch, store } = store();
    create(&store, "app");
    let draft = store.edit("app").unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| store.edit("app").map(drop));
        std::thread::sleep(Duration::from_millis(50));
        let remover = scope.spawn(|| store.remove("app"));
        std::thread::sleep(Duration::from_millis(50));
        drop(draft);
        assert_eq!(remover.join().unwrap().unwrap(), "localhost/app:latest");
        // The waiter got the lock before the list went, or was told that it is gone.
        let outcome = waiter.join().unwrap();
        assert!(matches!(outcome, Ok(()) | Err(StoreError::NotFound { .. })), "{outcome:?}");
    });
}

#[test]
fn a_lock_is_waited_for_only_as_long_as_said_and_readers_do_not_wait() {
    let fixture = store();
    create(&fixture.store, "app");
    let _draft = fixture.store.edit("app").unwrap();
    let locking = Locking { timeout: Some(Duration::from_millis(30)), ..Locking::default() };
    let hurried = Store::at(fixture.scratch.path().join("store"), locking);
    assert!(matches!(hurried.edit("app").map(drop), Err(StoreError::Locked { .. })));
    assert!(matches!(hurried.remove("app"), Err(StoreError::Locked { .. })));
    hurried.find("app").unwrap();
}

#[test]
fn who_waits_longer_than_two_seconds_says_what_for() {
    let fixture = store();
    create(&fixture.store, "app");
    let _draft = fixture.store.edit("app").unwrap();
    let said = Arc::new(std::sync::Mutex::new(Vec::new()));
    let saying = said.clone();
    let waiting = Arc::new(move |what: &str| saying.lock().unwrap().push(what.to_owned()));
    let locking = Locking { timeout: Some(Duration::from_millis(2300)), waiting };
    let patient = Store::at(fixture.scratch.path().join("store"), locking);
    assert!(patient.edit("app").is_err());
    assert_eq!(*said.lock().unwrap(), ["the list `localhost/app:latest`"]);
}

#[test]
fn a_damaged_record_harms_only_itself_and_is_named() {
    let fixture = store();
    create(&fixture.store, "app");
    let full = fs::read_to_string(file_of(&fixture, "app")).unwrap();
    create(&fixture.store, "other");
    let halves = &full[..full.len() / 2];
    let renamed = full.replace("localhost/app", "localhost/else");
    let digest = full.replace("\"index\":{", "\"index\":{\"manifests\":[{\"digest\":\"sha256:0\"}],\"x\":{");
    for content in ["", "{}", "[]", "\0\0\0", halves, &renamed, &digest, &full.replace("oci\"", "zip\"")] {
        fs::write(file_of(&fixture, "app"), content).unwrap();
        let error = fixture.store.find("app").unwrap_err();
        assert!(
            matches!(&error, StoreError::Damaged { name, .. } if name == "localhost/app:latest"),
            "{content}: {error:?}"
        );
        let listed = fixture.store.list().unwrap();
        assert!(
            matches!(&listed[..], [Listed::Damaged(_), Listed::Readable(other)] if other.name.as_str() == "localhost/other:latest")
        );
        assert!(fixture.store.edit("app").is_err());
    }
    assert_eq!(fixture.store.remove("app").unwrap(), "localhost/app:latest");
    assert_eq!(fixture.store.list().unwrap().len(), 1);
}

#[test]
fn a_record_of_a_newer_version_is_left_alone() {
    let fixture = store();
    create(&fixture.store, "app");
    let newer =
        fs::read_to_string(file_of(&fixture, "app")).unwrap().replace("\"umbelList\":1", "\"umbelList\":2");
    fs::write(file_of(&fixture, "app"), &newer).unwrap();
    assert!(matches!(fixture.store.edit("app").map(drop), Err(StoreError::Newer { version: 2, .. })));
    assert_eq!(fs::read_to_string(file_of(&fixture, "app")).unwrap(), newer);
}

#[test]
fn a_record_that_is_no_regular_file_is_not_opened() {
    let fixture = store();
    create(&fixture.store, "app");
    let harms: [fn(&Path); 2] = [
        |path| umbel_testkit::damage::replace_by_fifo(path),
        |path| umbel_testkit::damage::replace_by_directory(path),
    ];
    for harm in harms {
        harm(&file_of(&fixture, "app"));
        assert!(fixture.store.find("app").is_err());
        assert!(fixture.store.list().unwrap().len() == 1);
    }
}

#[test]
fn what_dead_writers_left_is_swept_by_any_next_command() {
    let fixture = store();
    create(&fixture.store, "app");
    let stray = fixture.scratch.path().join("store/tmp/.umbel-0000000000000000.tmp");
    fs::write(&stray, "half").unwrap();
    fixture.store.find("app").unwrap();
    assert!(!stray.exists());
}

#[test]
fn files_of_the_store_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = store();
    create(&fixture.store, "app");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file_of(&fixture, "app")), 0o600);
    assert_eq!(mode(&fixture.scratch.path().join("store/lists")), 0o700);
}

#[test]
fn a_removed_list_leaves_nothing() {
    let fixture = store();
    create(&fixture.store, "app");
    let other = tree(fixture.scratch.path());
    create(&fixture.store, "gone");
    fixture.store.remove("gone").unwrap();
    assert_eq!(tree(fixture.scratch.path()), other);
}
