//! What a sweep found, for people.

use std::collections::BTreeMap;

use umbel_testkit::network::{Fault, Must};

use crate::run::Run;
use crate::scenario::Scenario;
use crate::verdict::Ending;

/// A line for each fault, in the order of [`Fault::ALL`]: how often it struck, and how that ended.
pub(crate) fn by_fault(runs: &[Run]) -> String {
    let head =
        format!("{:<14} {:<8} {:>6} {:>6} {:>6} {:>4}\n", "fault", "must", "struck", "right", "clean", "bad");
    let lines = Fault::ALL.iter().map(|case| {
        let of_case = runs.iter().filter(|run| run.strikes.iter().any(|strike| strike.case == *case));
        let must = match case.must {
            Must::Survive => "survive",
            Must::Fail => "fail",
            Must::Either => "either",
        };
        format!("{:<14} {must:<8} {}\n", case.name, Counts::of(of_case))
    });
    let all = format!("{:<14} {:<8} {}\n", "all", "", Counts::of(runs.iter()));
    head + &lines.collect::<String>() + &all
}

/// A line for each scenario.
pub(crate) fn by_scenario(runs: &[Run]) -> String {
    let head = format!("{:<23} {:>6} {:>6} {:>6} {:>4}\n", "scenario", "struck", "right", "clean", "bad");
    let lines = Scenario::ALL.map(|scenario| {
        let of_scenario = runs.iter().filter(|run| run.strikes[0].point.scenario == scenario);
        format!("{:<23} {}\n", format!("{scenario:?}"), Counts::of(of_scenario))
    });
    head + &lines.concat()
}

/// Every run that ended as it must not, with all that is known about it.
pub(crate) fn findings(runs: &[Run]) -> String {
    let found = runs.iter().filter(|run| run.is_finding());
    found
        .map(|run| {
            let strikes =
                run.strikes.iter().map(|strike| format!("`{}` at {:?}", strike.case.name, strike.point));
            format!("{:?}: {}\n{}\n", run.ending, strikes.collect::<Vec<_>>().join(" and "), run.story)
        })
        .collect()
}

#[derive(Default)]
struct Counts {
    struck: usize,
    endings: BTreeMap<Ending, usize>,
}

impl Counts {
    fn of<'r>(runs: impl Iterator<Item = &'r Run>) -> Self {
        let mut counts = Self::default();
        // A bad end counts whether the fault struck or not: without one it is all the worse.
        for run in runs.filter(|run| run.struck || run.ending.is_bad()) {
            counts.struck += usize::from(run.struck);
            *counts.endings.entry(run.ending).or_default() += 1;
        }
        counts
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |ending| self.endings.get(&ending).copied().unwrap_or_default();
        let bad: BTreeMap<Ending, usize> =
            self.endings.iter().filter(|(ending, _)| ending.is_bad()).map(|(e, n)| (*e, *n)).collect();
        let sum: usize = bad.values().sum();
        write!(f, "{:>6} {:>6} {:>6} {sum:>4}", self.struck, count(Ending::Right), count(Ending::Clean))?;
        bad.iter().try_for_each(|(ending, count)| write!(f, "  {count} {ending:?}"))
    }
}
