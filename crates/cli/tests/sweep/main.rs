//! The network fault sweep: every fault at every request of every scenario, one at a time.
//!
//! A scenario is first run without a fault, to learn which requests it makes. Then it is run again from the
//! start for each request and each fault, and judged by what is in the registry afterwards, seen past the
//! client: a run may end well, or with an error that leaves everything as it was, and in no other way. A
//! fault that a client can get over by itself must be got over.
//!
//! ```text
//! cargo test -p umbel-cli --test sweep -- --ignored --nocapture
//! ```

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod run;
mod scenario;
mod site;
mod table;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use umbel_testkit::network::{Fault, Kind};

use run::{Reference, Run, all};
use scenario::{Content, Hits, Point, Scenario, Strike};

fn references(content: &Content) -> Vec<Reference> {
    all(&Scenario::ALL, |scenario| Reference::of(*scenario, content))
}

/// One sweep at a time: more would only make each other's requests late.
fn sweep<const FAULTS: usize>(jobs: &[(&Reference, [Strike; FAULTS])], content: &Content) -> Vec<Run> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    all(jobs, |(reference, strikes)| reference.struck_by(strikes, content))
}

fn assert_no_findings(runs: &[Run]) {
    let findings = table::findings(runs);
    assert!(findings.is_empty(), "{}\n{findings}", table::by_fault(runs));
}

/// One request of each kind and answer for each fault, from one scenario or the other; those without a token
/// are left to the whole sweep.
#[test]
fn a_sample_of_the_sweep_ends_well_or_leaves_everything_as_it_was() {
    let content = Content::new();
    let references = references(&content);
    let mut alike: BTreeMap<(Kind, u16), Vec<(&Reference, Point)>> = BTreeMap::new();
    for reference in &references {
        for (point, status) in reference.requests.iter().filter(|(_, status)| *status != 401) {
            alike.entry((point.kind, *status)).or_default().push((reference, *point));
        }
    }
    let mut jobs = Vec::new();
    for (at, case) in Fault::ALL.iter().enumerate() {
        for (group, points) in alike.values().enumerate() {
            let (reference, point) = points[(7 * at + 3 * group) % points.len()];
            jobs.push((reference, [Strike { case: *case, point }]));
        }
    }
    let runs = sweep(&jobs, &content);
    assert_no_findings(&runs);
    let struck: BTreeSet<&str> =
        runs.iter().filter(|run| run.struck).map(|run| run.strikes[0].case.name).collect();
    let missed: Vec<&str> =
        Fault::ALL.iter().map(|case| case.name).filter(|name| !struck.contains(name)).collect();
    assert!(missed.is_empty(), "struck nowhere: {missed:?}");
}

#[test]
#[ignore = "takes minutes; see the head of the file"]
fn the_whole_sweep_ends_well_or_leaves_everything_as_it_was() {
    let content = Content::new();
    let references = references(&content);
    let mut jobs = Vec::new();
    for reference in &references {
        println!("{:?}: {} requests", reference.scenario, reference.requests.len());
        for (point, _) in &reference.requests {
            jobs.extend(Fault::ALL.iter().map(|case| (reference, [Strike { case: *case, point: *point }])));
        }
    }
    report(&sweep(&jobs, &content));
}

/// The same with faults that strike every request of a kind: nothing has to be got over, but everything ends.
#[test]
#[ignore = "takes minutes; see the head of the file"]
fn faults_that_last_end_well_or_leave_everything_as_it_was() {
    let content = Content::new();
    let references = references(&content);
    let mut jobs = Vec::new();
    for reference in &references {
        let points = reference.requests.iter().map(|(point, _)| Point { hits: Hits::All, ..*point });
        for point in points.collect::<BTreeSet<Point>>() {
            jobs.extend(Fault::ALL.iter().map(|case| (reference, [Strike { case: *case, point }])));
        }
    }
    report(&sweep(&jobs, &content));
}

/// Two faults in one run, drawn by a chance that is the same every time. Where the first changes what is
/// asked, the second may find nothing to strike.
#[test]
#[ignore = "takes minutes; see the head of the file"]
fn two_faults_end_well_or_leave_everything_as_it_was() {
    const RUNS: usize = 5000;
    let content = Content::new();
    let references = references(&content);
    let mut chance = Chance(1);
    let mut jobs = Vec::new();
    for _ in 0..RUNS {
        let reference = chance.pick(&references);
        let mut strike = || {
            let (point, _) = *chance.pick(&reference.requests);
            Strike { case: *chance.pick(Fault::ALL), point }
        };
        jobs.push((reference, [strike(), strike()]));
    }
    report(&sweep(&jobs, &content));
}

/// A sequence of numbers without any pattern that would matter here (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        &from[usize::try_from(self.0 >> 11).unwrap() % from.len()]
    }
}

#[expect(clippy::print_stdout, reason = "the table is what a sweep is run for")]
fn report(runs: &[Run]) {
    println!("{} runs\n\n{}\n{}", runs.len(), table::by_fault(runs), table::by_scenario(runs));
    assert_no_findings(runs);
}
