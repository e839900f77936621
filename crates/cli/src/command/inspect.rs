//! `umbel inspect`.

use std::process::ExitCode;

use clap::Args;
use umbel::model::Platform;
use umbel::{Inspect, Note, Session};

use super::Online;
use crate::args::RegistryArgs;
use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Show a list, or the index or image at a location
#[derive(Args, Debug)]
pub(crate) struct InspectArgs {
    /// A list, or a location such as `docker://NAME` or `oci:DIRECTORY:NAME`
    reference: String,

    /// Print the bytes of the document, and nothing else
    #[arg(long, conflicts_with = "json")]
    raw: bool,

    /// Go on to the image of an index that fits this platform best
    #[arg(long)]
    platform: Option<Platform>,

    #[command(flatten)]
    registry: RegistryArgs,
}

impl Online for InspectArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        vec![&self.reference]
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let inspect = Inspect { reference: self.reference, platform: self.platform };
        let inspected = inspect.run(session).await?;
        let lost: Vec<Note> = inspected.dropped.iter().cloned().map(Note::Dropped).collect();
        ui.notes(&lost);
        if self.raw {
            ui.bytes(inspected.raw().bytes())?;
        } else {
            ui.result(|| text::inspected(&inspected), || json::inspected(&inspected))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
