//! The budget of lengths, and who is over it.

use super::functions::Function;
use super::lengths::Lengths;
use super::report::FileLength;

/// How long the things of one kind may be, in lines.
pub(super) struct Budget {
    pub(super) median: usize,
    pub(super) p90: usize,
    /// For each single one.
    pub(super) ceiling: usize,
}

pub(super) const FILES: Budget = Budget { median: 140, p90: 380, ceiling: 600 };
pub(super) const FUNCTIONS: Budget = Budget { median: 8, p90: 30, ceiling: 80 };

/// One line for each statistic, file or function over its budget.
pub(super) fn findings(files: &[FileLength], functions: &[Function]) -> Vec<String> {
    let file_lengths = Lengths::new(files.iter().map(|file| file.length));
    let function_lengths = Lengths::new(functions.iter().map(|function| function.length));
    let mut findings = FILES.objections("files", &file_lengths);
    findings.extend(FUNCTIONS.objections("functions", &function_lengths));
    findings.extend(files.iter().filter(|file| file.length > FILES.ceiling).map(|file| {
        format!("{} has {} lines, over the ceiling of {}", file.path.display(), file.length, FILES.ceiling)
    }));
    let too_long = |function: &&Function| function.length > FUNCTIONS.ceiling && !function.is_excused;
    findings.extend(functions.iter().filter(too_long).map(|function| {
        let Function { name, path, line, length, .. } = function;
        format!(
            "{}:{line} `{name}` has {length} lines, over the ceiling of {}",
            path.display(),
            FUNCTIONS.ceiling
        )
    }));
    findings
}

impl Budget {
    fn objections(&self, what: &str, lengths: &Lengths) -> Vec<String> {
        let statistics =
            [("median", lengths.median(), self.median), ("90th percentile", lengths.p90(), self.p90)];
        statistics
            .iter()
            .filter(|(_, length, limit)| length > limit)
            .map(|(name, length, limit)| {
                format!("the {name} of {what} is {length} lines, over the budget of {limit}")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(length: usize) -> FileLength {
        FileLength { path: "a.rs".into(), length }
    }

    fn function(length: usize) -> Function {
        Function { name: "f".into(), path: "a.rs".into(), line: 3, length, is_excused: false }
    }

    /// Enough short ones that the statistics stay within the budget.
    fn with_short_ones(function: Function, short: &Function) -> Vec<Function> {
        std::iter::repeat_n(short.clone(), 20).chain([function]).collect()
    }

    #[test]
    fn within_the_budget_nothing_is_found() {
        assert_eq!(findings(&[file(140)], &[function(8)]), [""; 0]);
    }

    #[test]
    fn a_file_over_the_ceiling_is_found() {
        let mut files: Vec<FileLength> = (0..20).map(|_| file(100)).collect();
        files.push(file(601));
        assert_eq!(findings(&files, &[]), ["a.rs has 601 lines, over the ceiling of 600"]);
    }

    #[test]
    fn a_function_over_the_ceiling_is_found_unless_excused() {
        let long = function(81);
        let expected = ["a.rs:3 `f` has 81 lines, over the ceiling of 80"];
        assert_eq!(findings(&[], &with_short_ones(long.clone(), &function(5))), expected);
        let excused = Function { is_excused: true, ..long };
        assert_eq!(findings(&[], &with_short_ones(excused, &function(5))), [""; 0]);
    }

    #[test]
    fn statistics_over_the_budget_are_found() {
        let expected = [
            "the median of files is 141 lines, over the budget of 140",
            "the median of functions is 31 lines, over the budget of 8",
            "the 90th percentile of functions is 31 lines, over the budget of 30",
        ];
        assert_eq!(findings(&[file(141)], &[function(31)]), expected);
    }
}
