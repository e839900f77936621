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

use umbel::model::name::Transport;

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

/// A flag that was given to a command that can do nothing with it, with all that was typed besides.
fn useless_flag(matches: &ArgMatches) -> Option<(&str, &'static str)> {
    let (command, matches) = matches.subcommand()?;
    let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let writes_to_registry = || {
        let mut destinations = matches.get_many::<String>("destinations").into_iter().flatten();
        destinations
            .any(|place| Transport::split(place).is_some_and(|(transport, _)| transport == Transport::Docker))
    };
    let useless: &[(&str, &str)] = match command {
        "serve" => &[("root", "root"), ("lock_timeout", "lock-timeout")],
        "completions" | "man" => &[("root", "root"), ("lock_timeout", "lock-timeout"), ("json", "json")],
        // Only a subject is looked up.
        "annotate" if !given("subject") => &REGISTRY_FLAGS,
        "push" | "combine" | "copy" if !writes_to_registry() => &[("no_read_back", "no-read-back")],
        _ => &[],
    };
    useless.iter().find(|(id, _)| given(id)).map(|(_, flag)| (command, *flag))
}

/// The flags of [`RegistryArgs`].
const REGISTRY_FLAGS: [(&str, &str); 9] = [
    ("tls_verify", "tls-verify"),
    ("cert_dir", "cert-dir"),
    ("authfile", "authfile"),
    ("creds", "creds"),
    ("username", "username"),
    ("password_stdin", "password-stdin"),
    ("retry", "retry"),
    ("timeout", "timeout"),
    ("verbose", "verbose"),
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_refused_where_it_can_do_nothing() {
        for (line, expected) in [
            ("umbel annotate app linux/arm64 --annotation a=b --verbose", Some("verbose")),
            ("umbel annotate app linux/arm64 --annotation a=b --retry 1", Some("retry")),
            ("umbel annotate app --index --subject docker://r.example/a --verbose", None),
            ("umbel push app oci:out --no-read-back", Some("no-read-back")),
            ("umbel push app oci:out docker://r.example/a --no-read-back", None),
            ("umbel combine oci:in -t docker://r.example/a --no-read-back", None),
            ("umbel copy docker://r.example/a oci:out --no-read-back", Some("no-read-back")),
            ("umbel push app oci:out --tls-verify=false", None),
            ("umbel serve --memory --root x", Some("root")),
        ] {
            let matches = Cli::command().try_get_matches_from(line.split(' ')).unwrap();
            assert_eq!(useless_flag(&matches).map(|(_, flag)| flag), expected, "{line}");
        }
    }

    #[test]
    fn every_flag_about_registries_is_known_here() {
        let command = Cli::command();
        let annotate = command.find_subcommand("annotate").unwrap();
        let about_registries = |arg: &&clap::Arg| arg.get_help_heading() == Some("Registry options");
        let mut known = REGISTRY_FLAGS.iter();
        for arg in annotate.get_arguments().filter(about_registries) {
            assert_eq!(known.next(), Some(&(arg.get_id().as_str(), arg.get_long().unwrap())));
        }
        assert_eq!(known.next(), None);
    }
}
