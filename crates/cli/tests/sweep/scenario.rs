//! What is done while a fault strikes: the verbs, with all that they need.

use std::time::Duration;

use umbel::{Add, Choice, Combine, Copy, Create, Error, Push, Session};
use umbel_testkit::media_type::OCI_LAYER;
use umbel_testkit::network::{Case, Fault, Kind, When};
use umbel_testkit::{Blob, Image, Index, Layout, image, index};

use crate::site::{CANARY, Site, Told, on_runtime, session};
use crate::verdict::Kept;

/// How long the client waits for an answer: a little longer than the longest fault that is only slow.
const PATIENCE: Duration = Duration::from_millis(400);

/// One thing that people do with a registry, or with two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scenario {
    /// A list whose images are in a layout is pushed, over what the tag stood for.
    PushFromLayout,
    /// The same to a registry that does not take the first blob in one piece.
    PushInPieces,
    /// A list whose images are in another registry is pushed.
    PushFromRegistry,
    /// Two images become an index in their own repository, over what the tag stood for.
    Combine,
    /// An index goes from one registry to another.
    CopyAcross,
    /// An index goes to another repository of its registry, over what the tag stood for.
    CopyByMount,
    /// The entries of an index are added to a list.
    AddAll,
    /// An image is added to a list.
    AddOne,
}

/// Which of the fronts is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// Where content is read.
    From,
    /// Where it is written; the only one in scenarios of one registry.
    To,
}

/// Where in a scenario a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    pub(crate) scenario: Scenario,
    pub(crate) side: Side,
    pub(crate) kind: Kind,
    pub(crate) hits: Hits,
}

/// A fault, and where it strikes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strike {
    pub(crate) case: Case,
    pub(crate) point: Point,
}

/// Which requests of a kind are struck, of those that the verb makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hits {
    /// This one; they are counted from 1.
    Nth(usize),
    All,
}

/// The content of all scenarios, made once.
pub(crate) struct Content {
    images: [Image; 2],
    index: Index,
    /// What tags stand for before.
    old: Image,
    scratch: tempfile::TempDir,
}

impl Content {
    /// Two images with a layer in common that is large enough for the client to ask whether it is there.
    pub(crate) fn new() -> Self {
        let large = |seed: u8| Blob::new(OCI_LAYER, vec![seed; 20 << 10]);
        let one = image("linux/amd64").layer(large(1)).build();
        let two = image("linux/arm64").layer(large(1)).layer(large(2)).build();
        let index = index().entry(&one).entry(&two).build();
        let old = image("linux/riscv64").build();
        let scratch = tempfile::tempdir().unwrap();
        let mut layout = Layout::create(scratch.path().join("images"));
        layout.add_image(&one, Some("one")).add_image(&two, Some("two"));
        Self { images: [one, two], index, old, scratch }
    }

    fn in_layout(&self, name: &str) -> String {
        format!("oci:{}:{name}", self.scratch.path().join("images").display())
    }
}

/// A scenario ready to be run once: registries, lists, and a client that knows neither.
pub(crate) struct Stage {
    pub(crate) from: Site,
    pub(crate) to: Site,
    pub(crate) told: Told,
    scenario: Scenario,
    session: Session,
    store: tempfile::TempDir,
}

impl Scenario {
    pub(crate) const ALL: [Self; 8] = [
        Self::PushFromLayout,
        Self::PushInPieces,
        Self::PushFromRegistry,
        Self::Combine,
        Self::CopyAcross,
        Self::CopyByMount,
        Self::AddAll,
        Self::AddOne,
    ];

    /// Sets everything up for `strikes`; `earlier` tells how many requests of a kind setting up makes.
    pub(crate) fn stage(
        self,
        content: &Content,
        strikes: &[Strike],
        earlier: impl Fn(Side, Kind) -> usize,
    ) -> Stage {
        let site = |side: Side| {
            let strikes = strikes.iter().filter(|strike| strike.point.side == side);
            Site::start(|front| {
                let front = strikes.fold(front, |front, Strike { case, point }| {
                    let earlier = earlier(side, point.kind);
                    let numbers = match point.hits {
                        Hits::Nth(number) => earlier + number..=earlier + number,
                        Hits::All => earlier + 1..=usize::MAX,
                    };
                    front.fault(case.fault, When::between(point.kind, numbers))
                });
                if self == Self::PushInPieces && side == Side::To {
                    front.fault(Fault::Status(405), When::nth(Kind::UploadPut, 1))
                } else {
                    front
                }
            })
        };
        let (from, to) = (site(Side::From), site(Side::To));
        let store = tempfile::tempdir().unwrap();
        // Which upload is the first is known if there is one at a time.
        let parallel = if self == Self::PushInPieces { 1 } else { 8 };
        let told = Told::default();
        let session = session(store.path(), parallel, PATIENCE, &told);
        let stage = Stage { from, to, told, scenario: self, session, store };
        stage.fill(content);
        stage
    }
}

