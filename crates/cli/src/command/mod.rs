//! The commands: one file each, from what was typed to what is shown.

pub(crate) mod add;
pub(crate) mod annotate;
pub(crate) mod combine;
pub(crate) mod completions;
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

use umbel::block_on;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::surroundings;
use crate::ui::Ui;

/// Runs what was typed. What needs no list works where there is no place for any.
pub(crate) fn run(cli: Cli, ui: &mut Ui) -> Result<ExitCode, Failure> {
    let session = || surroundings::session(&cli.global);
    match cli.command {
        Command::Create(args) => block_on(args.run(&session()?, ui)),
        Command::Add(args) => block_on(args.run(&session()?, ui)),
        Command::Annotate(args) => block_on(args.run(&session()?, ui)),
        Command::Inspect(args) => block_on(args.run(&session()?, ui)),
        Command::Exists(args) => block_on(args.run(&session()?, ui)),
        Command::List(args) => block_on(args.run(&session()?, ui)),
        Command::Remove(args) => block_on(args.run(&session()?, ui)),
        Command::Rm(args) => block_on(args.run(&session()?, ui)),
        Command::Push(args) => block_on(args.run(&session()?, ui)),
        Command::Combine(args) => block_on(args.run(&session()?, ui)),
        Command::Serve(args) => args.run(ui),
        Command::Completions(args) => args.run(ui),
        Command::Man(args) => args.run(),
    }
}
