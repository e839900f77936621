//! Rust source as the checks see it: parsed once, with its test code and its documentation told
//! apart from the code that ships.
//!
//! Lines are counted from 1, as editors do. Test code is what only exists under `cfg(test)`; no
//! measure counts it and no rule applies to it.

mod test_code;
mod token;
mod tree;

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

pub(crate) use self::token::{Token, tokens};
pub(crate) use self::tree::read_sources;

/// One file.
pub(crate) struct Source {
    /// Relative to the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) syntax: syn::File,
    /// The tokens that are neither test code nor documentation, in order.
    pub(crate) code: Vec<Token>,
    docs: Vec<RangeInclusive<usize>>,
    tests: Vec<RangeInclusive<usize>>,
    /// Where in the text tokens other than documentation are; what lies between them is space,
    /// comments and documentation.
    occupied: Vec<Range<usize>>,
}

impl Source {
    pub(crate) fn parse(path: &Path, text: &str) -> syn::Result<Self> {
        let stream: TokenStream = text.parse()?;
        let mut all = tokens(stream.clone());
        let syntax: syn::File = syn::parse2(stream)?;
        let tests = test_code::lines(&syntax, text.lines().count());
        let mut docs = Docs::default();
        docs.visit_file(&syntax);

        all.retain(|token| !docs.bytes.iter().any(|range| range.contains(&token.bytes.start)));
        let occupied = all.iter().map(|token| token.bytes.clone()).collect();
        all.retain(|token| !covers(&tests, token.first_line()));
        docs.lines.retain(|lines| !covers(&tests, *lines.start()));
        Ok(Self {
            path: path.into(),
            text: text.into(),
            syntax,
            code: all,
            docs: docs.lines,
            tests,
            occupied,
        })
    }

    /// Whether `line` is test code.
    pub(crate) fn is_test(&self, line: usize) -> bool {
        covers(&self.tests, line)
    }

    /// How many lines the file has without its test code.
    pub(crate) fn line_count(&self) -> usize {
        (1..=self.text.lines().count()).filter(|line| !self.is_test(*line)).count()
    }

    /// How many lines hold code: not blank, not only a comment.
    pub(crate) fn code_line_count(&self) -> usize {
        self.code.iter().flat_map(|token| token.lines.clone()).collect::<BTreeSet<_>>().len()
    }

    /// How many lines hold documentation.
    pub(crate) fn doc_line_count(&self) -> usize {
        self.docs.iter().cloned().flatten().collect::<BTreeSet<_>>().len()
    }

    /// The lines of all places outside of test code where a comment or documentation says `word`.
    pub(crate) fn comments_saying(&self, word: &str) -> Vec<usize> {
        let is_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
        self.text
            .match_indices(word)
            .filter(|(at, _)| !is_word(self.text[..*at].chars().next_back()))
            .filter(|(at, _)| !is_word(self.text[at + word.len()..].chars().next()))
            .filter(|(at, _)| !self.occupied.iter().any(|range| range.contains(at)))
            .map(|(at, _)| 1 + self.text[..at].matches('\n').count())
            .filter(|line| !self.is_test(*line))
            .collect()
    }
}

fn covers(ranges: &[RangeInclusive<usize>], line: usize) -> bool {
    ranges.iter().any(|range| range.contains(&line))
}

/// Doc comments are attributes to the parser; this collects where they stand.
#[derive(Default)]
struct Docs {
    lines: Vec<RangeInclusive<usize>>,
    bytes: Vec<Range<usize>>,
}

impl Visit<'_> for Docs {
    fn visit_attribute(&mut self, attribute: &syn::Attribute) {
        let is_text = matches!(attribute.meta, syn::Meta::NameValue(_));
        if is_text && attribute.path().is_ident("doc") {
            let span = attribute.span();
            self.lines.push(span.start().line..=span.end().line);
            self.bytes.push(span.byte_range());
        }
        visit::visit_attribute(self, attribute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
//! Sample.

/// Says
/// something.
fn said() -> &'static str {
    // A remark XXX.
    \"XXX\"
}

#[cfg(test)]
mod tests {
    /// XXX
    fn test() {}
}
";

    fn sample() -> Source {
        Source::parse(Path::new("sample.rs"), SAMPLE).unwrap()
    }

    #[test]
    fn test_modules_do_not_count_as_lines() {
        assert_eq!(sample().line_count(), 9);
    }

    #[test]
    fn code_lines_are_neither_blank_nor_comments_nor_documentation() {
        assert_eq!(sample().code_line_count(), 3);
    }

    #[test]
    fn documentation_lines_are_counted_without_those_of_tests() {
        assert_eq!(sample().doc_line_count(), 3);
    }

    #[test]
    fn words_are_found_in_comments_but_not_in_strings_tests_or_longer_words() {
        assert_eq!(sample().comments_saying("XXX"), [6]);
        assert_eq!(sample().comments_saying("something"), [4]);
        assert_eq!(sample().comments_saying("some"), [0_usize; 0]);
    }

    #[test]
    fn text_after_wide_characters_is_still_told_apart() {
        let source = Source::parse(Path::new("wide.rs"), "const A: &str = \"→é\"; // → XXX\n").unwrap();
        assert_eq!(source.comments_saying("XXX"), [1]);
        let source = Source::parse(Path::new("wide.rs"), "const A: &str = \"→é XXX\";\n").unwrap();
        assert_eq!(source.comments_saying("XXX"), [0_usize; 0]);
    }
}
