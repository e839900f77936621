//! Flags for the fields of a platform.

use clap::Args;
use umbel::model::{Patch, PlatformPatch};

/// The fields of a platform, each to be set, or with an empty value to be cleared.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Platform of the entry")]
pub(crate) struct PlatformFields {
    /// Operating system, such as `linux`
    #[arg(long)]
    pub(crate) os: Option<String>,

    /// Architecture, such as `arm64` (`aarch64` and the like are understood)
    #[arg(long)]
    pub(crate) arch: Option<String>,

    /// Variant of the architecture, such as `v7`
    #[arg(long)]
    pub(crate) variant: Option<String>,

    /// Version of the operating system
    #[arg(long, value_name = "VERSION")]
    os_version: Option<String>,

    /// Features that the operating system must have, separated by commas
    #[arg(long, value_name = "FEATURES")]
    os_features: Option<String>,

    /// Features that the CPU must have, separated by commas; only Docker lists can hold them
    #[arg(long, value_name = "FEATURES")]
    features: Option<String>,
}

impl PlatformFields {
    /// The change that the flags ask for.
    pub(crate) fn patch(&self) -> PlatformPatch {
        let text = |value: &Option<String>| match value.as_deref() {
            None => Patch::Keep,
            Some("") => Patch::Clear,
            Some(value) => Patch::Set(value.to_owned()),
        };
        let words = |value: &Option<String>| match value.as_deref() {
            None => Patch::Keep,
            Some("") => Patch::Clear,
            Some(value) => {
                let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
                Patch::Set(words.map(str::to_owned).collect())
            }
        };
        PlatformPatch {
            os: text(&self.os),
            architecture: text(&self.arch),
            variant: text(&self.variant),
            os_version: text(&self.os_version),
            os_features: words(&self.os_features),
            features: words(&self.features),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_sets_an_empty_one_clears_and_an_absent_one_keeps() {
        let fields = PlatformFields {
            arch: Some("arm64".into()),
            variant: Some(String::new()),
            os_features: Some("a, b,".into()),
            ..PlatformFields::default()
        };
        let expected = PlatformPatch {
            architecture: Patch::Set("arm64".into()),
            variant: Patch::Clear,
            os_features: Patch::Set(vec!["a".into(), "b".into()]),
            ..PlatformPatch::default()
        };
        assert_eq!(fields.patch(), expected);
    }
}
