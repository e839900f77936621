//! JSON whose errors tell the line and what was expected there, and nothing of the text.
//!
//! The errors of `serde_json` quote the value that was of the wrong type. In the files of this crate that may
//! be a password, so values are taken apart one level at a time, unread parts staying raw text. That also
//! makes deep nesting harmless: what nobody asks for is skipped without recursion.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// A value in a text: checked to be JSON, of a type not yet known.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    whole: &'a str,
    own: &'a str,
}

/// A value that is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unexpected {
    /// Its line, from 1.
    pub(crate) line: usize,
    /// What should be there.
    pub(crate) expected: &'static str,
}

impl<'a> Value<'a> {
    /// Checks that `bytes` are one JSON value.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Unexpected> {
        let whole = std::str::from_utf8(bytes).map_err(|error| {
            let line = line_at(bytes, error.valid_up_to());
            Unexpected { line, expected: "UTF-8 text" }
        })?;
        let raw: &RawValue = serde_json::from_str(whole).map_err(|error| {
            let expected = if error.is_eof() { "the rest of the JSON" } else { "valid JSON" };
            Unexpected { line: error.line(), expected }
        })?;
        Ok(Self { whole, own: raw.get() })
    }

    /// The members of an object; none, if the value is `null`. Of members with one name the last counts.
    pub(crate) fn members(self, expected: &'static str) -> Result<BTreeMap<String, Self>, Unexpected> {
        let members: Option<BTreeMap<String, &RawValue>> =
            serde_json::from_str(self.own).map_err(|_| self.unexpected(expected))?;
        let value = |raw: &'a RawValue| Self { whole: self.whole, own: raw.get() };
        Ok(members.unwrap_or_default().into_iter().map(|(name, raw)| (name, value(raw))).collect())
    }

    /// The text of a string; `None`, if the value is `null`.
    pub(crate) fn text(self, expected: &'static str) -> Result<Option<String>, Unexpected> {
        serde_json::from_str(self.own).map_err(|_| self.unexpected(expected))
    }

    /// The error for this value.
    fn unexpected(self, expected: &'static str) -> Unexpected {
        // `own` is a part of `whole`, so the difference of their addresses is its place there.
        let offset = self.own.as_ptr().addr() - self.whole.as_ptr().addr();
        Unexpected { line: line_at(self.whole.as_bytes(), offset), expected }
    }
}

/// The number of the line, from 1, in which the byte at `offset` is.
fn line_at(bytes: &[u8], offset: usize) -> usize {
    bytes[..offset].split(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error for a text in which the member `a` of the member `o` should be a string.
    fn error(text: impl AsRef<[u8]>) -> Option<(usize, &'static str)> {
        let read = || -> Result<(), Unexpected> {
            let Some(object) = Value::parse(text.as_ref())?.members("top")?.remove("o") else {
                return Ok(());
            };
            let Some(value) = object.members("object")?.remove("a") else { return Ok(()) };
            value.text("text").map(drop)
        };
        read().err().map(|error| (error.line, error.expected))
    }

    #[test]
    fn an_error_names_the_line_of_the_value() {
        let cases: [(&[u8], _); 14] = [
            (b"{}", None),
            (b"null", None),
            (b"{\"o\": null}", None),
            (b"{\"o\": {\"a\": null, \"b\": 1}}", None),
            (b"{\"o\": {\"a\": 1, \"a\": \"x\"}}", None),
            (b"\n[]", Some((2, "top"))),
            (b"{\n\"o\":\n 1}", Some((3, "object"))),
            (b"{\n\"o\":\n {\n\"a\": []}}", Some((4, "text"))),
            (b"{\"o\": {\n\"a\": \"\\ud800\"}}", Some((2, "text"))),
            (b"{\n\"o\": ", Some((2, "the rest of the JSON"))),
            (b"{\n\"o\": tru }", Some((2, "valid JSON"))),
            (b"{}\n\n{}", Some((3, "valid JSON"))),
            (b"{\n\"o\": \"\xff\"}", Some((2, "UTF-8 text"))),
            (b"{}\0", Some((1, "valid JSON"))),
        ];
        for (text, expected) in cases {
            assert_eq!(error(text), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_megabyte_of_nesting_does_no_harm() {
        const DEPTH: usize = 1 << 20;
        for (open, close) in [("[", "]"), ("{\"o\":", "}")] {
            let nest = |inner: &str| open.repeat(DEPTH) + inner + &close.repeat(DEPTH);
            assert!(error(open.repeat(DEPTH)).is_some());
            assert_eq!(error(format!("{{\"other\": {}}}", nest("1"))), None);
            let (line, _) = error(format!("{{\"o\": {{\n\"a\": {}}}}}", nest("1"))).unwrap();
            assert_eq!(line, 2);
        }
    }
}
