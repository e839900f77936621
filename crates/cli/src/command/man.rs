//! `umbel man`: for whoever packages umbel.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _};

use crate::args::Cli;
use crate::failure::Failure;
use crate::ui::Ui;

/// Write the manual pages into a directory; prints their names
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The directory, which must be there
    directory: PathBuf,
}

impl ManArgs {
    pub(crate) fn run(&self, ui: &Ui) -> Result<ExitCode, Failure> {
        let mut names = String::new();
        let command = Cli::command();
        let subcommands = command.get_subcommands().filter(|sub| !sub.is_hide_set());
        let pages = subcommands.map(|sub| (format!("umbel-{}", sub.get_name()), sub.clone()));
        let pages: Vec<_> = [("umbel".to_owned(), command.clone())].into_iter().chain(pages).collect();
        for (name, command) in pages {
            let file = self.directory.join(format!("{name}.1"));
            let mut page = Vec::new();
            let failed = |error| Failure::Output(file.clone(), error);
            clap_mangen::Man::new(command.name(name)).render(&mut page).map_err(failed)?;
            std::fs::write(&file, page).map_err(failed)?;
            names += &format!("{}\n", file.display());
        }
        ui.bytes(names.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}
