//! What a command found.

/// The answer of a command: all is well if there are no findings.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Text to read, shown before the findings; empty, or whole lines.
    pub(crate) report: String,
    /// One line each, with the place and the rule it breaks.
    pub(crate) findings: Vec<String>,
    /// What was examined, in a few words: `8 packages, 21 arrows`.
    pub(crate) examined: String,
}

impl Outcome {
    /// The report, the findings and one summary line.
    pub(crate) fn render(&self, command: &str) -> String {
        let mut text = self.report.clone();
        for finding in &self.findings {
            text += &format!("{finding}\n");
        }
        let verdict = match self.findings.len() {
            0 => "all is well".to_owned(),
            1 => "1 finding".to_owned(),
            count => format!("{count} findings"),
        };
        text + &format!("{command}: {verdict} ({})\n", self.examined)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_findings_the_summary_is_the_whole_answer() {
        let outcome = Outcome { examined: "8 packages".into(), ..Outcome::default() };
        assert_eq!(outcome.render("deps"), "deps: all is well (8 packages)\n");
    }

    #[test]
    fn findings_stand_one_to_a_line_before_the_summary() {
        let outcome = Outcome {
            report: "report\n".into(),
            findings: vec!["a -> b".into(), "b -> a".into()],
            examined: "2 packages".into(),
        };
        assert_eq!(outcome.render("deps"), "report\na -> b\nb -> a\ndeps: 2 findings (2 packages)\n");
    }
}
