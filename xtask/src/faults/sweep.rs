//! Every fault at every call of every scenario.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::fault::{FAULTS, Fault};
use super::findings::Findings;
use super::judge::{self, Run, Seen};
use super::program::Program;
use super::sandbox::Sandbox;
use super::scenario::{Scenario, Target};
use super::trace::{self, Call};
use super::tree::{self, Tree};

/// Runs that are under way at once: most of the time of each is spent waiting for strace.
const WORKERS: usize = 2;

/// Numbers and findings of one scenario, or of all.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// File-changing calls.
    pub(super) calls: usize,
    /// Disturbed runs.
    pub(super) runs: usize,
    /// Runs that left the old state.
    pub(super) old: usize,
    /// Runs that left the new state.
    pub(super) new: usize,
    /// Runs that failed after the change was made.
    pub(super) unconfirmed: usize,
    /// Runs with a finding.
    pub(super) failed: usize,
    pub(super) findings: Findings,
}

/// A scenario ready to be disturbed.
struct Prepared<'a> {
    scenario: &'a Scenario,
    before: Sandbox<'a>,
    calls: Vec<Call>,
    commit: usize,
    old: String,
    new: String,
    /// All files after the undisturbed command.
    tree: Tree,
}

/// Disturbs one scenario at every `step`th call.
pub(super) fn sweep(
    program: &Program,
    scratch: &Path,
    scenario: &Scenario,
    step: usize,
) -> Result<Tally, String> {
    let source = scratch.join("source");
    let dir = scratch.join(scenario.name);
    let prepared = prepare(program, &source, &dir, scenario)?;
    let points: Vec<(usize, Fault)> = prepared.points().step_by(step).flat_map(with_faults).collect();
    let tally =
        Mutex::new(Tally { calls: prepared.points().count(), runs: points.len(), ..Tally::default() });
    let next = AtomicUsize::new(0);
    let work = |worker: usize| -> Result<(), String> {
        let sandbox = Sandbox::create(program, &source, dir.join(format!("worker-{worker}")))?;
        while let Some(&(at, fault)) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (run, findings) = prepared.disturb(&sandbox, at, fault)?;
            let place = format!("{} | {} | {fault}", scenario.name, prepared.calls[at].quote());
            tally.lock().map_err(|e| e.to_string())?.count(&run, &place, findings);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || work(worker))).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a worker panicked".to_owned())?)
    })?;
    tally.into_inner().map_err(|e| e.to_string())
}

fn with_faults(at: usize) -> impl Iterator<Item = (usize, Fault)> {
    FAULTS.into_iter().map(move |fault| (at, fault))
}

impl Tally {
    fn count(&mut self, run: &Run, place: &str, findings: Vec<String>) {
        match run.seen {
            Seen::Old => self.old += 1,
            Seen::New => self.new += 1,
            Seen::Neither(_) => {}
        }
        self.unconfirmed += usize::from(run.is_unconfirmed());
        self.failed += usize::from(!findings.is_empty());
        for finding in findings {
            self.findings.note(&finding, place.to_owned());
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.runs += other.runs;
        self.old += other.old;
        self.new += other.new;
        self.unconfirmed += other.unconfirmed;
        self.failed += other.failed;
        self.findings.add(other.findings);
    }
}

/// The options that have strace do this.
fn inject(injections: &[String]) -> Vec<String> {
    injections.iter().flat_map(|injection| ["-e".to_owned(), format!("inject={injection}")]).collect()
}

/// Makes the state from before, and runs the command undisturbed to know its calls and its effect.
fn prepare<'a>(
    program: &'a Program,
    source: &'a Path,
    dir: &Path,
    scenario: &'a Scenario,
) -> Result<Prepared<'a>, String> {
    let before = Sandbox::create(program, source, dir.join("before"))?;
    for command in scenario.setup {
        before.must(command)?;
    }
    let after = Sandbox::create(program, source, dir.join("after"))?;
    after.restore(&before)?;
    let old = after.observe(scenario.target)?;
    let (answer, text) = after.traced(scenario.command, &inject(&scenario.lacks()))?;
    answer.success(scenario.command)?;
    let new = after.observe(scenario.target)?;
    let calls = trace::parse(&text);
    let commit = trace::commit(&calls).ok_or("the command gives no file a name and removes none")?;
    if old == new {
        return Err(format!("`{}` changes nothing", scenario.command));
    }
    let tree = after.tree(scenario.target)?;
    Ok(Prepared { scenario, before, calls, commit, old, new, tree })
}

impl Prepared<'_> {
    /// The positions of the calls that change files.
    fn points(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.calls.len()).filter(|&at| self.calls[at].changes_files && !self.calls[at].injected)
    }

    /// Runs the command with one fault, and looks at what it left and whether one can go on.
    fn disturb(&self, sandbox: &Sandbox<'_>, at: usize, fault: Fault) -> Result<(Run, Vec<String>), String> {
        sandbox.restore(&self.before)?;
        let (answer, trace) = sandbox.traced(self.scenario.command, &inject(&self.injections(at, fault)))?;
        let run = Run {
            fault,
            after_commit: at > self.commit,
            ending: answer.ending,
            stderr: sandbox.without_path(&answer.stderr),
            seen: Seen::of(sandbox.observe(self.scenario.target), &self.old, &self.new),
        };
        let mut findings = judge::findings(&run);
        findings.extend(self.missed(&trace::parse(&trace), at, fault));
        findings.extend(self.go_on(sandbox, &run).err().map(|problem| sandbox.without_path(&problem)));
        Ok((run, findings))
    }

    /// What strace is to do. It takes one expression for each call: a lacking call stays lacking, but
    /// one may be killed at it.
    fn injections(&self, at: usize, fault: Fault) -> Vec<String> {
        let mut injections = fault.injections(&self.calls, at);
        let Some(lacking) = self.scenario.without else { return injections };
        let is_about =
            |injection: &String| injection.trim_start_matches('?').starts_with(&format!("{lacking}:"));
        injections.retain(|injection| fault.is_kill() || !is_about(injection));
        if !injections.iter().any(is_about) {
            injections.extend(self.scenario.lacks());
        }
        injections
    }

    /// Says so if the fault came at another call than it was meant for, and so proves nothing.
    fn missed(&self, trace: &[Call], at: usize, fault: Fault) -> Option<String> {
        let own = |call: &&Call| !call.injected || self.scenario.without != Some(&call.name);
        let trace: Vec<Call> = trace.iter().filter(own).cloned().collect();
        let quote = |call: Option<&Call>| call.map_or("nowhere".to_owned(), Call::quote);
        let meant = quote(fault.strikes_at(&self.calls, at));
        let actual = quote(fault.struck(&trace));
        (meant != actual).then(|| format!("the fault came at {actual}, not at {meant}"))
    }

    /// Does what somebody would do next, who has looked: the same again if it was not done; if it was,
    /// another edit, or for a layout the same again, which does no harm. Then nothing may be left of
    /// the disturbance.
    fn go_on(&self, sandbox: &Sandbox<'_>, run: &Run) -> Result<(), String> {
        let again = run.seen != Seen::New || self.scenario.target == Target::Layout;
        if again {
            sandbox.must(self.scenario.command)?;
        } else {
            sandbox.must("create next")?;
            sandbox.must("rm next")?;
        }
        let state = sandbox.observe(self.scenario.target)?;
        if state != self.new {
            return Err("the next command did not lead to the new state".to_owned());
        }
        tree::difference(&sandbox.tree(self.scenario.target)?, &self.tree).map_or(Ok(()), Err)
    }
}
