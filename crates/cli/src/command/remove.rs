//! `umbel remove`.

use std::process::ExitCode;

use clap::Args;
use umbel::model::Selector;
use umbel::{Remove, Session};

use crate::args;
use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Take entries out of a list; prints their digests
#[derive(Args, Debug)]
pub(crate) struct RemoveArgs {
    /// The list
    list: String,

    /// The entries, by digest or platform
    #[arg(value_name = "ENTRY", value_parser = args::entry, required = true)]
    entries: Vec<Selector>,
}

impl RemoveArgs {
    pub(crate) async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let removed = Remove { list: self.list, entries: self.entries }.run(session).await?;
        ui.notes(&removed.notes);
        let digests: Vec<_> = removed.entries.iter().map(|entry| entry.digest.clone()).collect();
        ui.result(|| text::lines(&digests), || json::changed(&removed.record, &digests, &removed.notes))?;
        Ok(ExitCode::SUCCESS)
    }
}
