//! The report in words and numbers.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::budget::{self, Budget};
use super::doc_density::DocDensity;
use super::functions::Function;
use super::lengths::Lengths;
use crate::source::Source;

/// How many of the longest are listed.
const LONGEST: usize = 10;

/// A file without its test code.
#[derive(Debug, Clone)]
pub(super) struct FileLength {
    pub(super) path: PathBuf,
    pub(super) length: usize,
}

impl FileLength {
    pub(super) fn of(source: &Source) -> Self {
        Self { path: source.path.clone(), length: source.line_count() }
    }
}

pub(super) fn render(
    files: &[FileLength],
    functions: &[Function],
    densities: &BTreeMap<PathBuf, DocDensity>,
) -> String {
    let file_lengths = Lengths::new(files.iter().map(|file| file.length));
    let function_lengths = Lengths::new(functions.iter().map(|function| function.length));
    let file_rows = files.iter().map(|file| (file.length, file.path.display().to_string())).collect();
    let function_rows = functions.iter().map(function_row).collect();
    let excused = functions.iter().filter(|function| function.is_excused).map(function_row).collect();
    let density_rows = densities
        .iter()
        .map(|(folder, density)| (density.per_hundred(), folder.display().to_string()))
        .collect();
    [
        "lines (budget)   median       p90         longest\n".to_owned(),
        statistics("files", &file_lengths, &budget::FILES),
        statistics("functions", &function_lengths, &budget::FUNCTIONS),
        section("longest files", longest(file_rows)),
        section("longest functions", longest(function_rows)),
        section("functions excused from the ceiling", excused),
        section("doc lines per 100 code lines", density_rows),
        "\n".to_owned(),
    ]
    .concat()
}

fn statistics(what: &str, lengths: &Lengths, budget: &Budget) -> String {
    let cell = |length: usize, limit: usize| format!("{length:>4} ({limit})");
    format!(
        "{what:<15}{:<13}{:<12}{}\n",
        cell(lengths.median(), budget.median),
        cell(lengths.p90(), budget.p90),
        cell(lengths.max(), budget.ceiling)
    )
}

fn function_row(function: &Function) -> (usize, String) {
    (function.length, format!("{}:{} {}", function.path.display(), function.line, function.name))
}

fn longest(mut rows: Vec<(usize, String)>) -> Vec<(usize, String)> {
    rows.sort_by_key(|(length, _)| Reverse(*length));
    rows.truncate(LONGEST);
    rows
}

/// A title with a row for each number; nothing if there are no rows.
fn section(title: &str, rows: Vec<(usize, String)>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: String = rows.into_iter().map(|(number, what)| format!("{number:>6}  {what}\n")).collect();
    format!("\n{title}\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_statistics_longest_excused_and_documentation() {
        let files =
            [FileLength { path: "a.rs".into(), length: 20 }, FileLength { path: "b.rs".into(), length: 30 }];
        let function =
            Function { name: "f".into(), path: "a.rs".into(), line: 3, length: 90, is_excused: true };
        let densities = BTreeMap::from([("crates/a".into(), DocDensity { docs: 1, code: 4 })]);
        let expected = "\
lines (budget)   median       p90         longest
files            20 (140)     30 (380)    30 (600)
functions        90 (8)       90 (30)     90 (80)

longest files
    30  b.rs
    20  a.rs

longest functions
    90  a.rs:3 f

functions excused from the ceiling
    90  a.rs:3 f

doc lines per 100 code lines
    25  crates/a

";
        assert_eq!(render(&files, &[function], &densities), expected);
    }

    #[test]
    fn only_the_longest_ten_are_listed() {
        let rows = longest((1..=12).map(|length| (length, String::new())).collect());
        assert_eq!(rows.first().map(|row| row.0), Some(12));
        assert_eq!(rows.len(), 10);
    }
}
