//! Tokens as a flat row, delimiters included, each with its place.

use std::ops::{Range, RangeInclusive};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) lines: RangeInclusive<usize>,
    /// The place in the text of the file.
    pub(crate) bytes: Range<usize>,
}

impl Token {
    fn new(text: impl Into<String>, span: Span) -> Self {
        Self { text: text.into(), lines: span.start().line..=span.end().line, bytes: span.byte_range() }
    }

    pub(crate) fn first_line(&self) -> usize {
        *self.lines.start()
    }
}

/// Flattens `stream`; the inside of a macro call is tokens like all others.
pub(crate) fn tokens(stream: TokenStream) -> Vec<Token> {
    let mut row = Vec::new();
    flatten(stream, &mut row);
    row
}

fn flatten(stream: TokenStream, row: &mut Vec<Token>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = delimiters(group.delimiter());
                row.push(Token::new(open, group.span_open()));
                flatten(group.stream(), row);
                row.push(Token::new(close, group.span_close()));
            }
            leaf => row.push(Token::new(leaf.to_string(), leaf.span())),
        }
    }
}

fn delimiters(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_and_the_inside_of_macros_are_tokens_of_the_row() {
        let row = tokens("f!{a.b()\n[1]}".parse().unwrap());
        let texts: Vec<&str> = row.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(texts, ["f", "!", "{", "a", ".", "b", "(", ")", "[", "1", "]", "}"]);
        assert_eq!(row[9].lines, 2..=2);
    }
}