impl Stage {
    /// Puts content where the scenario expects it. Lists are made by a client of their own, so that the one
    /// of the scenario has everything still to find out.
    fn fill(&self, content: &Content) {
        let [one, two] = &content.images;
        let create = |sources: Vec<String>| {
            let session = session(self.store.path(), 8, PATIENCE, &Told::default());
            let create = Create { sources, choice: Choice::All, ..Create::list("app") };
            on_runtime(create.run(&session)).unwrap();
        };
        match self.scenario {
            Scenario::PushFromLayout | Scenario::PushInPieces => {
                self.to.hold_image("app", "v1", &content.old);
                create(vec![content.in_layout("one"), content.in_layout("two")]);
            }
            Scenario::PushFromRegistry => {
                self.from.hold_index("team/app", "v1", &content.index);
                create(vec![self.from.location("team/app:v1")]);
            }
            Scenario::Combine => {
                self.to.hold_image("app", "one", one);
                self.to.hold_image("app", "two", two);
                self.to.hold_image("app", "v1", &content.old);
            }
            Scenario::CopyAcross => self.from.hold_index("team/app", "v1", &content.index),
            Scenario::CopyByMount => {
                self.to.hold_index("team/app", "v1", &content.index);
                self.to.hold_image("app", "v1", &content.old);
            }
            Scenario::AddAll => {
                self.from.hold_index("team/app", "v1", &content.index);
                create(vec![content.in_layout("one")]);
            }
            Scenario::AddOne => {
                self.from.hold_image("team/app", "v1", two);
                create(vec![content.in_layout("one")]);
            }
        }
    }

    pub(crate) fn site(&self, side: Side) -> &Site {
        match side {
            Side::From => &self.from,
            Side::To => &self.to,
        }
    }

    /// Runs the verb, and returns the digest of what it says to have made.
    pub(crate) async fn act(&self) -> Result<String, Error> {
        let (from, to, session) =
            (self.from.location("team/app:v1"), self.to.location("app:v1"), &self.session);
        let digest = match self.scenario {
            Scenario::PushFromLayout | Scenario::PushInPieces | Scenario::PushFromRegistry => {
                Push::list("app", [to]).run(session).await?.digest
            }
            Scenario::Combine => {
                let sources = ["one", "two"].map(|tag| self.to.location(&format!("app:{tag}")));
                Combine::of(sources, [to]).run(session).await?.digest().clone()
            }
            Scenario::CopyAcross => Copy::of(from, [to]).run(session).await?.digest,
            Scenario::CopyByMount => {
                Copy::of(self.to.location("team/app:v1"), [to]).run(session).await?.digest
            }
            Scenario::AddAll | Scenario::AddOne => {
                let add = Add { choice: Choice::All, ..Add::to("app", [from]) };
                add.run(session).await?.record.encode().document.raw().digest().clone()
            }
        };
        Ok(digest.to_string())
    }

    /// What the scenario is about: what the tag holds, or the list.
    pub(crate) fn kept(&self) -> Kept {
        if matches!(self.scenario, Scenario::AddAll | Scenario::AddOne) {
            return match self.session.store.find("app") {
                Ok(list) => Kept::Whole(list.encode().document.raw().digest().to_string()),
                Err(error) => Kept::Broken(error.to_string()),
            };
        }
        match self.to.audit("app", "v1") {
            Ok(Some(audit)) => Kept::Whole(audit.digest),
            Ok(None) => Kept::Nothing,
            Err(faults) => Kept::Broken(faults),
        }
    }

    /// Where a secret got that should not know it.
    pub(crate) fn leaks(&self, said: &str) -> Vec<String> {
        let mut leaks = Vec::new();
        for site in [&self.from, &self.to] {
            let led_away =
                site.other.credentials().into_iter().map(|at| format!("to the other host: {}", at.target));
            let bare =
                site.front.log().into_iter().filter(|logged| {
                    logged.mentions(CANARY) || logged.authorization_scheme() == Some("Basic")
                });
            leaks.extend(led_away.chain(bare.map(|at| format!("to the registry: {}", at.target))));
            let asked = site.tokens.service().log().into_iter().map(|asked| asked.request.target);
            leaks.extend(
                asked.filter(|target| target.contains(CANARY)).map(|at| format!("in an address: {at}")),
            );
        }
        let shown = |text: &str| text.contains(CANARY) || text.contains("testkit-token");
        leaks.extend(shown(said).then(|| "in the error".to_owned()));
        leaks.extend(shown(&self.told.text()).then(|| "in what is told".to_owned()));
        leaks
    }
}
