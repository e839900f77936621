//! The `umbel` binary: reads what was typed, runs a verb of the library, and shows what came of it.

mod args;
mod command;
mod failure;
mod hints;
mod network;
mod render;
mod surroundings;
mod ui;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = args::parse();
    let mut ui = ui::Ui::new(&cli.global);
    match command::run(cli, &mut ui) {
        Ok(code) => code,
        Err(failure) => ui.fail(&failure),
    }
}
