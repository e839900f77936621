//! Which entries belong to which.

use super::Index;
use crate::{Descriptor, Digest, Platform};

impl Index {
    /// Keeps the entries for which `keep` says so, and of the attestations those about a kept entry.
    /// Returns what went.
    pub fn retain_with_attestations(&mut self, keep: impl Fn(&Descriptor) -> bool) -> Vec<Descriptor> {
        let is_kept = |entry: &Descriptor| entry.attests().is_none() && keep(entry);
        let kept: Vec<Digest> =
            self.entries.iter().filter(|entry| is_kept(entry)).map(|entry| entry.digest.clone()).collect();
        let about_kept = |entry: &Descriptor| {
            entry.attests().is_some_and(|about| kept.iter().any(|digest| digest.as_str() == about))
        };
        let (stay, go) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|entry| is_kept(entry) || about_kept(entry));
        self.entries = stay;
        go
    }

    /// The attestations about the entry with that digest.
    pub fn attestations_of(&self, digest: &Digest) -> impl Iterator<Item = &Descriptor> {
        self.entries.iter().filter(move |entry| entry.attests() == Some(digest.as_str()))
    }
}

/// The platforms for which there is more than one entry of one compression, of which a runtime would
/// only ever take the first.
pub fn duplicate_platforms(entries: &[Descriptor]) -> Vec<Platform> {
    let mut seen: Vec<(&Platform, bool)> = Vec::new();
    let mut duplicates: Vec<Platform> = Vec::new();
    for entry in entries {
        let Some(platform) = entry.platform.as_ref().filter(|platform| !platform.is_unknown()) else {
            continue;
        };
        let kind = (platform, entry.is_zstd());
        if !seen.contains(&kind) {
            seen.push(kind);
        } else if !duplicates.contains(platform) {
            duplicates.push(platform.clone());
        }
    }
    duplicates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MediaType, annotations};

    fn entry(name: &str, platform: &str) -> Descriptor {
        let mut entry = Descriptor::new(MediaType::OCI_MANIFEST, Digest::sha256(name.as_bytes()), 1);
        entry.platform = Some(platform.parse().unwrap());
        entry
    }

    fn attestation(about: &Descriptor) -> Descriptor {
        let mut attestation = entry(&format!("about {}", about.digest), "unknown/unknown");
        let pairs = [
            (annotations::REFERENCE_TYPE, "attestation-manifest".to_owned()),
            (annotations::REFERENCE_DIGEST, about.digest.to_string()),
        ];
        attestation.annotations.extend(pairs.map(|(key, value)| (key.to_owned(), value)));
        attestation
    }

    #[test]
    fn attestations_stay_with_what_they_are_about() {
        let (one, two) = (entry("1", "linux/amd64"), entry("2", "linux/arm64"));
        let entries = vec![one.clone(), two.clone(), attestation(&one), attestation(&two)];
        let mut index = Index { entries, ..Index::default() };
        let gone = index.retain_with_attestations(|entry| entry.digest == two.digest);
        assert_eq!(index.entries, [two.clone(), attestation(&two)]);
        assert_eq!(gone, [one.clone(), attestation(&one)]);
    }

    #[test]
    fn two_entries_for_one_platform_are_found_unless_they_differ_in_compression() {
        let mut zstd = entry("2", "linux/amd64");
        zstd.annotations.insert(annotations::ZSTD.into(), "true".into());
        assert_eq!(duplicate_platforms(&[entry("1", "linux/amd64"), zstd.clone()]), []);
        let same = [entry("1", "linux/amd64"), zstd, entry("3", "linux/amd64"), entry("4", "linux/amd64")];
        assert_eq!(duplicate_platforms(&same), [Platform::new("linux", "amd64")]);
    }
}
