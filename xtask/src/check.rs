//! `cargo xtask check`: the quick front door, to pass before every commit.
//!
//! All steps run even if an early one finds something, so that one run tells everything.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::{deps, shape};

const CARGO_STEPS: &[&[&str]] = &[
    &["fmt", "--all", "--", "--check"],
    &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"],
];

pub(crate) fn run(repository: &Path) -> Result<Outcome, Failure> {
    let mut findings = Vec::new();
    for &step in CARGO_STEPS {
        findings.extend(cargo(repository, step)?);
    }
    let deps = deps::run(repository)?;
    let shape = shape::run(repository)?;
    findings.extend(deps.findings);
    findings.extend(shape.findings);
    let examined = format!("fmt, clippy; deps: {}; shape: {}", deps.examined, shape.examined);
    Ok(Outcome { report: String::new(), findings, examined })
}

/// Runs a step whose own output goes straight to the terminal; a finding if it was not content.
fn cargo(repository: &Path, step: &[&str]) -> Result<Option<String>, Failure> {
    let command = format!("cargo {}", step.join(" "));
    eprintln!("check: {command}");
    let status = Command::new("cargo")
        .args(step)
        .current_dir(repository)
        .status()
        .map_err(|source| Failure::Start { command: command.clone(), source })?;
    Ok((!status.success()).then(|| format!("`{command}` ended with {status}")))
}
