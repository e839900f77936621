//! How a transfer goes on where it broke off: downloads by `Content-Range` (RFC 9110, section 14),
//! uploads by the `Range` of the distribution API.

use crate::field_value::number;
use crate::printable::printable;

/// The part of some content that an answer holds: `bytes 200-999/1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    /// Position of the first byte.
    pub(crate) first: u64,
    /// Position of the last byte, not before the first.
    pub(crate) last: u64,
    /// Length of the whole, larger than the last position; `None` for `*`.
    pub(crate) total: Option<u64>,
}

impl ContentRange {
    /// Parses the field; `None` also for `bytes */1000`, which holds no part.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let (unit, rest) = value.trim().split_once([' ', '\t'])?;
        let (range, total) = rest.trim().split_once('/')?;
        let (first, last) = range.trim().split_once('-')?;
        let total = match total.trim() {
            "*" => None,
            total => Some(number(total)?),
        };
        let (first, last) = (number(first)?, number(last)?);
        let is_sound = first <= last && total.is_none_or(|total| last < total);
        (unit.eq_ignore_ascii_case("bytes") && is_sound).then_some(Self { first, last, total })
    }
}

/// What to do with the answer to a request for the bytes from an offset on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Its body goes on at the offset, though perhaps not up to the end.
    Continue,
    /// Its body is the whole, of which this many bytes are there already.
    StartOver {
        /// How many bytes to skip.
        skip: u64,
    },
    /// It cannot be used.
    Refused(ResumeRefusal),
}

/// Why an answer does not serve to go on with a download.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResumeRefusal {
    /// It is neither the whole nor a part.
    #[error("it has the status {0}")]
    Status(u16),
    /// It is a part and does not say which.
    #[error("it does not say which part it holds")]
    NoRange,
    /// It is another part, or one of other content.
    #[error("it holds `{actual}` in place of the bytes from {offset} on of {total}")]
    OtherPart {
        /// What it says to hold.
        actual: String,
        /// Where it should begin.
        offset: u64,
        /// How long the whole is.
        total: u64,
    },
}

/// Judges the answer to a request for the bytes from `offset` on of content with `total` bytes, by
/// its status and its `Content-Range`.
pub(crate) fn resumed(status: u16, header: Option<&str>, offset: u64, total: u64) -> Resume {
    let header = match (status, header) {
        (200, _) => return Resume::StartOver { skip: offset },
        (206, Some(header)) => header,
        (206, None) => return Resume::Refused(ResumeRefusal::NoRange),
        (other, _) => return Resume::Refused(ResumeRefusal::Status(other)),
    };
    let fits = |range: ContentRange| {
        range.first == offset && range.last < total && range.total.is_none_or(|actual| actual == total)
    };
    if ContentRange::parse(header).is_some_and(fits) {
        Resume::Continue
    } else {
        Resume::Refused(ResumeRefusal::OtherPart { actual: printable(header, 80), offset, total })
    }
}

/// Where an upload goes on, by the `Range` of the answer that tells what is there: `0-N`, for which
/// some registries write `bytes=0-N`.
///
/// Registries answer `0-0` both for one byte and for none, and some give the end in place of the last
/// position; which is meant only the caller can tell, who knows what was sent.
pub(crate) fn next_offset(value: &str) -> Option<u64> {
    let value = value.trim();
    let range = value.strip_prefix("bytes=").unwrap_or(value);
    let (first, last) = range.split_once('-')?;
    if number(first)? == 0 { number(last)?.checked_add(1) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_parse_or_are_none() {
        let range = |first, last, total| Some(ContentRange { first, last, total });
        let huge = u64::MAX;
        for (value, expected) in [
            ("bytes 2-9/10", range(2, 9, Some(10))),
            (" Bytes  0-0 / 1 ", range(0, 0, Some(1))),
            ("bytes 2-9/*", range(2, 9, None)),
            (&format!("bytes 0-{huge}/*"), range(0, huge, None)),
            (&format!("bytes 0-{huge}/{huge}"), None),
            ("bytes 0-18446744073709551616/*", None),
            ("bytes */10", None),
            ("bytes 9-2/10", None),
            ("bytes 2-10/10", None),
            ("bytes -1-2/10", None),
            ("bytes 0-/10", None),
            ("bytes 0-1", None),
            ("items 0-1/2", None),
            ("bytes=0-1/2", None),
            ("bytes", None),
            ("", None),
        ] {
            assert_eq!(ContentRange::parse(value), expected, "{value}");
        }
    }

    #[test]
    fn a_download_goes_on_only_with_the_part_asked_for() {
        for (status, header, expected) in [
            (206, Some("bytes 4-9/10"), Ok(None)),
            (206, Some("bytes 4-9/*"), Ok(None)),
            (206, Some("bytes 4-5/10"), Ok(None)),
            (200, None, Ok(Some(4))),
            (200, Some("bytes 4-9/10"), Ok(Some(4))),
            (206, None, Err("it does not say which part it holds")),
            (206, Some("bytes 0-9/10"), Err("it holds `bytes 0-9/10` in place of the bytes from 4 on of 10")),
            (206, Some("bytes 4-9/11"), Err("it holds `bytes 4-9/11` in place of the bytes from 4 on of 10")),
            (206, Some("bytes 4-10/*"), Err("it holds `bytes 4-10/*` in place of the bytes from 4 on of 10")),
            (206, Some("\u{1b}"), Err("it holds `` in place of the bytes from 4 on of 10")),
            (416, Some("bytes */10"), Err("it has the status 416")),
            (204, None, Err("it has the status 204")),
        ] {
            let answer = match resumed(status, header, 4, 10) {
                Resume::Continue => Ok(None),
                Resume::StartOver { skip } => Ok(Some(skip)),
                Resume::Refused(reason) => Err(reason.to_string()),
            };
            assert_eq!(answer, expected.map_err(str::to_owned), "{status} {header:?}");
        }
    }

    #[test]
    fn an_upload_goes_on_behind_what_is_there() {
        for (value, expected) in [
            ("0-99", Some(100)),
            (" bytes=0-99 ", Some(100)),
            ("0-0", Some(1)),
            ("0-18446744073709551614", Some(u64::MAX)),
            ("0-18446744073709551615", None),
            ("0-99999999999999999999", None),
            ("1-99", None),
            ("0--1", None),
            ("0-", None),
            ("-5", None),
            ("0-1,3-4", None),
            ("", None),
        ] {
            assert_eq!(next_offset(value), expected, "{value}");
        }
    }
}
