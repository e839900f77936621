//! The commands: one file each, from what was typed to what is shown.

pub(crate) mod add;
pub(crate) mod annotate;
pub(crate) mod combine;
pub(crate) mod completions;
pub(crate) mod copy;
pub(crate) mod create;
pub(crate) mod exists;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod push;
pub(crate) mod remove;
pub(crate) mod rm;
pub(crate) mod serve;

use std::process::ExitCode;

use umbel::registry::ReadBack;
use umbel::{Session, block_on};

use crate::args::{Cli, Command, GlobalArgs, RegistryArgs};
use crate::failure::Failure;
use crate::ui::Ui;
use crate::{network, surroundings};

/// A command that may speak to registries.
pub(crate) trait Online {
    fn registry(&self) -> &RegistryArgs;

    /// What was typed as a place to read from or write to.
    fn places(&self) -> Vec<&str>;

    fn read_back(&self) -> ReadBack {
        ReadBack::Yes
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure>;
}

/// Runs what was typed. What needs no list works where there is no place for any.
pub(crate) fn run(cli: Cli, ui: &mut Ui) -> Result<ExitCode, Failure> {
    let global = &cli.global;
    let session = || surroundings::session(global);
    match cli.command {
        Command::Create(args) => online(global, args, ui),
        Command::Add(args) => online(global, args, ui),
        Command::Annotate(args) => online(global, args, ui),
        Command::Inspect(args) => online(global, args, ui),
        Command::Exists(args) => online(global, args, ui),
        Command::List(args) => block_on(args.run(&session()?, ui)),
        Command::Remove(args) => block_on(args.run(&session()?, ui)),
        Command::Rm(args) => block_on(args.run(&session()?, ui)),
        Command::Push(args) => online(global, args, ui),
        Command::Combine(args) => online(global, args, ui),
        Command::Copy(args) => online(global, args, ui),
        Command::Serve(args) => args.run(ui),
        Command::Completions(args) => args.run(ui),
        Command::Man(args) => args.run(),
    }
}

/// Runs a command on a runtime of one thread: there is nothing to do at once but to wait.
fn online(global: &GlobalArgs, command: impl Online, ui: &mut Ui) -> Result<ExitCode, Failure> {
    let mut session = surroundings::session(global)?;
    session.network =
        network::network(command.registry(), &command.places(), command.read_back(), global.quiet)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::Runtime)?.block_on(command.run(&session, ui))
}
