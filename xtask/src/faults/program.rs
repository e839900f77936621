//! The programs that are run: umbel, and strace around it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use std::os::unix::process::ExitStatusExt as _;

/// The program under test.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By itself, with this code.
    Exit(i32),
    /// Killed.
    Killed,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) ending: Ending,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

impl Answer {
    fn of(output: Output) -> Result<Self, String> {
        let ending = match (output.status.code(), output.status.signal()) {
            (Some(code), _) => Ending::Exit(code),
            (None, Some(9)) => Ending::Killed,
            (None, signal) => return Err(format!("ended by signal {signal:?}")),
        };
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(Self { ending, stdout: output.stdout, stderr })
    }

    /// The standard output of a run that must have gone well.
    pub(super) fn success(self, what: &str) -> Result<Vec<u8>, String> {
        match self.ending {
            Ending::Exit(0) => Ok(self.stdout),
            ending => Err(format!("`{what}` ended with {ending:?}: {}", on_one_line(&self.stderr))),
        }
    }
}

/// What somebody wrote on several lines, on one.
pub(super) fn on_one_line(text: &str) -> String {
    text.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ")
}

impl Program {
    /// The program at `binary`, or else the one that cargo builds from this workspace.
    pub(super) fn find(binary: Option<&str>) -> Result<Self, String> {
        let path = match binary {
            Some(path) => std::path::absolute(path).map_err(|e| format!("`{path}`: {e}"))?,
            None => build()?,
        };
        if path.is_file() { Ok(Self { path }) } else { Err(format!("`{}` is not a file", path.display())) }
    }

    /// Runs it on the store `root`.
    pub(super) fn run(&self, root: &Path, words: &[String]) -> Result<Answer, String> {
        self.start(Command::new(&self.path), root, words)
    }

    /// Runs it under strace, which is given `options` and writes to `trace`.
    pub(super) fn run_traced(
        &self,
        root: &Path,
        words: &[String],
        trace: &Path,
        options: &[String],
    ) -> Result<Answer, String> {
        let mut strace = Command::new("strace");
        // With `--seccomp-bpf`, which would be faster, signals are not delivered at the call.
        strace.args(["-f", "-y", "-o"]).arg(trace).args(options).arg("--").arg(&self.path);
        self.start(strace, root, words)
    }

    fn start(&self, mut command: Command, root: &Path, words: &[String]) -> Result<Answer, String> {
        // A lock that nobody gives back is a finding, not a reason to wait.
        command.args(words).arg("--root").arg(root).args(["--lock-timeout", "60"]);
        command.env_remove("UMBEL_FORMAT").env_remove("UMBEL_ROOT").stdin(Stdio::null());
        let output = command.output().map_err(|e| format!("cannot run `{}`: {e}", self.path.display()))?;
        Answer::of(output)
    }
}

fn build() -> Result<PathBuf, String> {
    let words = ["build", "--quiet", "-p", "umbel-cli", "--message-format=json-render-diagnostics"];
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(words)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("cannot run cargo: {e}"))?;
    if !output.status.success() {
        return Err(format!("`cargo {}` ended with {}", words.join(" "), output.status));
    }
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_umbel = message["target"]["name"] == "umbel";
        message["executable"].as_str().filter(|_| is_umbel).map(PathBuf::from)
    };
    let messages = String::from_utf8_lossy(&output.stdout);
    messages.lines().find_map(executable).ok_or_else(|| "cargo built no `umbel`".to_owned())
}

/// Finds out whether strace is there and may do its work.
pub(super) fn check_strace(scratch: &Path) -> Result<(), String> {
    let output = Command::new("strace").arg("-o").arg(scratch.join("trace")).arg("true").output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = on_one_line(&String::from_utf8_lossy(&output.stderr));
            Err(format!(
                "strace cannot trace here; is ptrace permitted (`--cap-add SYS_PTRACE`)? It said: {said}"
            ))
        }
        Err(e) => Err(format!("strace is needed and cannot be run (`apt-get install strace`): {e}")),
    }
}
