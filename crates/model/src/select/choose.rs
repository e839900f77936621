//! The choice itself.

use super::Wanted;
use crate::{Descriptor, Platform};

/// Chooses the entry that fits `wanted` best.
///
/// Platform goes before compression, compression before position: of entries that fit equally
/// well, one marked as zstd compressed is taken before others, then the first. An entry that says
/// nothing of its platform is taken only when no other fits. Attestations are never chosen.
pub fn choose<'e>(entries: &'e [Descriptor], wanted: &Wanted) -> Result<&'e Descriptor, NoMatch> {
    let rank = |entry: &Descriptor| match &entry.platform {
        Some(platform) => wanted.rank(platform),
        None => Some(usize::MAX),
    };
    entries
        .iter()
        .filter(|entry| entry.attests().is_none())
        .filter_map(|entry| rank(entry).map(|rank| (rank, !entry.is_zstd(), entry)))
        .min_by_key(|(rank, not_zstd, _)| (*rank, *not_zstd))
        .map(|(_, _, entry)| entry)
        .ok_or_else(|| NoMatch::new(entries, wanted))
}

/// No entry fits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no image for `{wanted}`; {}", listing(.available))]
pub struct NoMatch {
    /// What was wanted.
    pub wanted: Platform,
    /// What there is, in the order of the entries, attestations left out.
    pub available: Vec<Platform>,
}

impl NoMatch {
    fn new(entries: &[Descriptor], wanted: &Wanted) -> Self {
        let images = entries.iter().filter(|entry| entry.attests().is_none());
        let mut available: Vec<Platform> = Vec::new();
        for platform in images.filter_map(|entry| entry.platform.clone()) {
            if !available.contains(&platform) {
                available.push(platform);
            }
        }
        Self { wanted: wanted.platform().clone(), available }
    }
}

/// How many platforms an error lists before it only counts the rest.
const LISTED: usize = 12;

fn listing(platforms: &[Platform]) -> String {
    if platforms.is_empty() {
        return "it names no platform at all".to_owned();
    }
    let listed: Vec<String> = platforms.iter().take(LISTED).map(|p| format!("`{p}`")).collect();
    let more = platforms.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("there is {}{rest}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Digest, MediaType, annotations};

    fn entry(name: &str, platform: &str, zstd: bool) -> Descriptor {
        let mut entry = Descriptor::new(MediaType::OCI_MANIFEST, Digest::sha256(name.as_bytes()), 1);
        entry.platform = (!platform.is_empty()).then(|| platform.parse().unwrap());
        if zstd {
            entry.annotations.insert(annotations::ZSTD.into(), "true".into());
        }
        entry
    }

    fn position(entries: &[Descriptor], wanted: &str) -> Option<usize> {
        let chosen = choose(entries, &Wanted::new(wanted.parse().unwrap())).ok()?;
        entries.iter().position(|entry| entry == chosen)
    }

    #[test]
    fn arm_falls_back_to_what_it_runs() {
        let names = ["amd64", "arm/v6", "arm/strange", "arm"];
        let entries: Vec<_> = names.iter().map(|name| entry(name, &format!("linux/{name}"), false)).collect();
        for (wanted, expected) in [
            ("linux/arm/v7", Some(1)),
            ("linux/arm/v6", Some(1)),
            ("linux/arm/v5", Some(3)),
            ("linux/arm", Some(3)),
            ("linux/arm/strange", Some(2)),
            ("linux/arm/stranger", Some(3)),
            ("linux/riscv64", None),
        ] {
            assert_eq!(position(&entries, wanted), expected, "{wanted}");
        }
    }

    #[test]
    fn platform_goes_before_compression_and_compression_before_position() {
        let entries = [
            entry("a", "linux/amd64", false),
            entry("b", "linux/amd64", true),
            entry("c", "linux/arm/v6", true),
            entry("d", "linux/arm/v7", false),
        ];
        assert_eq!(position(&entries, "linux/amd64"), Some(1));
        assert_eq!(position(&entries, "linux/arm/v7"), Some(3));
    }

    #[test]
    fn an_entry_without_a_platform_is_the_last_resort() {
        let entries = [entry("a", "", true), entry("b", "linux/amd64", false)];
        assert_eq!(position(&entries, "linux/amd64"), Some(1));
        assert_eq!(position(&entries, "linux/s390x"), Some(0));
    }

    #[test]
    fn a_windows_version_must_begin_as_wanted() {
        let entries = [
            entry("a", "windows/amd64:10.0.20348.1", false),
            entry("b", "windows/amd64:10.0.17763.9", false),
        ];
        assert_eq!(position(&entries, "windows/amd64:10.0.17763"), Some(1));
        assert_eq!(position(&entries, "windows/amd64"), Some(0));
        assert_eq!(position(&entries, "windows/amd64:10.0.1"), None);
    }

    #[test]
    fn the_error_lists_what_there_is() {
        let entries = [entry("a", "linux/amd64", false), entry("b", "linux/arm/v7", false)];
        let wanted = Wanted::new("linux/s390x".parse().unwrap());
        let error = choose(&entries, &wanted).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no image for `linux/s390x`; there is `linux/amd64`, `linux/arm/v7`"
        );
    }
}
