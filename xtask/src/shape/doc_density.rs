//! How much documentation the library crates have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::source::Source;

/// The lines of one library crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DocDensity {
    pub(super) docs: usize,
    pub(super) code: usize,
}

impl DocDensity {
    pub(super) fn per_hundred(&self) -> usize {
        (self.docs * 100).checked_div(self.code).unwrap_or(0)
    }
}

/// The density of every folder that has a `src/lib.rs`, by folder.
pub(super) fn of_libraries(sources: &[Source]) -> BTreeMap<PathBuf, DocDensity> {
    let is_library = |folder: &Path| sources.iter().any(|source| source.path == folder.join("src/lib.rs"));
    let mut densities = BTreeMap::new();
    for source in sources {
        let Some(folder) = source.path.ancestors().find(|folder| is_library(folder)) else { continue };
        let density: &mut DocDensity = densities.entry(folder.to_owned()).or_default();
        density.docs += source.doc_line_count();
        density.code += source.code_line_count();
    }
    densities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_summed_by_library_and_programs_left_out() {
        let sources = [
            ("crates/a/src/lib.rs", "//! A.\nmod b;\n"),
            ("crates/a/src/b.rs", "//! B.\nfn b() {\n}\nfn c() {}\n"),
            ("crates/c/src/main.rs", "//! C.\nfn main() {}\n"),
        ];
        let sources = sources.map(|(path, text)| Source::parse(Path::new(path), text).unwrap());
        let densities = of_libraries(&sources);
        assert_eq!(densities, BTreeMap::from([("crates/a".into(), DocDensity { docs: 2, code: 4 })]));
        assert_eq!(densities[Path::new("crates/a")].per_hundred(), 50);
    }

    #[test]
    fn a_library_without_code_has_no_density() {
        assert_eq!(DocDensity { docs: 3, code: 0 }.per_hundred(), 0);
    }
}
