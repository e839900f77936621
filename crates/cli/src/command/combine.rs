//! `umbel combine`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use umbel::model::index::combine::SingleImage;
use umbel::model::{Digest, Flavor, Platform};
use umbel::registry::ReadBack;
use umbel::verbs::push::Loss;
use umbel::{Combine, Session};

use super::Online;
use crate::args::{AnnotationArgs, RegistryArgs, WritingArgs};
use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Put images and indexes together into one index, without a list; prints its digest
///
/// The entries of indexes and the images follow each other in the order of the sources, each digest once. A single
/// index that is not changed keeps its digest.
#[derive(Args, Debug)]
pub(crate) struct CombineArgs {
    /// Images and indexes, or lists
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<String>,

    /// Where to: `docker://NAME` or `oci:DIRECTORY[:NAME]`; may be given several times
    #[arg(long = "tag", short = 't', value_name = "DESTINATION", required_unless_present = "dry_run")]
    destinations: Vec<String>,

    /// Print the document that would be written, and write nothing
    #[arg(long, conflicts_with = "json")]
    dry_run: bool,

    /// Form to write, `oci` or `docker` [default: what fits the sources]
    #[arg(long, short, value_name = "FORM")]
    format: Option<Flavor>,

    /// Keep only these platforms, separated by commas, with their attestations
    #[arg(long, short, value_delimiter = ',')]
    platform: Vec<Platform>,

    /// Keep a single image as it is instead of making an index of it
    #[arg(long)]
    keep_image: bool,

    /// Leave out what the form cannot hold
    #[arg(long)]
    allow_loss: bool,

    /// Write the digest to a file, too
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    digestfile: Option<PathBuf>,

    #[command(flatten)]
    annotations: AnnotationArgs,

    #[command(flatten)]
    writing: WritingArgs,

    #[command(flatten)]
    registry: RegistryArgs,
}

impl CombineArgs {
    fn options(self) -> Combine {
        Combine {
            sources: self.sources,
            destinations: if self.dry_run { Vec::new() } else { self.destinations },
            flavor: self.format,
            platforms: self.platform,
            annotations: self.annotations.changes,
            single_image: if self.keep_image { SingleImage::Keep } else { SingleImage::Wrap },
            loss: if self.allow_loss { Loss::Accept } else { Loss::Refuse },
        }
    }
}

impl Online for CombineArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        self.sources.iter().chain(&self.destinations).map(String::as_str).collect()
    }

    fn read_back(&self) -> ReadBack {
        self.writing.read_back()
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let (dry_run, digestfile) = (self.dry_run, self.digestfile.clone());
        let outcome = self.options().run(session).await?;
        ui.notes(&outcome.notes);
        if dry_run {
            ui.bytes(outcome.root.bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        write_digest(digestfile.as_deref(), outcome.digest())?;
        ui.published(&outcome.published);
        ui.result(
            || text::lines([outcome.digest()]),
            || json::published(outcome.digest(), outcome.media_type(), &outcome.published, &outcome.notes),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the digest to a file, without a newline, as other tools do.
pub(super) fn write_digest(file: Option<&Path>, digest: &Digest) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, digest.as_str()).map_err(|error| Failure::Output(file.to_owned(), error))
}
