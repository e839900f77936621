//! The chores of this repository: `cargo xtask COMMAND`.
//!
//! The exit code is 0 when all is well, 1 when a command found something, and 2 when it could not do
//! its work. A new command is one file and one line of [`COMMANDS`].

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its answers are for reading")]

mod check;
mod deps;
mod failure;
mod faults;
mod outcome;
mod shape;
mod source;

use std::path::Path;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::outcome::Outcome;

struct Command {
    name: &'static str,
    summary: &'static str,
    work: Work,
}

/// What a command does.
enum Work {
    /// Examines the work tree and answers; takes no arguments and leaves the printing to us.
    Examine(fn(&Path) -> Result<Outcome, Failure>),
    /// Tries something out, with arguments of its own, and tells as it goes; an error is what it found.
    Try(fn(&[String]) -> Result<(), String>),
}

const COMMANDS: &[Command] = &[
    Command {
        name: "check",
        summary: "the front door before a commit: rustfmt, clippy, deps, shape",
        work: Work::Examine(check::run),
    },
    Command {
        name: "deps",
        summary: "who may depend on whom, and what a crate may touch",
        work: Work::Examine(deps::run),
    },
    Command {
        name: "shape",
        summary: "lengths of files and functions against their budget",
        work: Work::Examine(shape::run),
    },
    Command {
        name: "faults",
        summary: "kill, full disk and I/O error at every call that changes files",
        work: Work::Try(faults::run),
    },
];

/// What the arguments ask for.
enum Request<'a> {
    Help,
    Run(&'static Command, &'a [String]),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match answer(&arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {}", failure.line());
            ExitCode::from(2)
        }
    }
}

fn answer(arguments: &[String]) -> Result<ExitCode, Failure> {
    match request(arguments)? {
        Request::Help => {
            print!("{}", help());
            Ok(ExitCode::SUCCESS)
        }
        Request::Run(command, arguments) => command.run(arguments),
    }
}

impl Command {
    fn run(&self, arguments: &[String]) -> Result<ExitCode, Failure> {
        let is_well = match self.work {
            Work::Examine(examine) => {
                let outcome = examine(repository())?;
                print!("{}", outcome.render(self.name));
                outcome.findings.is_empty()
            }
            Work::Try(attempt) => {
                attempt(arguments).inspect_err(|found| eprintln!("{}: {found}", self.name)).is_ok()
            }
        };
        Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn request(arguments: &[String]) -> Result<Request<'_>, Failure> {
    let Some((word, rest)) = arguments.split_first() else { return Ok(Request::Help) };
    if matches!(word.as_str(), "help" | "--help" | "-h") {
        return Ok(Request::Help);
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == word) else {
        return Err(Failure::UnknownCommand { word: word.clone() });
    };
    match (&command.work, rest) {
        (Work::Examine(_), [extra, ..]) => {
            Err(Failure::UnexpectedArgument { command: command.name, word: extra.clone() })
        }
        (Work::Examine(_) | Work::Try(_), rest) => Ok(Request::Run(command, rest)),
    }
}

fn help() -> String {
    let mut text = String::from("usage: cargo xtask COMMAND\n\n");
    for command in COMMANDS {
        text += &format!("  {:<10}{}\n", command.name, command.summary);
    }
    text
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask/ is a folder of the repository")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn no_argument_asks_for_help_which_names_every_command() {
        assert!(matches!(request(&[]), Ok(Request::Help)));
        assert!(matches!(request(&words(&["--help"])), Ok(Request::Help)));
        for command in COMMANDS {
            assert!(help().contains(&format!("  {} ", command.name)));
        }
    }

    #[test]
    fn a_command_is_found_by_its_name() {
        let arguments = words(&["shape"]);
        let Ok(Request::Run(command, [])) = request(&arguments) else { panic!("`shape` is a command") };
        assert_eq!(command.name, "shape");
    }

    #[test]
    fn a_trial_gets_the_arguments_after_its_name() {
        let arguments = words(&["faults", "--quick"]);
        let Ok(Request::Run(command, rest)) = request(&arguments) else { panic!("`faults` is a command") };
        assert_eq!((command.name, rest), ("faults", &arguments[1..]));
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        let line = |arguments: &[&str]| request(&words(arguments)).err().unwrap().line();
        assert_eq!(line(&["shap"]), "no command is called `shap`; `cargo xtask --help` lists them");
        assert_eq!(line(&["deps", "--fast"]), "`deps` takes no arguments, but got `--fast`");
    }
}
