//! What somebody wants to run, in order of preference.

use crate::Platform;

/// Variants of 32-bit ARM, most capable first; each runs what stands behind it.
const ARM: [&str; 4] = ["v8", "v7", "v6", "v5"];

/// Variants of 64-bit ARM that run on every 64-bit ARM.
const ARM64: [&str; 1] = ["v8"];

/// A platform that somebody wants an image for.
///
/// An entry fits if its system and architecture are equal and its variant is one that the wanted
/// one runs; where several fit, the nearest wins. The order is that of containers' tools: a wanted
/// variant, then less capable ones, then none; without a wanted variant first none, then from the
/// most capable down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    platform: Platform,
}

impl Wanted {
    /// Wants an image for `platform`; its features do not matter.
    pub fn new(platform: Platform) -> Self {
        Self { platform }
    }

    /// The platform that was asked for.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// How well an entry for `offered` fits: 0 is best, `None` is not at all.
    pub fn rank(&self, offered: &Platform) -> Option<usize> {
        let wanted = &self.platform;
        let same = offered.os == wanted.os && offered.architecture == wanted.architecture;
        let version = wanted.os_version.as_deref().is_none_or(|version| offered.has_os_version(version));
        if !same || !version {
            return None;
        }
        let offered = offered.variant.as_deref().unwrap_or("");
        self.variants().iter().position(|variant| *variant == offered)
    }

    /// The variants that will do, best first; the empty one stands for none.
    fn variants(&self) -> Vec<&str> {
        let known: &[&str] = match self.platform.architecture.as_str() {
            "arm" => &ARM,
            "arm64" => &ARM64,
            _ => &[],
        };
        match self.platform.variant.as_deref().filter(|variant| !variant.is_empty()) {
            None => std::iter::once("").chain(known.iter().copied()).collect(),
            Some(variant) => match known.iter().position(|candidate| *candidate == variant) {
                Some(position) => known[position..].iter().copied().chain([""]).collect(),
                None => vec![variant, ""],
            },
        }
    }
}
