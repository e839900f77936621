//! `umbel copy`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use umbel::registry::ReadBack;
use umbel::{Copy, Session};

use super::Online;
use super::combine::write_digest;
use crate::args::{RegistryArgs, WritingArgs};
use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Copy an image, or an index with everything below it, as it is; prints the digest
///
/// Every digest stays what it is. What the destination has is not sent again, what another repository of its registry
/// has is mounted from there, and the name is written last.
#[derive(Args, Debug)]
pub(crate) struct CopyArgs {
    /// An image or index, or a list
    source: String,

    /// Where to: `docker://NAME` or `oci:DIRECTORY[:NAME]`
    #[arg(value_name = "DESTINATION", required = true)]
    destinations: Vec<String>,

    /// Write the digest to a file, too
    #[arg(long, value_name = "FILE")]
    digestfile: Option<PathBuf>,

    #[command(flatten)]
    writing: WritingArgs,

    #[command(flatten)]
    registry: RegistryArgs,
}

impl Online for CopyArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        [&self.source].into_iter().chain(&self.destinations).map(String::as_str).collect()
    }

    fn read_back(&self) -> ReadBack {
        self.writing.read_back()
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let copied = Copy::of(self.source, self.destinations).run(session).await?;
        write_digest(self.digestfile.as_deref(), &copied.digest)?;
        ui.notes(&copied.notes);
        ui.published(&copied.published);
        ui.result(
            || text::lines([&copied.digest]),
            || json::published(&copied.digest, &copied.media_type, &copied.published, &copied.notes),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
