//! Every habit of every registry that we know: content goes in and comes out the same, or not at all.

use std::path::Path;

use umbel::copy::CopyError;
use umbel::registry::Network;
use umbel::transport::{Refusal, RemoteError, RemoteProblem, TransportError};
use umbel::{Copy, Error, Session};
use umbel_testkit::network::{FrontBuilder, Kind, Profile, Quirk, audit};
use umbel_testkit::{Blob, Builder, Index, Layout, image, index, reachable_blobs};

use crate::site::{Site, bytes, options, run};

/// The habits of registries that do not take everything.
const CHOOSY: [Quirk; 4] = [Quirk::NoOci, Quirk::NoIndex, Quirk::NoNested, Quirk::NoZstd];

#[test]
fn an_index_goes_into_every_registry_and_out_again() {
    for (name, quirk) in
        Quirk::ALL.iter().filter(|(_, quirk)| !matches!(quirk, Quirk::NoOci | Quirk::NoIndex))
    {
        in_and_out(name, &plain(false), |front| front.quirk(*quirk));
    }
    for profile in Profile::ALL {
        let docker = profile.habits.iter().any(|(quirk, _)| *quirk == Quirk::NoOci);
        in_and_out(profile.product, &plain(docker), |front| front.profile(profile));
    }
}

#[test]
fn a_docker_list_goes_where_no_oci_index_may() {
    in_and_out("nooci", &plain(true), |front| front.quirk(Quirk::NoOci));
}

#[test]
fn what_a_registry_does_not_take_is_refused_and_not_made_into_something_else() {
    for quirk in CHOOSY {
        let scratch = tempfile::tempdir().unwrap();
        let rich = rich();
        layout(scratch.path(), &rich);
        let site = Site::with(|front| front.quirk(quirk));
        let error =
            run(Copy::of(from(scratch.path()), [to(&site)]).run(&session(scratch.path()))).unwrap_err();
        let cause = refusal(&error);
        assert!(
            matches!(cause.problem, RemoteProblem::Answered { refusal: Refusal::MediaType, .. }),
            "{quirk:?}: {cause}"
        );
        assert_eq!(audit(&site.behind(), "app", "v1"), Ok(None), "{quirk:?}");
        let puts = site.asked(Kind::ManifestPut);
        let mut refused: Vec<_> =
            puts.iter().filter(|put| put.status == Some(400)).map(|put| &put.target).collect();
        let count = refused.len();
        refused.sort();
        refused.dedup();
        assert_eq!((count, refused.is_empty()), (refused.len(), false), "{quirk:?}: {}", site.told());
    }
}

/// An index of two platforms with a layer that is worth a question.
fn plain(docker: bool) -> Index {
    let images = ["linux/amd64", "linux/arm64"].map(|platform| {
        let builder = image(platform).file("bulk", bytes(100_000));
        if docker { builder.docker().build() } else { builder.build() }
    });
    let list = images.iter().fold(index(), Builder::entry);
    if docker { list.docker().build() } else { list.build() }
}

/// An index with all that some registry does not take.
fn rich() -> Index {
    let zstd = Blob::new("application/vnd.oci.image.layer.v1.tar+zstd", "not that anybody looks");
    let inner = index().entry(&image("linux/amd64").layer(zstd).build()).build();
    index().entry(&inner).entry(&image("linux/arm64").build()).build()
}

fn in_and_out(name: &str, list: &Index, arrange: impl FnOnce(FrontBuilder) -> FrontBuilder) {
    let scratch = tempfile::tempdir().unwrap();
    layout(scratch.path(), list);
    let (site, session) = (Site::with(arrange), session(scratch.path()));
    let out = format!("oci:{}/out:v1", scratch.path().display());
    run(async {
        Copy::of(from(scratch.path()), [to(&site)])
            .run(&session)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        Copy::of(to(&site), [out]).run(&session).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    });
    let found = audit(&site.behind(), "app", "v1").unwrap().unwrap();
    assert_eq!(
        (found.digest, found.media_type),
        (list.manifest.digest.clone(), list.manifest.media_type.clone())
    );
    let [kept, expected] = ["out", "in"].map(|name| reachable_blobs(scratch.path().join(name)));
    assert_eq!(kept, expected, "{name}");
}

fn layout(scratch: &Path, list: &Index) {
    Layout::create(scratch.join("in")).add_index(list, Some("v1"));
}

fn from(scratch: &Path) -> String {
    format!("oci:{}/in:v1", scratch.display())
}

fn to(site: &Site) -> String {
    format!("docker://{}/app:v1", site.front.authority())
}

fn session(scratch: &Path) -> Session {
    Session { network: Network::new(options()), ..Session::at(scratch.join("store")) }
}

/// What the registry said.
fn refusal(error: &Error) -> &RemoteError {
    match error {
        Error::Publish {
            source:
                CopyError::Write(TransportError::Remote(remote))
                | CopyError::Publish(TransportError::Remote(remote)),
            ..
        } => remote,
        error => panic!("no registry said anything: {error:?}"),
    }
}
