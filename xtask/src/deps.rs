//! `cargo xtask deps`: who may depend on whom, and what a crate may touch.
//!
//! The manifests are asked through `cargo metadata`, so that inherited and renamed dependencies are
//! seen as cargo sees them; the sources are asked for the parts of the standard library that only
//! the outermost crate may use.

mod arrows;
mod graph;
mod imports;
mod lock;
mod mentions;
mod touch;

use std::fs;
use std::path::Path;
use std::process::Command;

use self::graph::{Graph, Package};
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::source::{Source, read_sources};

pub(crate) fn run(repository: &Path) -> Result<Outcome, Failure> {
    let graph = graph(repository)?;
    let locked = lock::package_count(&read(&repository.join("Cargo.lock"))?);

    let mut findings = arrows::findings(&graph);
    findings.extend(lock::finding(locked));
    let mut file_count = 0;
    for package in &graph.packages {
        let sources = sources(repository, package)?;
        file_count += sources.len();
        findings.extend(sources.iter().flat_map(|source| touch::findings(&package.name, source)));
    }
    let examined =
        format!("{} packages, {file_count} source files, {locked} packages locked", graph.packages.len());
    Ok(Outcome { report: String::new(), findings, examined })
}

/// Asks cargo about the members of the workspace; needs no network.
fn graph(repository: &Path) -> Result<Graph, Failure> {
    let arguments = ["metadata", "--format-version", "1", "--no-deps"];
    let command = format!("cargo {}", arguments.join(" "));
    let output = match Command::new("cargo").args(arguments).current_dir(repository).output() {
        Ok(output) => output,
        Err(source) => return Err(Failure::Start { command, source }),
    };
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Failure::Ended { command, status: output.status, stderr });
    }
    Graph::parse(&output.stdout).map_err(|source| Failure::Metadata { source })
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Read { path: path.into(), source })
}

/// Only `src`: a build script may read the environment.
fn sources(repository: &Path, package: &Package) -> Result<Vec<Source>, Failure> {
    let folder = package.folder();
    read_sources(repository, &folder.strip_prefix(repository).unwrap_or(folder).join("src"))
}
