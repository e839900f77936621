//! `umbel list`.

use std::process::ExitCode;

use clap::Args;
use umbel::{List, Session};

use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Show which lists there are; with `--quiet` only their IDs
#[derive(Args, Debug)]
pub(crate) struct ListArgs {}

impl ListArgs {
    pub(crate) async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let lists = List.run(session).await?;
        for damaged in &lists.damaged {
            ui.warn(&damaged.to_string());
        }
        let ids = || text::lines(lists.lists.iter().map(|record| &record.id));
        let plain = || if ui.quiet { ids() } else { text::lists(&lists.lists) };
        ui.result(plain, || json::lists(&lists.lists))?;
        Ok(ExitCode::SUCCESS)
    }
}
