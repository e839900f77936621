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

use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::surroundings;
use crate::ui::Ui;

/// Runs what was typed.
pub(crate) fn run(cli: Cli, ui: &mut Ui) -> Result<ExitCode, Failure> {
    // These need no list and must work where there is no home.
    match &cli.command {
        Command::Completions(args) => return args.run(ui),
        Command::Man(args) => return args.run(),
        _ => {}
    }
    let session = surroundings::session(&cli.global)?;
    let work = async {
        match cli.command {
            Command::Create(args) => args.run(&session, ui).await,
            Command::Add(args) => args.run(&session, ui).await,
            Command::Annotate(args) => args.run(&session, ui).await,
            Command::Inspect(args) => args.run(&session, ui).await,
            Command::Exists(args) => args.run(&session).await,
            Command::List(args) => args.run(&session, ui).await,
            Command::Remove(args) => args.run(&session, ui).await,
            Command::Rm(args) => args.run(&session, ui).await,
            Command::Push(args) => args.run(&session, ui).await,
            Command::Combine(args) => args.run(&session, ui).await,
            Command::Completions(args) => args.run(ui),
            Command::Man(args) => args.run(),
        }
    };
    umbel::block_on(work)
}
