//! `umbel add`.

use std::process::ExitCode;

use clap::Args;
use umbel::model::Platform;
use umbel::{Add, Choice, Session};

use super::Online;
use crate::args::{AnnotationArgs, PlatformFields, RegistryArgs};
use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Add images and indexes to a list; prints the digests of what was added
///
/// Of a source that is an index, the entry for this machine is added, unless `--all`, `--platform`, or `--os`,
/// `--arch` and `--variant` say otherwise. The latter also set the platform of the entry. Either all sources are
/// added or none.
#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    /// The list
    list: String,

    /// Images and indexes: `docker://NAME`, `oci:DIRECTORY[:NAME|@DIGEST]`, or a list
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<String>,

    /// Take all entries of a source that is an index
    #[arg(long, conflicts_with_all = ["platform", "os", "arch", "variant"])]
    all: bool,

    /// Take the entries for these platforms, separated by commas: `OS/ARCH[/VARIANT][:OSVERSION]`
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["os", "arch", "variant"])]
    platform: Vec<Platform>,

    #[command(flatten)]
    annotations: AnnotationArgs,

    #[command(flatten)]
    fields: PlatformFields,

    #[command(flatten)]
    registry: RegistryArgs,
}

impl AddArgs {
    fn options(self) -> Add {
        let given = |field: &Option<String>| field.clone().filter(|value| !value.is_empty());
        let (os, architecture, variant) =
            (given(&self.fields.os), given(&self.fields.arch), given(&self.fields.variant));
        let choice = if self.all {
            Choice::All
        } else if !self.platform.is_empty() {
            Choice::Platforms(self.platform)
        } else if os.is_some() || architecture.is_some() || variant.is_some() {
            Choice::Fields { os, architecture, variant }
        } else {
            Choice::Host
        };
        Add {
            list: self.list,
            sources: self.sources,
            choice,
            platform: self.fields.patch(),
            annotations: self.annotations.changes,
        }
    }
}

impl Online for AddArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        self.sources.iter().map(String::as_str).collect()
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let added = self.options().run(session).await?;
        ui.notes(&added.notes);
        ui.result(
            || text::lines(&added.entries),
            || json::changed(&added.record, &added.entries, &added.notes),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
