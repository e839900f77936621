//! How many requests the verbs make of a registry, counted there.
//!
//! The counts are those of a client that asks for nothing twice and for nothing that it knows. What is not
//! counted: answers of 401, after which a client only knows whom to ask for a token, and, where it says so,
//! the looks at the tag before it is written and after.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "sweep/site.rs"]
#[expect(dead_code, reason = "the sweep needs more of it")]
mod site;

use std::time::Duration;

use umbel::{Add, Choice, Combine, Copy, Create, Error, Push, Session};
use umbel_testkit::network::{Fault, FrontBuilder, Kind, Logged, When};
use umbel_testkit::{Builder, Image, image, index};

use site::{Site, Told, on_runtime, session};

const PLATFORMS: [&str; 8] = [
    "linux/386",
    "linux/amd64",
    "linux/arm/v6",
    "linux/arm/v7",
    "linux/arm64",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
];

/// Long enough that no answer is late, however busy the machine: a request made again would count.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many images there are, each with a config and a layer of its own.
const N: usize = PLATFORMS.len();

/// A registry with an index of the images as `team/app:v1`, and a client with an empty list `app`.
struct Desk {
    site: Site,
    session: Session,
    /// How many requests were made before the last count.
    seen: usize,
    _store: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self::with(|front| front)
    }

    fn with(arranged: impl FnOnce(FrontBuilder) -> FrontBuilder) -> Self {
        let site = Site::start(arranged);
        let images: Vec<Image> = PLATFORMS.iter().map(|platform| image(platform).build()).collect();
        for (number, image) in images.iter().enumerate() {
            site.hold_image("team/app", &format!("image{number}"), image);
        }
        let all = images.iter().fold(index(), Builder::entry).build();
        site.hold_index("team/app", "v1", &all);
        let store = tempfile::tempdir().unwrap();
        let session = session(store.path(), 32, PATIENCE, &Told::default());
        on_runtime(Create::list("app").run(&session)).unwrap();
        Self { site, session, seen: 0, _store: store }
    }

    /// Everything that was asked since the last time, other than without a token.
    fn asked<T>(&mut self, done: Result<T, Error>) -> Vec<Logged> {
        done.unwrap();
        let log = self.site.front.log();
        let new = log[self.seen..].iter().filter(|logged| logged.status != Some(401)).cloned().collect();
        self.seen = log.len();
        new
    }

    fn add_all(&mut self) -> Vec<Logged> {
        let source = self.site.location("team/app:v1");
        let add = Add { choice: Choice::All, ..Add::to("app", [source]) };
        let done = on_runtime(add.run(&self.session));
        self.asked(done)
    }

    fn push(&mut self, image: &str) -> Vec<Logged> {
        let push = Push::list("app", [self.site.location(image)]);
        let done = on_runtime(push.run(&self.session));
        self.asked(done)
    }

    fn copy(&mut self, image: &str) -> Vec<Logged> {
        let copy = Copy::of(self.site.location("team/app:v1"), [self.site.location(image)]);
        let done = on_runtime(copy.run(&self.session));
        self.asked(done)
    }
}

/// All but the looks at the destination's tag, before it is written and after.
fn without_looks(asked: Vec<Logged>) -> Vec<Logged> {
    asked.into_iter().filter(|logged| logged.kind != Kind::ManifestHead).collect()
}

fn assert_count(asked: &[Logged], expected: usize) {
    let lines: Vec<String> = asked.iter().map(|at| format!("{} {}", at.method, at.target)).collect();
    assert_eq!(asked.len(), expected, "\n{}", lines.join("\n"));
}

#[test]
fn adding_an_image_reads_its_manifest_and_its_config() {
    let mut desk = Desk::new();
    let add = Add::to("app", [desk.site.location("team/app:image1")]);
    let done = on_runtime(add.run(&desk.session));
    assert_count(&desk.asked(done), 2);
}

#[test]
fn adding_all_of_an_index_reads_only_the_index() {
    assert_count(&Desk::new().add_all(), 1);
}

#[test]
fn pushing_to_where_the_images_are_writes_only_the_index() {
    let mut desk = Desk::new();
    desk.add_all();
    assert_count(&without_looks(desk.push("team/app:v2")), 1);
}

#[test]
fn pushing_to_another_repository_reads_what_was_not_read_before() {
    let mut desk = Desk::new();
    desk.add_all();
    assert_count(&without_looks(desk.push("app:v1")), N + 2 * N + (N + 1));
}

#[test]
fn pushing_to_another_repository_does_not_read_again_what_was_added() {
    let mut desk = Desk::new();
    let add = Add::to("app", (0..N).map(|number| desk.site.location(&format!("team/app:image{number}"))));
    let done = on_runtime(add.run(&desk.session));
    assert_count(&desk.asked(done), 2 * N);
    assert_count(&without_looks(desk.push("app:v1")), 2 * N + (N + 1));
}

#[test]
fn combining_images_where_they_are_reads_each_and_writes_only_the_index() {
    let mut desk = Desk::new();
    let sources = (0..N).map(|number| desk.site.location(&format!("team/app:image{number}")));
    let combine = Combine::of(sources, [desk.site.location("team/app:v2")]);
    let done = on_runtime(combine.run(&desk.session));
    assert_count(&without_looks(desk.asked(done)), 2 * N + 1);
}

#[test]
fn copying_by_mount_reads_and_writes_every_document_once() {
    let mut desk = Desk::new();
    assert_count(&without_looks(desk.copy("app:v1")), (1 + N) + 2 * N + (N + 1));
}

#[test]
fn copying_again_reads_the_name_here_and_there() {
    let mut desk = Desk::new();
    desk.copy("app:v1");
    assert_count(&desk.copy("app:v1"), 2);
}

#[test]
fn requests_that_wait_together_share_a_token() {
    let mut desk = Desk::new();
    desk.copy("app:v1");
    let mut scopes: Vec<Vec<String>> =
        desk.site.tokens.service().log().into_iter().map(|asked| asked.scopes).collect();
    let fetched = scopes.len();
    scopes.sort();
    scopes.dedup();
    assert_eq!(scopes.len(), fetched, "{scopes:#?}");
}

#[test]
fn requests_that_do_not_depend_on_each_other_are_under_way_together() {
    for (kind, together) in [(Kind::ManifestGet, N), (Kind::MountPost, 2 * N), (Kind::ManifestPut, N)] {
        let pause = Fault::Stall(Duration::from_millis(250));
        let mut desk = Desk::with(|front| front.fault(pause, When::every(kind)));
        desk.copy("app:v1");
        let asked: Vec<Logged> = desk.site.front.log().into_iter().filter(|at| at.kind == kind).collect();
        let under_way = |at: &Logged| {
            let there =
                |other: &&Logged| other.began <= at.began && other.ended.is_none_or(|end| end > at.began);
            asked.iter().filter(there).count()
        };
        assert_eq!(asked.iter().map(under_way).max(), Some(together), "{kind:?}");
    }
}
