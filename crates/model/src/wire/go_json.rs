//! Writing JSON as Go's `encoding/json` does, so that equal input gives equal digests.
//!
//! Source of the rules: the documentation of `encoding/json` (`Marshal`, `HTMLEscape`, `Indent`),
//! and documents that podman, buildah and buildx wrote (`tests/golden`).

use std::fmt::Write as _;

/// Writes one JSON object, member by member, without white space.
pub(crate) struct Object {
    json: String,
}

impl Object {
    pub(crate) fn new() -> Self {
        Self { json: "{".to_owned() }
    }

    fn key(&mut self, key: &str) -> &mut String {
        if self.json.len() > 1 {
            self.json.push(',');
        }
        string(&mut self.json, key);
        self.json.push(':');
        &mut self.json
    }

    pub(crate) fn string(&mut self, key: &str, value: &str) {
        string(self.key(key), value);
    }

    pub(crate) fn number(&mut self, key: &str, value: u64) {
        // Writing to a string cannot fail.
        let _ = write!(self.key(key), "{value}");
    }

    /// A member whose value is JSON already.
    pub(crate) fn raw(&mut self, key: &str, json: &str) {
        self.key(key).push_str(json);
    }

    pub(crate) fn array(&mut self, key: &str, items: impl IntoIterator<Item = impl AsRef<str>>) {
        let json = self.key(key);
        json.push('[');
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                json.push(',');
            }
            json.push_str(item.as_ref());
        }
        json.push(']');
    }

    pub(crate) fn strings<'s>(&mut self, key: &str, items: impl IntoIterator<Item = &'s String>) {
        self.array(key, items.into_iter().map(|item| quoted(item)));
    }

    pub(crate) fn finish(mut self) -> String {
        self.json.push('}');
        self.json
    }
}

/// A JSON string.
pub(crate) fn quoted(value: &str) -> String {
    let mut json = String::with_capacity(value.len() + 2);
    string(&mut json, value);
    json
}

fn string(json: &mut String, value: &str) {
    const ESCAPED: fn(char) -> bool =
        |c| matches!(c, '"' | '\\' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}');
    json.push('"');
    let mut rest = value;
    while let Some(at) = rest.find(ESCAPED) {
        let (plain, escaped) = rest.split_at(at);
        json.push_str(plain);
        let mut chars = escaped.chars();
        match chars.next().unwrap_or_default() {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            c => {
                // Writing to a string cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
        }
        rest = chars.as_str();
    }
    json.push_str(rest);
    json.push('"');
}

/// The same JSON without white space between tokens. The input must be well formed.
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut tokens = Tokens::default();
    for c in json.chars() {
        if tokens.inside_string(c) || !matches!(c, ' ' | '\t' | '\n' | '\r') {
            out.push(c);
        }
    }
    out
}

/// The same JSON set out as Go's `json.Indent` does with this indent and no prefix. The input must
/// be well formed and [compact].
pub(crate) fn indented(compact: &str, indent: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut tokens = Tokens::default();
    let (mut depth, mut opened) = (0_usize, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
    };
    for c in compact.chars() {
        let in_string = tokens.inside_string(c);
        let closes = !in_string && matches!(c, '}' | ']');
        if std::mem::take(&mut opened) && !closes {
            depth += 1;
            line(&mut out, depth);
        } else if closes && !out.ends_with(['{', '[']) {
            depth = depth.saturating_sub(1);
            line(&mut out, depth);
        }
        out.push(c);
        match c {
            '{' | '[' if !in_string => opened = true,
            ',' if !in_string => line(&mut out, depth),
            ':' if !in_string => out.push(' '),
            _ => {}
        }
    }
    out
}

/// Tells whether a character stands inside a string, quotes included.
#[derive(Default)]
struct Tokens {
    in_string: bool,
    escaped: bool,
}

impl Tokens {
    fn inside_string(&mut self, c: char) -> bool {
        let inside = self.in_string || c == '"';
        if self.escaped {
            self.escaped = false;
        } else if self.in_string && c == '\\' {
            self.escaped = true;
        } else if c == '"' {
            self.in_string = !self.in_string;
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_go_does() {
        let value = "<a>&\"\\\u{2028}\u{2029}\u{1}\u{8}\u{c}\n\r\t\u{7f}é😀/'";
        let json = "\"\\u003ca\\u003e\\u0026\\\"\\\\\\u2028\\u2029\\u0001\\b\\f\\n\\r\\t\u{7f}é😀/'\"";
        assert_eq!(quoted(value), json);
    }

    #[test]
    fn white_space_goes_but_not_inside_strings() {
        assert_eq!(compact("{ \"a b\" : [ 1 , \"\\\" x\" ] }\n"), "{\"a b\":[1,\"\\\" x\"]}");
    }

    #[test]
    fn indenting_keeps_empty_containers_on_one_line() {
        let json = r#"{"a":[],"b":{},"c":[1,{"d":"x,{y"}],"e":null}"#;
        let expected = "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"x,{y\"\n    }\n  ],\n  \"e\": null\n}";
        assert_eq!(indented(json, "  "), expected);
        assert_eq!(compact(expected), json);
    }
}
