//! What an image runs on.

use crate::json::{Object, array, string};

/// The platform of an image: what its config says and what its entry in an index repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// Operating system, as Go names it.
    pub os: String,
    /// CPU architecture, as Go names it.
    pub architecture: String,
    /// Variant of the architecture, such as `v7`.
    pub variant: Option<String>,
    /// Version of the operating system; Windows images have one.
    pub os_version: Option<String>,
    /// Features that the operating system must have; left out when empty.
    pub os_features: Vec<String>,
}

impl Platform {
    /// Reads `OS/ARCHITECTURE[/VARIANT]`, all parts non-empty; no part is translated or guessed.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant.to_owned())),
            _ => return None,
        };
        let complete = parts.iter().all(|part| !part.is_empty());
        complete.then(|| Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant,
            ..Self::default()
        })
    }

    /// The fields under their JSON names, which configs and index entries share.
    pub(crate) fn object(&self) -> Object {
        let features = array(self.os_features.iter().map(|feature| string(feature)));
        Object::default()
            .with("architecture", string(&self.architecture))
            .with("os", string(&self.os))
            .with_some("os.version", self.os_version.as_deref().map(string))
            .with_some("os.features", (!self.os_features.is_empty()).then_some(features))
            .with_some("variant", self.variant.as_deref().map(string))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_or_three_non_empty_parts_are_a_platform() {
        for text in ["", "linux", "linux/", "/amd64", "linux//v7", "linux/arm/", "linux/arm/v7/x"] {
            assert_eq!(Platform::parse(text), None, "{text}");
        }
        let platform = Platform::parse("linux/arm/v7").unwrap();
        assert_eq!(platform.object().to_string(), r#"{"architecture":"arm","os":"linux","variant":"v7"}"#);
    }
}
