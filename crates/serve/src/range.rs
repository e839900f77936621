//! Ranges of bytes, in requests for a blob (`Range`) and in pieces of an upload (`Content-Range`).

use std::ops::Range;

/// What a `Range` header asks of content of some size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything: there is no range, or one of a kind that may be ignored.
    All,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that are not there.
    Unsatisfiable,
}

/// Reads a `Range` header (RFC 9110, section 14.2); several ranges count as none.
pub(crate) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(range) = header.and_then(|header| header.strip_prefix("bytes=")) else { return Wanted::All };
    let Some((first, last)) = range.split_once('-') else { return Wanted::All };
    let part = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..size.min(last.saturating_add(1)),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(length)) if first.is_empty() => size.saturating_sub(length)..size,
        _ => return Wanted::All,
    };
    if part.start >= part.end { Wanted::Unsatisfiable } else { Wanted::Part(part) }
}

/// Reads the `Content-Range` of a piece of an upload, `FIRST-LAST`; returns where it starts and its
/// length.
pub(crate) fn piece(header: &str) -> Option<(u64, u64)> {
    let (first, last) = header.trim_start_matches("bytes ").split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.split('/').next()?.parse().ok()?);
    Some((first, last.checked_sub(first)?.checked_add(1)?))
}

/// How an upload says what it has: `0-LAST`.
pub(crate) fn uploaded(length: u64) -> String {
    format!("0-{}", length.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_met_ignored_or_unsatisfiable() {
        for (header, expected) in [
            ("bytes=0-3", Wanted::Part(0..4)),
            ("bytes=4-", Wanted::Part(4..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=8-99", Wanted::Part(8..10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=3-1", Wanted::All),
            ("bytes=0-1,4-5", Wanted::All),
            ("lines=1-2", Wanted::All),
            ("bytes=0-18446744073709551615", Wanted::Part(0..10)),
        ] {
            assert_eq!(wanted(Some(header), 10), expected, "{header}");
        }
        assert_eq!(wanted(None, 10), Wanted::All);
    }

    #[test]
    fn the_place_of_a_piece_is_read() {
        assert_eq!(piece("0-4"), Some((0, 5)));
        assert_eq!(piece("5-5"), Some((5, 1)));
        assert_eq!(piece("bytes 5-9/10"), Some((5, 5)));
        for malformed in ["", "5", "a-b", "5-4", "0-18446744073709551615"] {
            assert_eq!(piece(malformed), None, "{malformed}");
        }
    }
}
