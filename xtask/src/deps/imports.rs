//! What the `use` items of a file bring into scope.

use std::collections::BTreeMap;

use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{ItemUse, UseTree};

use super::mentions::Mention;

/// The imports of a file, as if all of them stood at its top: where a name means different things in
/// different modules of one file, the last import wins.
#[derive(Default)]
pub(super) struct Imports {
    /// Every path that is imported.
    pub(super) mentions: Vec<Mention>,
    names: BTreeMap<String, Vec<String>>,
}

impl Imports {
    pub(super) fn of(file: &syn::File) -> Self {
        let mut imports = Self::default();
        imports.visit_file(file);
        imports
    }

    /// The path with its first part replaced by what was imported under that name.
    pub(super) fn resolve(&self, path: Vec<String>) -> Vec<String> {
        match path.first().and_then(|first| self.names.get(first)) {
            Some(imported) => imported.iter().chain(&path[1..]).cloned().collect(),
            None => path,
        }
    }

    fn add(&mut self, tree: &UseTree, before: &[String]) {
        let and = |name: &syn::Ident| match name.to_string() {
            name if name == "self" => before.to_vec(),
            name => [before, &[name]].concat(),
        };
        match tree {
            UseTree::Path(path) => self.add(&path.tree, &and(&path.ident)),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, before)),
            UseTree::Name(name) => self.add_name(None, and(&name.ident), tree),
            UseTree::Rename(rename) => self.add_name(Some(&rename.rename), and(&rename.ident), tree),
            UseTree::Glob(_) => {
                self.mentions.push(Mention { path: before.to_vec(), is_glob: true, line: line(tree) });
            }
        }
    }

    fn add_name(&mut self, alias: Option<&syn::Ident>, path: Vec<String>, tree: &UseTree) {
        if let Some(name) = alias.map(ToString::to_string).or(path.last().cloned()) {
            self.names.insert(name, path.clone());
        }
        self.mentions.push(Mention { path, is_glob: false, line: line(tree) });
    }
}

impl Visit<'_> for Imports {
    fn visit_item_use(&mut self, item: &ItemUse) {
        self.add(&item.tree, &[]);
    }
}

fn line(tree: &UseTree) -> usize {
    tree.span().start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(imports: &str, path: &str) -> String {
        let imports = Imports::of(&syn::parse_file(imports).unwrap());
        imports.resolve(path.split("::").map(Into::into).collect()).join("::")
    }

    #[test]
    fn names_resolve_through_groups_renames_and_self() {
        assert_eq!(resolved("use std::{fs, process::exit};", "exit"), "std::process::exit");
        assert_eq!(resolved("use std::process::{self, Command};", "process::exit"), "std::process::exit");
        assert_eq!(resolved("use std::env as surroundings;", "surroundings::var"), "std::env::var");
    }

    #[test]
    fn what_is_not_imported_stays_as_it_is() {
        assert_eq!(resolved("use std::env;", "process::exit"), "process::exit");
    }
}
