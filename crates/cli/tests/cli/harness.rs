//! Runs the binary in surroundings of its own and writes down what it said.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use umbel_testkit::Layout;

/// A directory to work in, with a store in it that nobody else has.
pub(crate) struct Desk {
    scratch: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { scratch: tempfile::tempdir().unwrap() }
    }

    /// A desk with the layout `images`, in which each platform's image has a name.
    pub(crate) fn with_images() -> Self {
        let desk = Self::new();
        let mut layout = Layout::create(desk.path("images"));
        for (name, platform) in [
            ("amd64", "linux/amd64"),
            ("arm64", "linux/arm64"),
            ("armv6", "linux/arm/v6"),
            ("armv7", "linux/arm/v7"),
        ] {
            layout.add_image(&umbel_testkit::image(platform).build(), Some(name));
        }
        desk
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.scratch.path().join(relative)
    }

    /// The binary, with nothing in its environment that could make a difference.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_umbel"));
        command
            .current_dir(self.scratch.path())
            .env_clear()
            .env("HOME", self.scratch.path())
            .env("UMBEL_ROOT", "store");
        command
    }

    pub(crate) fn output(&self, line: &str) -> Output {
        self.command().args(words(line)).output().unwrap()
    }

    /// What a command prints to stdout; it must succeed.
    pub(crate) fn stdout(&self, line: &str) -> String {
        let output = self.output(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Each command with its exit code and all that it said, free of what differs from run to run.
    pub(crate) fn transcript(&self, lines: &[&str]) -> String {
        let mut transcript = String::new();
        for line in lines {
            let output = self.output(line);
            let (out, err) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            let code = output.status.code().unwrap();
            transcript += &format!("$ umbel {line}\n{out}");
            if !out.is_empty() && !out.ends_with('\n') {
                transcript += "(no newline)\n";
            }
            transcript.extend(err.lines().map(|line| format!("! {line}\n")));
            if code != 0 {
                transcript += &format!("(exit code {code})\n");
            }
            transcript.push('\n');
        }
        self.without_accidents(&transcript)
    }

    fn without_accidents(&self, text: &str) -> String {
        let scratch = self.scratch.path().canonicalize().unwrap();
        let text = text.replace(&*scratch.to_string_lossy(), "DESK");
        let mut clean = String::new();
        for line in text.lines() {
            clean += &without_ids(line);
            clean.push('\n');
        }
        clean
    }
}

/// Splits at blanks; a word in single quotes may hold some.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (position, part) in line.split('\'').enumerate() {
        if position % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// IDs are random and times pass; digests stay, for they must not change.
fn without_ids(line: &str) -> String {
    let mut clean = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
        let (run, after) = from.split_at(length);
        clean += before;
        clean += match length {
            64 if !clean.ends_with("sha256:") => "ID",
            12 if run.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => "SHORT-ID    ",
            _ => run,
        };
        rest = after;
    }
    clean += rest;
    let year = clean.find("20").filter(|&at| clean[at..].len() >= 10 && &clean[at + 4..at + 5] == "-");
    match year {
        Some(at) if clean[at..].find('T') == Some(10) => {
            let end = clean[at..].find('Z').map_or(clean.len(), |z| at + z + 1);
            format!("{}TIME{}", &clean[..at], &clean[end..])
        }
        Some(at) => format!("{}DATE{}", &clean[..at], &clean[at + 10..]),
        None => clean,
    }
}

/// Every file below a directory with its contents, to see that nothing changed.
pub(crate) fn snapshot(path: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    if path.exists() { umbel_testkit::tree(path) } else { std::collections::BTreeMap::default() }
}
