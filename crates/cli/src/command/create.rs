//! `umbel create`.

use std::process::ExitCode;

use clap::Args;
use umbel::model::{AnnotationChange, Flavor};
use umbel::{Choice, Create, IfExists, Session};

use super::Online;
use crate::args::RegistryArgs;
use crate::failure::Failure;
use crate::render::json;
use crate::ui::Ui;

/// Create a list, empty or with images; prints its ID
#[derive(Args, Debug)]
pub(crate) struct CreateArgs {
    /// Name of the list; `app` means `localhost/app:latest`
    #[arg(value_name = "NAME")]
    name: String,

    /// Images and indexes it begins with
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,

    /// Take all entries of a source that is an index
    #[arg(long)]
    all: bool,

    /// Form in which it will be published: `oci` or `docker`
    #[arg(
        long,
        short,
        env = "UMBEL_FORMAT",
        default_value = "oci",
        value_name = "FORM",
        hide_env_values = true
    )]
    format: Flavor,

    /// Annotation of the index, `KEY=VALUE`; may be given several times
    #[arg(long = "annotation", value_name = "KEY=VALUE")]
    annotations: Vec<AnnotationChange>,

    /// If there is such a list, add to it
    #[arg(long, short, conflicts_with = "replace")]
    amend: bool,

    /// If there is such a list, put the new one in its place
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    registry: RegistryArgs,
}

impl CreateArgs {
    fn options(self) -> Create {
        let if_exists = match (self.amend, self.replace) {
            (true, _) => IfExists::Amend,
            (_, true) => IfExists::Replace,
            _ => IfExists::Refuse,
        };
        Create {
            name: self.name,
            flavor: self.format,
            sources: self.sources,
            choice: if self.all { Choice::All } else { Choice::Host },
            annotations: self.annotations,
            if_exists,
        }
    }
}

impl Online for CreateArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        self.sources.iter().map(String::as_str).collect()
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let created = self.options().run(session).await?;
        ui.notes(&created.notes);
        ui.result(
            || format!("{}\n", created.record.id),
            || json::changed(&created.record, &[], &created.notes),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
