//! The functions of a file and their lengths.

use std::path::PathBuf;

use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Meta, Signature, Token};

use crate::source::Source;

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Where its signature starts.
    pub(super) line: usize,
    /// From the signature to the closing brace; documentation and attributes do not count.
    pub(super) length: usize,
    /// Whether it says why it is long: `#[expect(clippy::too_many_lines, reason = "…")]`.
    pub(super) is_excused: bool,
}

/// All functions of `source` that are not test code. One inside of another counts for both.
pub(super) fn functions(source: &Source) -> Vec<Function> {
    let mut finder = Finder { source, found: Vec::new() };
    finder.visit_file(&source.syntax);
    finder.found
}

struct Finder<'s> {
    source: &'s Source,
    found: Vec<Function>,
}

impl Finder<'_> {
    fn add(&mut self, attributes: &[Attribute], signature: &Signature, block: &Block) {
        let line = signature.span().start().line;
        let end = block.brace_token.span.close().end().line;
        if !self.source.is_test(line) {
            self.found.push(Function {
                name: signature.ident.to_string(),
                path: self.source.path.clone(),
                line,
                length: end - line + 1,
                is_excused: attributes.iter().any(excuses_length),
            });
        }
    }
}

impl Visit<'_> for Finder<'_> {
    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.add(&function.attrs, &function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.add(&function.attrs, &function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.attrs, &function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn excuses_length(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let Ok(parts) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return false;
    };
    let names_lint = parts.iter().any(|part| {
        let segments = &part.path().segments;
        segments.len() == 2 && segments[0].ident == "clippy" && segments[1].ident == "too_many_lines"
    });
    let has_reason = parts.iter().any(|part| part.path().is_ident("reason"));
    list.path.is_ident("expect") && names_lint && has_reason
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn measured(text: &str) -> Vec<(String, usize, usize)> {
        let source = Source::parse(Path::new("a.rs"), text).unwrap();
        functions(&source).into_iter().map(|f| (f.name, f.line, f.length)).collect()
    }

    fn excused(attribute: &str) -> bool {
        let source = Source::parse(Path::new("a.rs"), &format!("{attribute}\nfn a() {{}}\n")).unwrap();
        functions(&source)[0].is_excused
    }

    #[test]
    fn a_function_is_as_long_as_its_signature_and_body_without_attributes_and_documentation() {
        let text =
            "/// Says.\n///\n/// More.\n#[must_use]\npub(crate) fn a(\n    b: u8,\n) -> u8 {\n    b\n}\n";
        assert_eq!(measured(text), [("a".to_owned(), 5, 5)]);
    }

    #[test]
    fn methods_default_methods_and_inner_functions_count_but_not_mere_declarations() {
        let text =
            "impl A { fn a() {} }\ntrait B {\n    fn b();\n    fn c() {}\n}\nfn d() {\n    fn e() {}\n}\n";
        let names: Vec<String> = measured(text).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(names, ["a", "c", "d", "e"]);
    }

    #[test]
    fn functions_of_test_modules_do_not_count() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        assert_eq!(measured(text), [("a".to_owned(), 1, 1)]);
    }

    #[test]
    fn only_an_expectation_with_a_reason_excuses_length() {
        assert!(excused("#[expect(clippy::too_many_lines, reason = \"a table\")]"));
        assert!(!excused("#[expect(clippy::too_many_lines)]"));
        assert!(!excused("#[allow(clippy::too_many_lines, reason = \"a table\")]"));
        assert!(!excused("#[expect(clippy::too_many_arguments, reason = \"a table\")]"));
    }
}
