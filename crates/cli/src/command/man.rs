//! `umbel man`: for whoever packages umbel.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _};

use crate::args::Cli;
use crate::failure::Failure;

/// Write the manual pages of all commands into a directory
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The directory, which must be there
    directory: PathBuf,
}

impl ManArgs {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        clap_mangen::generate_to(command, &self.directory)
            .map_err(|error| Failure::Output(self.directory.clone(), error))?;
        Ok(ExitCode::SUCCESS)
    }
}
