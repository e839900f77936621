//! `umbel serve`.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use umbel_serve::Registry;

use crate::failure::Failure;
use crate::render::json;
use crate::ui::Ui;

/// Serve a directory of OCI layouts as a registry; prints its address
///
/// Every repository is a layout: `DIRECTORY/app` is served as `ADDRESS/app`, and what is pushed there is read as
/// `oci:DIRECTORY/app`. For trying umbel, for hand-overs and for tests: there is neither TLS nor authentication.
/// Runs until it is interrupted.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// The directory; made when something is first pushed
    #[arg(value_name = "DIRECTORY", required_unless_present = "memory")]
    directory: Option<PathBuf>,

    /// Keep everything in memory instead
    #[arg(long, conflicts_with = "directory")]
    memory: bool,

    /// Where to listen; whoever can reach the address may read and write everything
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    listen: SocketAddr,
}

impl ServeArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<ExitCode, Failure> {
        let registry = match self.directory {
            Some(directory) => Registry::in_directory(directory),
            None => Registry::in_memory(),
        };
        let failed = |error| Failure::Listen(self.listen.to_string(), error);
        let listener = TcpListener::bind(self.listen).map_err(failed)?;
        let running = umbel_serve::start(listener, registry).map_err(failed)?;
        let address = format!("http://{}", running.address());
        ui.result(|| format!("{address}\n"), || json::serving(&address))?;
        loop {
            std::thread::park();
        }
    }
}
