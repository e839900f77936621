//! What a registry wants people to know: the `Warning` field (distribution-spec, *Warnings*).

use crate::field_value::{MAX_LINES, Scanner};
use crate::printable::{prefix, printable};

/// The most bytes of warnings that an answer may have (distribution-spec); the rest is dropped.
const MAX_TEXT: usize = 4096;

/// The texts of all warnings of the form `299 - "text"`, each one line that can be printed. All
/// others are ignored, and what is malformed ends its line.
pub(crate) fn parse<'h>(values: impl IntoIterator<Item = &'h str>) -> Vec<String> {
    let mut left = MAX_TEXT;
    let mut found = Vec::new();
    for text in values.into_iter().take(MAX_LINES).flat_map(warnings_of) {
        let line = printable(&text, MAX_TEXT);
        let kept = prefix(&line, left);
        left -= kept.len();
        if !kept.is_empty() {
            found.push(kept.to_owned());
        }
    }
    found
}

fn warnings_of(line: &str) -> Vec<String> {
    let mut scanner = Scanner::new(line);
    let mut found = Vec::new();
    loop {
        scanner.skip_commas();
        let code = scanner.token();
        scanner.skip_spaces();
        let agent = scanner.while_true(|c| !matches!(c, ' ' | '\t' | ',' | '"'));
        scanner.skip_spaces();
        let Some(text) = scanner.quoted() else { return found };
        scanner.skip_spaces();
        // A date in quotes may follow (RFC 7234, section 5.5); it says nothing here.
        scanner.quoted();
        if code == "299" && agent == "-" {
            found.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_for_people_are_read() {
        let cases: &[(&[&str], &[&str])] = &[
            (&[r#"299 - "it is old""#], &["it is old"]),
            (&[r#"299 - "a \"b\", \\c" "Sun, 06 Nov 1994 08:49:37 GMT", 299 - "d""#], &[r#"a "b", \c"#, "d"]),
            (&[r#"299 - "a""#, r#"299 - "b""#], &["a", "b"]),
            (&["299 - \"\u{1b}[2J\tgone\u{202e}\""], &["[2J gone"]),
            (&[r#"199 - "a", 299 host:80 "b", 299 - "c""#], &["c"]),
            (&[r#"299 - """#], &[]),
            (&["299 - text"], &[]),
            (&[r#"299 "a""#], &[]),
            (&[r#"299 - "open"#], &[]),
            (&["", ",", "299", "\"", "299 -"], &[]),
        ];
        for (values, expected) in cases {
            assert_eq!(parse(values.iter().copied()), *expected, "{values:?}");
        }
    }

    #[test]
    fn warnings_are_bounded_together() {
        let long = format!("299 - \"{}\"", "ä".repeat(2000));
        let total: usize = parse([long.as_str(); 99]).iter().map(String::len).sum();
        assert_eq!(total, MAX_TEXT);
        assert!(parse([r#"299 - "a""#; 99]).len() <= MAX_LINES);
    }
}
