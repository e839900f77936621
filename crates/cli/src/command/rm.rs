//! `umbel rm`.

use std::process::ExitCode;

use clap::Args;
use umbel::verbs::rm::IfMissing;
use umbel::{Rm, Session};

use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Remove lists, never images; prints the names of what is gone
#[derive(Args, Debug)]
pub(crate) struct RmArgs {
    /// The lists
    #[arg(value_name = "LIST", required = true)]
    lists: Vec<String>,

    /// Say nothing about lists that are not there
    #[arg(long, short)]
    ignore: bool,
}

impl RmArgs {
    pub(crate) async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let missing = if self.ignore { IfMissing::Ignore } else { IfMissing::Fail };
        let outcome = Rm { lists: self.lists, missing }.run(session).await;
        ui.result(|| text::lines(&outcome.removed), || json::removed_lists(&outcome.removed))?;
        if outcome.failed.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::Lists(outcome.failed)) }
    }
}
