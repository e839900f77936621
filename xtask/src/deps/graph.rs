//! The members of the workspace and what they depend on, as `cargo metadata` tells it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Graph {
    /// The members of the workspace only.
    pub(super) packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest_path: PathBuf,
    /// For all targets and features.
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    /// The name of the package, even where the manifest renames it.
    pub(super) name: String,
    /// Absent for a normal dependency.
    pub(super) kind: Option<Kind>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Dev,
    Build,
}

impl Graph {
    /// Reads the answer of `cargo metadata --no-deps`.
    pub(super) fn parse(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }

    pub(super) fn has_member(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.name == name)
    }
}

impl Package {
    pub(super) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }
}

impl Dependency {
    pub(super) fn is_dev(&self) -> bool {
        self.kind == Some(Kind::Dev)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_dev_and_build_dependencies_are_told_apart() {
        let json = br#"{"packages": [{"name": "a", "manifest_path": "/r/a/Cargo.toml", "dependencies": [
            {"name": "b", "kind": null}, {"name": "c", "kind": "dev"}, {"name": "d", "kind": "build"}]}]}"#;
        let graph = Graph::parse(json).unwrap();
        let [package] = &graph.packages[..] else { panic!("one package") };
        assert_eq!(package.folder(), Path::new("/r/a"));
        let kinds: Vec<_> = package.dependencies.iter().map(|dependency| &dependency.kind).collect();
        assert_eq!(kinds, [&None, &Some(Kind::Dev), &Some(Kind::Build)]);
    }
}
