//! `umbel exists`.

use std::process::ExitCode;

use clap::Args;
use umbel::{Exists, Session};

use super::Online;
use crate::args::RegistryArgs;
use crate::failure::{Class, Failure};
use crate::render::json;
use crate::ui::Ui;

/// Tell by the exit code whether a list or image is there: 0 yes, 1 no
#[derive(Args, Debug)]
pub(crate) struct ExistsArgs {
    /// A list, or the location of an image or index
    reference: String,

    #[command(flatten)]
    registry: RegistryArgs,
}

impl Online for ExistsArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        vec![&self.reference]
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let exists = Exists { reference: self.reference }.run(session).await?;
        ui.result(String::new, || json::exists(exists))?;
        Ok(if exists { ExitCode::SUCCESS } else { Class::No.into() })
    }
}
