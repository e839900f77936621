//! Why a command could not do its work. Findings are not failures.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no command is called `{word}`; `cargo xtask --help` lists them")]
    UnknownCommand { word: String },
    #[error("`{command}` takes no arguments, but got `{word}`")]
    UnexpectedArgument { command: &'static str, word: String },
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}`, line {}, is not Rust", path.display(), source.span().start().line)]
    NotRust { path: PathBuf, source: syn::Error },
    #[error("cannot run `{command}`")]
    Start { command: String, source: io::Error },
    #[error("`{command}` ended with {status}: {}", stderr.trim_end())]
    Ended { command: String, status: ExitStatus, stderr: String },
    #[error("`cargo metadata` did not answer as expected")]
    Metadata { source: serde_json::Error },
}

impl Failure {
    /// The failure and its causes on one line.
    pub(crate) fn line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line += &format!(": {error}");
            cause = error.source();
        }
        line.replace('\n', " ")
    }
}
