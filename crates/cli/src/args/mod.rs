//! What can be typed: the binary's commands, and the flags they share.

mod annotation;
mod entry;
mod global;
mod platform;
mod registry;

pub(crate) use annotation::AnnotationArgs;
pub(crate) use entry::entry;
pub(crate) use global::GlobalArgs;
pub(crate) use platform::PlatformFields;
pub(crate) use registry::{RegistryArgs, WritingArgs};

use std::mem::ManuallyDrop;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::command;

/// One name, every platform: puts multi-platform images together and publishes them.
///
/// A list holds one image per platform. Build it with `create` and `add`, refine it with `annotate` and
/// `remove`, and publish it with `push`; or put images and indexes together in one go with `combine`, and take them
/// elsewhere with `copy`.
///
/// LIST is a list's name, its ID, the beginning of its ID (four characters or more), or its digest. SOURCE and
/// DESTINATION are locations such as `docker://quay.io/me/app:v1` or `oci:DIRECTORY:NAME`; a bare name is a list.
#[derive(Debug, Parser)]
#[command(
    name = "umbel",
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 done or yes, 1 no, 2 usage, 3 not found, 4 denied, 5 integrity, 6 conflict, 7 network,\n8 refused by the registry, 9 local storage."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Reads what was typed, or explains itself and ends the program.
pub(crate) fn parse() -> Cli {
    // Taking the definition of all commands apart again would cost as much as making it, and the
    // process ends soon enough.
    let mut command = ManuallyDrop::new(Cli::command());
    let matches = command.try_get_matches_from_mut(std::env::args_os()).unwrap_or_else(|error| error.exit());
    if let Some((command, flag)) = useless_flag(&matches) {
        let message = format!("`umbel {command}` has no use for `--{flag}`");
        Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// A flag of all commands that was given to one of the few that can do nothing with it.
fn useless_flag(matches: &ArgMatches) -> Option<(&str, &'static str)> {
    let (command, matches) = matches.subcommand()?;
    let useless: &[(&str, &str)] = match command {
        "serve" => &[("root", "root"), ("lock_timeout", "lock-timeout")],
        "completions" | "man" => &[("root", "root"), ("lock_timeout", "lock-timeout"), ("json", "json")],
        _ => &[],
    };
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    useless.iter().find(|(id, _)| given(id)).map(|(_, flag)| (command, *flag))
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(command::create::CreateArgs),
    Add(command::add::AddArgs),
    Annotate(command::annotate::AnnotateArgs),
    Inspect(command::inspect::InspectArgs),
    Exists(command::exists::ExistsArgs),
    List(command::list::ListArgs),
    Remove(command::remove::RemoveArgs),
    Rm(command::rm::RmArgs),
    Push(command::push::PushArgs),
    Combine(command::combine::CombineArgs),
    Copy(command::copy::CopyArgs),
    Serve(command::serve::ServeArgs),
    Completions(command::completions::CompletionsArgs),
    #[command(hide = true)]
    Man(command::man::ManArgs),
}
