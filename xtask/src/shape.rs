//! `cargo xtask shape`: lengths of files and functions against their budget.
//!
//! What is measured is the code that ships from `crates/` and `xtask/`: no tests, no benchmarks, no
//! examples.

mod budget;
mod doc_density;
mod functions;
mod lengths;
mod report;
mod words;

use std::path::Path;

use self::functions::{Function, functions};
use self::report::FileLength;
use crate::failure::Failure;
use crate::outcome::Outcome;
use crate::source::read_sources;

const FOLDERS: &[&str] = &["crates", "xtask"];

pub(crate) fn run(repository: &Path) -> Result<Outcome, Failure> {
    let mut sources = Vec::new();
    for folder in FOLDERS {
        sources.extend(read_sources(repository, Path::new(folder))?);
    }
    let files: Vec<FileLength> = sources.iter().map(FileLength::of).collect();
    let functions: Vec<Function> = sources.iter().flat_map(functions).collect();

    let mut findings = budget::findings(&files, &functions);
    findings.extend(sources.iter().flat_map(words::findings));
    Ok(Outcome {
        report: report::render(&files, &functions, &doc_density::of_libraries(&sources)),
        findings,
        examined: format!("{} files, {} functions", files.len(), functions.len()),
    })
}
