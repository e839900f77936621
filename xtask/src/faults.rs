//! `cargo xtask faults`: what is left when umbel is disturbed?
//!
//! Every command that changes a list or a layout is run once undisturbed, under `strace`, to know its
//! file-changing calls. Then, for each of these calls, it is run again from the same state and killed
//! just before the call, killed just after it, or told by the call that the disk is full or broken, once
//! or from then on. Whatever happens, somebody who looks afterwards must find exactly the old or exactly
//! the new state, the next command must work, and after it nothing may be left of the disturbance.
//!
//! At last sixteen processes edit one list at once, while others read it.

mod editors;
mod fault;
mod findings;
mod images;
mod judge;
mod program;
mod sandbox;
mod scenario;
mod sweep;
mod trace;
mod tree;

use std::path::Path;
use std::time::Instant;

use self::findings::Findings;
use self::program::Program;
use self::scenario::SCENARIOS;
use self::sweep::Tally;

const USAGE: &str = "\
cargo xtask faults [--binary PATH] [--only SCENARIO] [--quick]
  --binary PATH    the umbel to disturb, instead of the one that cargo builds
  --only SCENARIO  one scenario, or `editors`; may be given several times
  --quick          disturb every fifth call only";

/// How many calls `--quick` goes on by.
const QUICK_STEP: usize = 5;

/// The scenario that is not a sweep.
const EDITORS: &str = "editors";

#[derive(Debug, PartialEq, Eq)]
struct Options<'a> {
    binary: Option<&'a str>,
    only: Vec<&'a str>,
    step: usize,
}

pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    let options = options(args)?;
    let scratch = tempfile::Builder::new().prefix("umbel-faults-").tempdir().map_err(|e| e.to_string())?;
    program::check_strace(scratch.path())?;
    let program = Program::find(options.binary)?;
    let started = Instant::now();
    let mut total = sweep_all(&program, scratch.path(), &options)?;
    if options.includes(EDITORS) {
        total.findings.add(edit(&program, scratch.path())?);
    }
    let (passed, seconds) = (total.runs - total.failed, started.elapsed().as_secs());
    print!("{passed} passed, {} failed, {seconds} s\n{}", total.failed, total.findings.render());
    match total.findings.count() {
        0 => Ok(()),
        1 => Err("1 finding".to_owned()),
        count => Err(format!("{count} findings")),
    }
}

fn options(args: &[String]) -> Result<Options<'_>, String> {
    let mut options = Options { binary: None, only: Vec::new(), step: 1 };
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("`{arg}` needs a value\n{USAGE}"));
        match arg {
            "--binary" => options.binary = Some(value()?),
            "--only" => options.only.push(value()?),
            "--quick" => options.step = QUICK_STEP,
            _ => return Err(format!("`{arg}` is not understood\n{USAGE}")),
        }
    }
    let is_known = |name: &&str| *name == EDITORS || SCENARIOS.iter().any(|s| s.name == *name);
    match options.only.iter().find(|name| !is_known(name)) {
        None => Ok(options),
        Some(name) => {
            let names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
            Err(format!("no scenario is called `{name}`; there are {}, {EDITORS}", names.join(", ")))
        }
    }
}

impl Options<'_> {
    fn includes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.contains(&name)
    }
}

/// Disturbs the scenarios that are asked for, and prints a line for each.
fn sweep_all(program: &Program, scratch: &Path, options: &Options<'_>) -> Result<Tally, String> {
    images::make_source(&scratch.join("source"))?;
    let mut total = Tally::default();
    println!(
        "{:<20}{:>6}{:>6}{:>6}{:>6}{:>13}{:>8}",
        "", "calls", "runs", "old", "new", "unconfirmed", "failed"
    );
    for scenario in SCENARIOS.iter().filter(|scenario| options.includes(scenario.name)) {
        let tally = sweep::sweep(program, scratch, scenario, options.step)
            .map_err(|e| format!("{}: {e}", scenario.name))?;
        print(scenario.name, &tally);
        total.add(tally);
    }
    print("all", &total);
    Ok(total)
}

fn print(name: &str, tally: &Tally) {
    let Tally { calls, runs, old, new, unconfirmed, failed, .. } = tally;
    println!("{name:<20}{calls:>6}{runs:>6}{old:>6}{new:>6}{unconfirmed:>13}{failed:>8}");
}

/// Lets the editors work, and prints a line about it.
fn edit(program: &Program, scratch: &Path) -> Result<Findings, String> {
    let outcome = editors::run(program, scratch)?;
    println!(
        "{EDITORS}: {} edits acknowledged, {} reads meanwhile, {} findings",
        outcome.edits,
        outcome.reads,
        outcome.findings.count()
    );
    Ok(outcome.findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_are_understood_or_refused() {
        let args = words("--quick --only add --only editors --binary u");
        let expected = Options { binary: Some("u"), only: vec!["add", EDITORS], step: QUICK_STEP };
        assert_eq!(options(&args), Ok(expected));
        assert!(options(&words("--only nothing")).unwrap_err().contains("push-moves-name"));
        assert!(options(&words("--binary")).is_err());
        assert!(options(&words("--slow")).is_err());
    }
}
