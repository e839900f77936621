//! `umbel annotate`.

use std::process::ExitCode;

use clap::Args;
use umbel::model::{MediaType, Patch, Selector};
use umbel::{Annotate, Session};

use super::Online;
use crate::args::{self, AnnotationArgs, PlatformFields, RegistryArgs};
use crate::failure::Failure;
use crate::render::{json, text};
use crate::ui::Ui;

/// Change annotations and platforms; prints the digests of the entries, or the ID of the list
///
/// Without an entry, the index itself is changed.
#[derive(Args, Debug)]
pub(crate) struct AnnotateArgs {
    /// The list
    list: String,

    /// The entry, by digest or platform; without one, the index is meant
    #[arg(value_name = "ENTRY", value_parser = args::entry, conflicts_with = "index")]
    entry: Option<Selector>,

    /// Change the index itself
    #[arg(long)]
    index: bool,

    #[command(flatten)]
    annotations: AnnotationArgs,

    /// What the index is about: the location of a manifest; empty for nothing
    #[arg(long, value_name = "SOURCE", conflicts_with = "entry")]
    subject: Option<String>,

    /// What kind of artifact the index is: a media type; empty for none
    #[arg(long, value_name = "TYPE", conflicts_with = "entry", value_parser = artifact_type)]
    artifact_type: Option<Patch<MediaType>>,

    #[command(flatten)]
    fields: PlatformFields,

    #[command(flatten)]
    registry: RegistryArgs,
}

fn artifact_type(text: &str) -> Result<Patch<MediaType>, String> {
    if text.is_empty() {
        return Ok(Patch::Clear);
    }
    text.parse().map(Patch::Set).map_err(|error: umbel::model::media_type::MediaTypeError| error.to_string())
}

impl AnnotateArgs {
    fn options(self) -> Annotate {
        let base = match self.entry {
            Some(entry) => Annotate::entries(self.list, entry),
            None => Annotate::index(self.list),
        };
        let subject = self.subject.map_or(Patch::Keep, |subject| match subject.as_str() {
            "" => Patch::Clear,
            _ => Patch::Set(subject),
        });
        Annotate {
            annotations: self.annotations.changes,
            platform: self.fields.patch(),
            subject,
            artifact_type: self.artifact_type.unwrap_or_default(),
            ..base
        }
    }
}

impl Online for AnnotateArgs {
    fn registry(&self) -> &RegistryArgs {
        &self.registry
    }

    fn places(&self) -> Vec<&str> {
        self.subject.iter().map(String::as_str).collect()
    }

    async fn run(self, session: &Session, ui: &mut Ui) -> Result<ExitCode, Failure> {
        let annotated = self.options().run(session).await?;
        ui.notes(&annotated.notes);
        let digests: Vec<_> = annotated.entries.iter().map(|entry| entry.digest.clone()).collect();
        ui.result(
            || if digests.is_empty() { format!("{}\n", annotated.record.id) } else { text::lines(&digests) },
            || json::changed(&annotated.record, &digests, &annotated.notes),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
