//! The small grammar that values of HTTP fields share (RFC 9110, section 5.6).

/// As much of one line as is read.
pub(crate) const MAX_LINE: usize = 8 * 1024;

/// As many lines of one field as are read.
pub(crate) const MAX_LINES: usize = 16;

/// Reads a value from the front, never failing and never going back further than it is told.
#[derive(Clone)]
pub(crate) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    /// Reads `line`; of one that is too long, the whole elements in front.
    pub(crate) fn new(line: &'a str) -> Self {
        let kept = crate::printable::prefix(line, MAX_LINE);
        let whole = if kept.len() < line.len() { kept.rfind(',').unwrap_or(0) } else { kept.len() };
        Self { rest: &kept[..whole] }
    }

    /// Whether everything is read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Skips spaces and tabs.
    pub(crate) fn skip_spaces(&mut self) {
        self.while_true(is_space);
    }

    /// Skips what stands between the elements of a list, empty elements included.
    pub(crate) fn skip_commas(&mut self) {
        self.while_true(|c| is_space(c) || c == ',');
    }

    /// Skips `expected`, if it is next.
    pub(crate) fn eat(&mut self, expected: char) -> bool {
        let rest = self.rest.strip_prefix(expected);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads a token; empty, if none is next.
    pub(crate) fn token(&mut self) -> &'a str {
        self.while_true(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    }

    /// Reads all characters in front for which `is_wanted`.
    pub(crate) fn while_true(&mut self, is_wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !is_wanted(c)).unwrap_or(self.rest.len());
        let (read, rest) = self.rest.split_at(end);
        self.rest = rest;
        read
    }

    /// Reads a quoted string and takes its quotes and escapes away. `None` if none is next; a string
    /// without an end also is none, and takes the rest with it.
    pub(crate) fn quoted(&mut self) -> Option<String> {
        let inner = self.rest.strip_prefix('"')?;
        let mut text = String::new();
        let mut characters = inner.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.rest = &inner[at + 1..];
                    return Some(text);
                }
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => text.push(c),
            }
        }
        self.rest = "";
        None
    }

    /// Reads the value of a parameter: a quoted string, or what stands there up to the next
    /// separator, since servers leave the quotes out where they may not.
    pub(crate) fn parameter_value(&mut self) -> Option<String> {
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        Some(self.while_true(|c| !is_space(c) && c != ',' && c != ';').to_owned())
    }
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// A whole number of decimal digits and nothing else; `None` also where it is too large.
pub(crate) fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_strings_lose_quotes_and_escapes() {
        for (line, expected, rest) in [
            (r#""a b",c"#, Some("a b"), ",c"),
            (r#""a\"\\b\c""#, Some(r#"a"\bc"#), ""),
            (r#""""#, Some(""), ""),
            (r#""ä\ö""#, Some("äö"), ""),
            (r#""open"#, None, ""),
            (r#""open\"#, None, ""),
            (r#""open\""#, None, ""),
            ("a", None, "a"),
            ("", None, ""),
        ] {
            let mut scanner = Scanner::new(line);
            assert_eq!(scanner.quoted().as_deref(), expected, "{line}");
            assert_eq!(scanner.rest, rest, "{line}");
        }
    }

    #[test]
    fn of_a_line_too_long_the_whole_elements_are_read() {
        let long = format!("a,b=\"{}\"", "ä".repeat(MAX_LINE));
        assert_eq!(Scanner::new(&long).rest, "a");
        assert!(Scanner::new(&"a".repeat(MAX_LINE + 1)).is_at_end());
        assert_eq!(Scanner::new(&"a".repeat(MAX_LINE)).rest.len(), MAX_LINE);
    }

    #[test]
    fn numbers_are_digits_only() {
        let cases = [("0", Some(0)), ("18446744073709551615", Some(u64::MAX)), ("007", Some(7))];
        for (text, expected) in cases {
            assert_eq!(number(text), expected, "{text}");
        }
        for text in ["", "+1", "-1", " 1", "1.0", "0x1", "18446744073709551616", "١"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
