//! Which code exists in tests only.

use std::ops::RangeInclusive;

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, Meta, Token, TraitItem};

/// The line ranges of test code in `file`, which is `line_count` lines long.
pub(super) fn lines(file: &syn::File, line_count: usize) -> Vec<RangeInclusive<usize>> {
    if is_test(&file.attrs) {
        return vec![1..=line_count];
    }
    let mut finder = TestCode::default();
    finder.visit_file(file);
    finder.lines
}

/// The names of the modules of `file` that are test code and stand in files of their own.
pub(super) fn modules_elsewhere(file: &syn::File) -> impl Iterator<Item = String> {
    file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && is_test(&module.attrs) => {
            Some(module.ident.to_string())
        }
        _ => None,
    })
}

#[derive(Default)]
struct TestCode {
    lines: Vec<RangeInclusive<usize>>,
}

impl TestCode {
    /// Notes the lines of `span` if it is test code; says whether it was.
    fn takes(&mut self, attributes: &[Attribute], span: Span) -> bool {
        let takes = is_test(attributes);
        if takes {
            self.lines.push(span.start().line..=span.end().line);
        }
        takes
    }
}

impl Visit<'_> for TestCode {
    fn visit_item(&mut self, item: &Item) {
        if !self.takes(item_attributes(item), item.span()) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &ImplItem) {
        let attributes = match item {
            ImplItem::Const(syn::ImplItemConst { attrs, .. })
            | ImplItem::Fn(syn::ImplItemFn { attrs, .. })
            | ImplItem::Type(syn::ImplItemType { attrs, .. }) => attrs.as_slice(),
            _ => &[],
        };
        if !self.takes(attributes, item.span()) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &TraitItem) {
        let attributes = match item {
            TraitItem::Const(syn::TraitItemConst { attrs, .. })
            | TraitItem::Fn(syn::TraitItemFn { attrs, .. })
            | TraitItem::Type(syn::TraitItemType { attrs, .. }) => attrs.as_slice(),
            _ => &[],
        };
        if !self.takes(attributes, item.span()) {
            visit::visit_trait_item(self, item);
        }
    }
}

fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(syn::ItemConst { attrs, .. })
        | Item::Enum(syn::ItemEnum { attrs, .. })
        | Item::Fn(syn::ItemFn { attrs, .. })
        | Item::Impl(syn::ItemImpl { attrs, .. })
        | Item::Macro(syn::ItemMacro { attrs, .. })
        | Item::Mod(syn::ItemMod { attrs, .. })
        | Item::Static(syn::ItemStatic { attrs, .. })
        | Item::Struct(syn::ItemStruct { attrs, .. })
        | Item::Trait(syn::ItemTrait { attrs, .. })
        | Item::Type(syn::ItemType { attrs, .. })
        | Item::Use(syn::ItemUse { attrs, .. }) => attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args().is_ok_and(|predicate| needs_test(&predicate))
        }
        meta => meta.path().is_ident("test"),
    })
}

/// Whether `predicate` cannot hold in a build without tests: `test`, or `all(…)` with such a part.
fn needs_test(predicate: &Meta) -> bool {
    match predicate {
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|parts| parts.iter().any(needs_test)),
        predicate => matches!(predicate, Meta::Path(path) if path.is_ident("test")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_lines(text: &str) -> Vec<RangeInclusive<usize>> {
        lines(&syn::parse_file(text).unwrap(), text.lines().count())
    }

    #[test]
    fn a_test_item_reaches_from_its_documentation_to_its_closing_brace() {
        let text = "fn a() {}\n/// Tests.\n#[cfg(test)]\nmod tests {\n}\nfn b() {}\n";
        assert_eq!(test_lines(text), [2..=5]);
    }

    #[test]
    fn methods_and_imports_can_be_test_code() {
        let text = "#[cfg(test)]\nuse a::b;\nimpl A {\n    #[cfg(test)]\n    fn c() {}\n}\n";
        assert_eq!(test_lines(text), [1..=2, 4..=5]);
    }

    #[test]
    fn only_what_cannot_exist_without_tests_is_test_code() {
        let cases = [
            ("test", true),
            ("all(test, unix)", true),
            ("all(unix, all(test))", true),
            ("not(test)", false),
            ("any(test, unix)", false),
            ("feature = \"test\"", false),
        ];
        for (predicate, expected) in cases {
            let text = format!("#[cfg({predicate})]\nfn a() {{}}\n");
            assert_eq!(!test_lines(&text).is_empty(), expected, "{predicate}");
        }
    }

    #[test]
    fn a_whole_file_can_be_test_code() {
        assert_eq!(test_lines("#![cfg(test)]\nfn a() {}\n"), [1..=2]);
    }

    #[test]
    fn test_modules_in_other_files_are_named() {
        let file = syn::parse_file("mod a;\n#[cfg(test)]\nmod b;\n#[cfg(test)]\nmod c {}\n").unwrap();
        assert_eq!(modules_elsewhere(&file).collect::<Vec<_>>(), ["b"]);
    }
}
