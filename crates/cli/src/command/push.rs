//! `umbel push`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use umbel::model::Flavor;
use umbel::registry::ReadBack;
use umbel::verbs::push::Loss;
use umbel::{Push, Session};

use super::Online;
use super::combine::write_digest;
use crate::args::{RegistryArgs, WritingArgs};
use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Publish a list with its images; prints the digest
///
/// Images are written first and the name last, so what has the name is always complete.
#[derive(Args, Debug)]
pub(crate) struct PushArgs {
    /// The list
    list: String,

    /// Where to: `docker://NAME` or `oci:DIRECTORY[:NAME]`; several destinations get the same digest
    #[arg(value_name = "DESTINATION", required = true)]
    destinations: Vec<String>,

    /// Form to write, `oci` or `docker` [default: the list's own]
    #[arg(long, short, value_name = "FORM")]
    format: Option<Flavor>,

    /// Leave out what the form cannot hold
    #[arg(long)]
    allow_loss: bool,

    /// Write the digest to a file, too
    #[arg(long, value_name = "FILE")]
    digestfile: Option<PathBuf>,

    #[command(flatten)]
    writing: WritingArgs,

    #[command(flatten)]
    registry: RegistryArgs,
}

impl Online for PushArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        self.destinations.iter().map(String::as_str).collect()
    }

    fn read_back(&self) -> ReadBack {
        self.writing.read_back()
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let loss = if self.allow_loss { Loss::Accept } else { Loss::Refuse };
        let push = Push { flavor: self.format, loss, ..Push::list(self.list, self.destinations) };
        let pushed = push.run(session).await?;
        write_digest(self.digestfile.as_deref(), &pushed.digest)?;
        ui.notes(&pushed.notes);
        ui.published(&pushed.published);
        ui.result(
            || text::lines([&pushed.digest]),
            || json::published(&pushed.digest, &pushed.media_type, &pushed.published, &pushed.notes),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
