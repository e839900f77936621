//! The part of an image config that umbel needs.

use crate::{DocumentError, Platform, wire};

/// What an image config says about the platform (`config.md` of the image-spec).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageConfig {
    /// Operating system, architecture, variant, version and features; `None` if it names neither.
    pub platform: Option<Platform>,
}

impl ImageConfig {
    /// Reads a config strictly; members that do not concern the platform are not looked at.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        wire::image::read_config(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_platform_is_read() {
        let json = br#"{"architecture":"arm","os":"linux","variant":"v7","os.version":"1","os.features":["x"],"config":{"Env":[]}}"#;
        let platform = ImageConfig::parse(json).unwrap().platform.unwrap();
        assert_eq!(platform.to_string(), "linux/arm/v7:1");
        assert_eq!(platform.os_features, ["x"]);
    }

    #[test]
    fn a_config_without_a_platform_gives_none() {
        assert_eq!(ImageConfig::parse(b"{}").unwrap().platform, None);
        assert!(ImageConfig::parse(b"[]").is_err());
    }
}
