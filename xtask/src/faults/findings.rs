//! What is wrong, and where it was seen.

use std::collections::BTreeMap;

/// How many places of one finding are named.
const PLACES_SHOWN: usize = 6;

/// The random part of the name of a temporary file has that many hexadecimal digits.
const SHORTEST_RANDOM: usize = 16;

/// Findings, each with all places where it was made: one mistake shows at many calls.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<String, Vec<String>>);

impl Findings {
    /// Adds one.
    pub(super) fn note(&mut self, what: &str, place: String) {
        self.0.entry(without_random(what)).or_default().push(place);
    }

    /// Adds those that were made elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        for (what, places) in other.0 {
            self.0.entry(what).or_default().extend(places);
        }
    }

    /// How many different ones there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The table of them: what, and below it where.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        for (what, places) in &self.0 {
            text += &format!("{what}\n");
            for place in places.iter().take(PLACES_SHOWN) {
                text += &format!("    {place}\n");
            }
            if places.len() > PLACES_SHOWN {
                text += &format!("    and {} more\n", places.len() - PLACES_SHOWN);
            }
        }
        text
    }
}

/// A text with `*` for digests and random names, so that what is the same looks the same.
fn without_random(text: &str) -> String {
    let is_hex = |c: char| c.is_ascii_hexdigit() && !c.is_ascii_uppercase();
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_hex) {
        let length = rest[start..].find(|c| !is_hex(c)).unwrap_or(rest.len() - start);
        out += &rest[..start];
        out += if length < SHORTEST_RANDOM { &rest[start..start + length] } else { "*" };
        rest = &rest[start + length..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_names_make_no_difference() {
        assert_eq!(without_random("`.umbel-00d40fd4a36e6458.tmp` left"), "`.umbel-*.tmp` left");
        assert_eq!(without_random("a decade: 0x3f, é"), "a decade: 0x3f, é");
        assert_eq!(without_random(&"0".repeat(64)), "*");
    }

    #[test]
    fn a_finding_is_told_once_with_its_first_places() {
        let mut findings = Findings::default();
        for number in 0..8 {
            findings.note("lost", format!("place {number}"));
        }
        let mut others = Findings::default();
        others.note("stray", "elsewhere".into());
        findings.add(others);
        assert_eq!(findings.count(), 2);
        let text = findings.render();
        assert!(text.starts_with("lost\n    place 0\n"));
        assert!(text.ends_with("    place 5\n    and 2 more\nstray\n    elsewhere\n"));
    }
}
