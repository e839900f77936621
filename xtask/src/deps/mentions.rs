//! Every path that a file names, in full.

use proc_macro2::TokenStream;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use super::imports::Imports;
use crate::source::{Source, tokens};

/// A path somewhere in a file.
#[derive(Debug)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    /// Whether it is all that the path holds: `use std::process::*`.
    pub(super) is_glob: bool,
    pub(super) line: usize,
}

/// The paths that `source` names outside of its test code: imports, expressions, types, patterns and
/// what looks like a path inside of a macro call.
pub(super) fn mentions(source: &Source) -> Vec<Mention> {
    let mut imports = Imports::of(&source.syntax);
    let mut paths = Paths::default();
    paths.visit_file(&source.syntax);

    let mut mentions = std::mem::take(&mut imports.mentions);
    mentions.extend(paths.0);
    for mention in &mut mentions {
        mention.path = imports.resolve(std::mem::take(&mut mention.path));
    }
    mentions.retain(|mention| !source.is_test(mention.line));
    mentions
}

#[derive(Default)]
struct Paths(Vec<Mention>);

impl Paths {
    fn add(&mut self, path: Vec<String>, line: usize) {
        self.0.push(Mention { path, is_glob: false, line });
    }

    /// Takes every row of names with `::` between them for a path.
    fn add_tokens(&mut self, stream: TokenStream) {
        let row = tokens(stream);
        let mut rest = row.as_slice();
        while let [first, after @ ..] = rest {
            rest = after;
            if !is_name(&first.text) {
                continue;
            }
            let mut path = vec![first.text.clone()];
            while let [one, two, name, after @ ..] = rest
                && one.text == ":"
                && two.text == ":"
                && is_name(&name.text)
            {
                path.push(name.text.clone());
                rest = after;
            }
            self.add(path, first.first_line());
        }
    }
}

impl Visit<'_> for Paths {
    fn visit_path(&mut self, path: &syn::Path) {
        let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(names, path.span().start().line);
        visit::visit_path(self, path);
    }

    /// The name of the macro is no path to a module: `std::env!` reads nothing at run time.
    fn visit_macro(&mut self, call: &syn::Macro) {
        self.add_tokens(call.tokens.clone());
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn mentioned(text: &str) -> Vec<String> {
        let source = Source::parse(Path::new("a.rs"), text).unwrap();
        mentions(&source).into_iter().map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn paths_are_seen_in_types_expressions_and_macro_calls() {
        let text = "fn f(a: one::A<two::B>) { three::c(); vec![four::d(5), ::six::e, g: seven::h]; }";
        let seen = mentioned(text);
        for path in ["one::A", "two::B", "three::c", "four::d", "six::e", "seven::h"] {
            assert!(seen.iter().any(|other| other == path), "{path} in {seen:?}");
        }
    }

    #[test]
    fn imported_names_are_seen_in_full() {
        assert_eq!(mentioned("use std::process; fn f() { process::exit(1) }")[1], "std::process::exit");
    }

    #[test]
    fn strings_comments_and_tests_name_nothing() {
        let text = "// std::fs\nconst A: () = f(\"std::fs\");\n#[cfg(test)]\nuse std::fs;\n";
        assert_eq!(mentioned(text), ["f"]);
    }

    #[test]
    fn the_name_of_a_macro_is_no_path() {
        assert_eq!(mentioned("const A: B = std::env!(\"C\");"), ["B"]);
    }
}
