//! One run, and many at once.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use umbel_testkit::network::{Kind, Logged, Must};

use crate::scenario::{Content, Hits, Point, Scenario, Side, Stage, Strike};
use crate::site::on_runtime;
use crate::verdict::{Came, Ending, Kept};

/// How long the client may take to get over a fault, or to give up: four times what one step may.
const LIMIT: Duration = Duration::from_secs(8);

/// How long it may take if a fault never stops, which may ask for a wait of a second before every try.
const LONG_LIMIT: Duration = Duration::from_secs(20);

/// How many runs there are at once. They mostly wait: for tokens, for each other's threads, for time-outs.
const PARALLEL: usize = 8;

/// A scenario as it goes when nothing fails.
pub(crate) struct Reference {
    pub(crate) scenario: Scenario,
    /// The digest that it leaves.
    wanted: String,
    before: Kept,
    /// How many requests of a kind the setting up makes.
    earlier: BTreeMap<(Side, Kind), usize>,
    /// The requests of the verb, each with its answer.
    pub(crate) requests: Vec<(Point, u16)>,
}

/// A run that is over.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) strikes: Vec<Strike>,
    /// Whether all of them struck; many faults spoil only answers of a certain sort.
    pub(crate) struck: bool,
    pub(crate) ending: Ending,
    /// What was said, and what else there is to know about a bad end.
    pub(crate) story: String,
}

impl Run {
    /// Whether it ended as it must not.
    pub(crate) fn is_finding(&self) -> bool {
        let good = match self.strikes[..] {
            [Strike { case, point }] if self.struck && point.hits != Hits::All => {
                self.ending.answers(case.must, point.kind)
            }
            _ if self.struck && self.nothing_lasts() => self.ending == Ending::Right,
            _ => !self.ending.is_bad() || (self.ending == Ending::Late && self.hides_the_name()),
        };
        !good
    }

    /// Whether each of the faults can be got over.
    fn nothing_lasts(&self) -> bool {
        self.strikes
            .iter()
            .all(|Strike { case, point }| case.must == Must::Survive && point.hits != Hits::All)
    }

    /// Whether the client never gets to see that the name moved: nobody ever answers that question, or one
    /// lie comes on top of another. A success would say that it was seen, so what remains is an error.
    fn hides_the_name(&self) -> bool {
        match self.strikes[..] {
            [Strike { point, .. }] => point.kind == Kind::ManifestHead && point.hits == Hits::All,
            _ => self.strikes.iter().all(|strike| strike.case.must == Must::Either),
        }
    }
}

impl Reference {
    /// Runs a scenario without any fault.
    pub(crate) fn of(scenario: Scenario, content: &Content) -> Self {
        let stage = scenario.stage(content, &[], |_, _| 0);
        let counted = |side: Side| {
            let mut counts: BTreeMap<(Side, Kind), usize> = BTreeMap::new();
            for logged in stage.site(side).front.log() {
                *counts.entry((side, logged.kind)).or_default() += 1;
            }
            counts
        };
        let mut earlier = counted(Side::From);
        earlier.append(&mut counted(Side::To));
        let before = stage.kept();
        let came = act(&stage, LIMIT);
        let Came::Done(wanted) = came else { panic!("{scenario:?} without a fault: {came:?}") };
        assert_eq!(stage.kept(), Kept::Whole(wanted.clone()), "{scenario:?} without a fault");
        let mut requests = Vec::new();
        for side in [Side::From, Side::To] {
            let mut skipped = earlier.clone();
            let mut numbers: BTreeMap<Kind, usize> = BTreeMap::new();
            for Logged { kind, status, .. } in stage.site(side).front.log() {
                match skipped.get_mut(&(side, kind)) {
                    Some(left) if *left > 0 => *left -= 1,
                    _ => {
                        let number = numbers.entry(kind).or_default();
                        *number += 1;
                        let point = Point { scenario, side, kind, hits: Hits::Nth(*number) };
                        requests.push((point, status.unwrap_or_default()));
                    }
                }
            }
        }
        // Those that are under way together come in any order.
        requests.sort_unstable();
        Self { scenario, wanted, before, earlier, requests }
    }

    /// Runs the scenario again, with `strikes`.
    pub(crate) fn struck_by(&self, strikes: &[Strike], content: &Content) -> Run {
        let earlier = |side, kind| self.earlier.get(&(side, kind)).copied().unwrap_or_default();
        let stage = self.scenario.stage(content, strikes, earlier);
        let lasts = strikes.iter().any(|strike| strike.point.hits == Hits::All);
        let came = act(&stage, if lasts { LONG_LIMIT } else { LIMIT });
        let after = stage.kept();
        let said = match &came {
            Came::Failed(text) | Came::Panic(text) => text.as_str(),
            Came::Done(_) | Came::Nothing => "",
        };
        let leaks = stage.leaks(said);
        let struck = strikes.iter().all(|Strike { case, point }| {
            stage.site(point.side).front.log().iter().any(|logged| logged.fault == Some(case.fault))
        });
        let ending = Ending::of(&came, &self.wanted, &self.before, &after, &leaks);
        let story = format!("{came:?}; {after:?}; {leaks:?}\n{}", stage.told.text());
        Run { strikes: strikes.to_vec(), struck, ending, story }
    }
}

fn act(stage: &Stage, limit: Duration) -> Came {
    let acting = async { tokio::time::timeout(limit, stage.act()).await };
    match catch_unwind(AssertUnwindSafe(|| on_runtime(acting))) {
        Ok(Ok(Ok(digest))) => Came::Done(digest),
        Ok(Ok(Err(error))) => Came::Failed(chain(&error)),
        Ok(Err(_)) => Came::Nothing,
        Err(panic) => Came::Panic(message(&*panic)),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// An error with its causes, in both ways in which errors are shown.
fn chain(error: &umbel::Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    format!("{}\n{error:?}", causes.join(": "))
}

/// Does all of `jobs`, several at once; what comes of them is in their order.
pub(crate) fn all<J: Sync, T: Send>(jobs: &[J], work: impl Fn(&J) -> T + Sync) -> Vec<T> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..PARALLEL {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(at) else { break };
                    let result = work(job);
                    done.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
