//! `--annotation`.

use clap::Args;
use umbel::model::AnnotationChange;

/// Changes of annotations.
#[derive(Args, Debug)]
pub(crate) struct AnnotationArgs {
    /// Annotation to set (`KEY=VALUE`) or to remove (`KEY-`); may be given several times
    #[arg(long = "annotation", value_name = "CHANGE", allow_hyphen_values = true)]
    pub(crate) changes: Vec<AnnotationChange>,
}
