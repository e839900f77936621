//! What a disturbed command may have done, and may have said about it: decisions without I/O.

use super::fault::Fault;
use super::program::{Ending, on_one_line};
use super::sandbox::STATE;

/// The exit code of trouble with local files.
const LOCAL_STORAGE: i32 = 9;

/// How much of an unexpected state is quoted, in characters.
const EXCERPT: usize = 400;

/// What somebody sees who looks after a disturbed command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// What was there before.
    Old,
    /// What the undisturbed command makes.
    New,
    /// Something else; what it is or what cannot be read of it.
    Neither(String),
}

impl Seen {
    /// Tells which of the two states it is.
    pub(super) fn of(observed: Result<String, String>, old: &str, new: &str) -> Self {
        match observed {
            Ok(state) if state == old => Self::Old,
            Ok(state) if state == new => Self::New,
            Ok(state) => {
                let excerpt: String = on_one_line(&state).chars().take(EXCERPT).collect();
                Self::Neither(format!("neither the old nor the new state: {excerpt}"))
            }
            Err(problem) => Self::Neither(problem),
        }
    }
}

/// A disturbed command and what it left.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) fault: Fault,
    /// Whether the change was made before the call that the fault is at.
    pub(super) after_commit: bool,
    pub(super) ending: Ending,
    /// What it said, with [`STATE`] for the path of the store and the layout.
    pub(super) stderr: String,
    pub(super) seen: Seen,
}

impl Run {
    /// Whether the change is there although the command says that it failed.
    pub(super) fn is_unconfirmed(&self) -> bool {
        matches!(self.ending, Ending::Exit(code) if code != 0) && self.seen == Seen::New
    }
}

/// What is wrong with a run; nothing, if all is well.
pub(super) fn findings(run: &Run) -> Vec<String> {
    let mut findings = Vec::new();
    if let Seen::Neither(problem) = &run.seen {
        findings.push(problem.clone());
    }
    let wrong_end = match run.ending {
        Ending::Killed if !run.fault.is_kill() => Some("was killed by something else"),
        Ending::Exit(_) if run.fault.is_kill() => Some("the kill did not reach it"),
        Ending::Exit(0) if run.seen == Seen::Old => Some("says done, but nothing changed"),
        Ending::Killed | Ending::Exit(_) => None,
    };
    findings.extend(wrong_end.map(str::to_owned));
    if let Ending::Exit(code @ 1..) = run.ending {
        findings.extend(failed(run, code));
    }
    if run.seen == Seen::Old && run.after_commit {
        findings.push("the change was made, and is gone".to_owned());
    }
    findings
}

/// What is wrong with a run that says that it failed.
fn failed(run: &Run, code: i32) -> Vec<String> {
    let said = on_one_line(&run.stderr);
    let claims_old = run.stderr.contains("nothing was changed");
    let rules = [
        (code != LOCAL_STORAGE, format!("exit code {code}, not {LOCAL_STORAGE}: {said}")),
        (!run.stderr.contains(STATE), format!("the message names no path: {said}")),
        (run.is_unconfirmed() && !run.after_commit, format!("says it failed, but it is done: {said}")),
        (run.is_unconfirmed() && claims_old, format!("says nothing was changed, but it was: {said}")),
    ];
    rules.into_iter().filter_map(|(broken, finding)| broken.then_some(finding)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::fault::Errno;

    fn run(fault: Fault, ending: Ending, seen: Seen, after_commit: bool) -> Run {
        let stderr = format!("error: cannot write `{STATE}/x`");
        Run { fault, after_commit, ending, stderr, seen }
    }

    const FULL: Fault = Fault::Once(Errno::NoSpace);

    #[test]
    fn whoever_is_killed_leaves_the_old_or_the_new_state() {
        let killed = |seen| findings(&run(Fault::KillBefore, Ending::Killed, seen, false));
        assert!(killed(Seen::Old).is_empty());
        assert!(killed(Seen::New).is_empty());
        assert_eq!(killed(Seen::Neither("half".into())), ["half"]);
        let survived = run(Fault::KillAfter, Ending::Exit(0), Seen::New, true);
        assert_eq!(findings(&survived), ["the kill did not reach it"]);
    }

    #[test]
    fn done_means_done_and_failed_means_not_done_until_the_commit() {
        let full =
            |code, seen, after_commit| findings(&run(FULL, Ending::Exit(code), seen, after_commit)).len();
        assert_eq!(full(0, Seen::New, false), 0);
        assert_eq!(full(0, Seen::Old, false), 1);
        assert_eq!(full(9, Seen::Old, false), 0);
        assert_eq!(full(9, Seen::New, false), 1);
        assert_eq!(full(9, Seen::New, true), 0);
        assert_eq!(full(9, Seen::Old, true), 1);
    }

    #[test]
    fn a_failure_has_its_code_and_names_a_path() {
        assert_eq!(findings(&run(FULL, Ending::Exit(1), Seen::Old, false)).len(), 1);
        let mute = Run { stderr: "error: no".into(), ..run(FULL, Ending::Exit(9), Seen::Old, false) };
        assert_eq!(findings(&mute).len(), 1);
    }

    #[test]
    fn nobody_may_say_that_nothing_was_changed_when_it_was() {
        let mut late = run(FULL, Ending::Exit(9), Seen::New, true);
        assert!(late.is_unconfirmed() && findings(&late).is_empty());
        late.stderr += "\nhint: nothing was changed";
        assert_eq!(findings(&late).len(), 1);
    }
}
