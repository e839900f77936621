//! The only voice of the program: results on stdout, everything else on stderr.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use umbel::copy::Report;
use umbel::{Note, Published};

use crate::args::GlobalArgs;
use crate::failure::Failure;
use crate::hints;

/// How to talk: what is printed where.
pub(crate) struct Ui {
    /// Results are wanted as JSON.
    pub(crate) json: bool,
    /// Only results and errors are wanted.
    pub(crate) quiet: bool,
}

impl Ui {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        Self { json: global.json, quiet: global.quiet }
    }

    /// Prints a result; with `json` as one line, otherwise as `text`.
    pub(crate) fn result(
        &self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let out = if self.json { json() + "\n" } else { text() };
        self.bytes(out.as_bytes())
    }

    /// Prints bytes as they are. A reader who has seen enough is no error.
    #[expect(clippy::unused_self, reason = "printing is what a `Ui` is for")]
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::stdout(error)),
            _ => Ok(()),
        }
    }

    /// Tells remarks, unless only results are wanted.
    pub(crate) fn notes(&self, notes: &[Note]) {
        for note in notes.iter().filter(|_| !self.quiet) {
            say("note", &note.to_string());
        }
    }

    /// Tells what was published where.
    pub(crate) fn published(&self, published: &[Published]) {
        for one in published.iter().filter(|_| !self.quiet) {
            say("published", &format!("{} ({})", one.destination, extent(one)));
        }
    }

    /// Tells something that went wrong without ending the command.
    #[expect(clippy::unused_self, reason = "printing is what a `Ui` is for")]
    pub(crate) fn warn(&self, text: &str) {
        say("warning", text);
    }

    /// Tells a failure, what was done before it, and what can be done about it. Returns the exit code.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        self.published(failure.done());
        say("error", &failure.headline());
        for cause in failure.causes() {
            say("caused by", &cause);
        }
        if let Some(report) = failure.partly_done() {
            let documents = count(report.manifests, "document", "documents");
            let name = if failure.name_may_have_moved() { "" } else { "; the name was not touched" };
            say("until then", &format!("{}, {documents} written{name}", blobs(report)));
        }
        let hints = hints::of(failure);
        if !hints.is_empty() {
            line("");
        }
        for hint in hints {
            say("hint", &hint);
        }
        failure.exit_code()
    }
}

/// What had to be done for a publication.
fn extent(published: &Published) -> String {
    if published.unchanged {
        return "it was there already".to_owned();
    }
    blobs(&published.report)
}

/// What became of the blobs.
fn blobs(report: &Report) -> String {
    let mounted = match report.blobs_mounted {
        0 => String::new(),
        mounted => format!("{mounted} mounted, "),
    };
    let written = count(report.blobs_written, "blob", "blobs");
    let known = match report.entries_known {
        0 => String::new(),
        known => format!(", {} known to be there", count(known, "image", "images")),
    };
    format!("{written} written, {mounted}{} there already{known}", report.blobs_present)
}

/// Writes one labelled line to stderr.
pub(crate) fn say(label: &str, text: &str) {
    let style = match label {
        "error" => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
        "warning" | "waiting" => Style::new().bold().fg_color(Some(AnsiColor::Yellow.into())),
        _ => Style::new().bold(),
    };
    line(&format!("{style}{label}:{style:#} {}", safe(text)));
}

/// Nothing sensible can be done if stderr is gone.
fn line(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// The text without anything that could steer a terminal, which is written as escapes. What comes from
/// elsewhere is never shown in any other way.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if steers(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Whether a character drives a terminal, or hides, splits or turns round what stands beside it.
pub(crate) fn steers(c: char) -> bool {
    let deceives = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || deceives
}

/// A number of things: `1 entry`, `3 entries`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(safe("a\u{1b}[2Jb\u{9b}c\u{202e}"), "a\\u{1b}[2Jb\\u{9b}c\\u{202e}");
        assert_eq!(safe("a\u{61c}\u{200b}\u{2028}\u{e0041}"), "a\\u{61c}\\u{200b}\\u{2028}\\u{e0041}");
        assert_eq!(safe("linux/arm64 é"), "linux/arm64 é");
    }

    #[test]
    fn things_are_counted() {
        let counted = |number| count(number, "entry", "entries");
        assert_eq!([counted(1), counted(2), counted(0)], ["1 entry", "2 entries", "0 entries"]);
    }
}
