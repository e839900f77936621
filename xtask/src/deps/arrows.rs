//! The arrows of `ARCHITECTURE.md`, and the few third-party packages that have a place.

use super::graph::{Dependency, Graph, Package};

/// For each member of the workspace, the members it may depend on. Tests obey the same arrows: a
/// test that needs a crate further out belongs to that crate.
const ARROWS: &[(&str, &[&str])] = &[
    ("umbel-model", &[]),
    ("umbel-content", &["umbel-model"]),
    ("umbel-local", &["umbel-model", "umbel-content"]),
    ("umbel-copy", &["umbel-model", "umbel-content"]),
    ("umbel-registry", &["umbel-model", "umbel-content"]),
    ("umbel-settings", &[]),
    (
        "umbel",
        &["umbel-model", "umbel-content", "umbel-local", "umbel-copy", "umbel-registry", "umbel-settings"],
    ),
    ("umbel-serve", &["umbel-model", "umbel-content", "umbel-local"]),
    ("umbel-cli", &["umbel", "umbel-serve"]),
    (TESTKIT, &[]),
    ("xtask", &[]),
];

/// Everybody's tests may use it, and nothing else may.
const TESTKIT: &str = "umbel-testkit";

/// The crate of pure values and decisions, and all that it needs from others.
pub(super) const PURE: &str = "umbel-model";
const PURE_NEEDS: &[&str] = &["base64", "serde", "serde_json", "sha2", "thiserror"];

/// The crate that talks to the terminal, and the packages for doing so.
pub(super) const OUTERMOST: &str = "umbel-cli";
const OUTERMOST_ONLY: &[&str] = &["anstream", "anstyle", "clap", "clap_complete", "clap_mangen"];

/// One line for each dependency that should not be there.
pub(super) fn findings(graph: &Graph) -> Vec<String> {
    graph.packages.iter().flat_map(|package| package_findings(graph, package)).collect()
}

fn package_findings(graph: &Graph, package: &Package) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == package.name) else {
        return vec![format!("{} has no arrows in ARCHITECTURE.md and xtask", package.name)];
    };
    let objection = |dependency: &Dependency| {
        let reason = if graph.has_member(&dependency.name) {
            member_objection(dependency, allowed).map(str::to_owned)
        } else {
            third_party_objection(package, dependency)
        };
        reason.map(|reason| format!("{} -> {} {reason}", package.name, dependency.name))
    };
    package.dependencies.iter().filter_map(objection).collect()
}

fn member_objection(dependency: &Dependency, allowed: &[&str]) -> Option<&'static str> {
    match dependency.name.as_str() {
        TESTKIT if dependency.is_dev() => None,
        TESTKIT => Some("is for tests, and may be a dev-dependency only"),
        name if allowed.contains(&name) => None,
        _ => Some("is not an arrow of ARCHITECTURE.md"),
    }
}

fn third_party_objection(package: &Package, dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if package.name != OUTERMOST && OUTERMOST_ONLY.contains(&name) {
        return Some(format!("is for {OUTERMOST} only, which alone talks to the terminal"));
    }
    if package.name == PURE && !dependency.is_dev() && !PURE_NEEDS.contains(&name) {
        return Some(format!("is not among the packages of the pure crate: {}", PURE_NEEDS.join(", ")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::graph::Kind;
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<Kind>)]) -> Package {
        let dependency =
            |(name, kind): &(&str, Option<Kind>)| Dependency { name: (*name).into(), kind: kind.clone() };
        Package {
            name: name.into(),
            manifest_path: "Cargo.toml".into(),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    /// The findings of a workspace where `name` alone has dependencies.
    fn findings_of(name: &str, dependencies: &[(&str, Option<Kind>)]) -> Vec<String> {
        let others = ARROWS.iter().filter(|(other, _)| *other != name).map(|(other, _)| package(other, &[]));
        findings(&Graph { packages: others.chain([package(name, dependencies)]).collect() })
    }

    #[test]
    fn all_arrows_of_the_table_are_allowed_and_end_at_members() {
        for (from, targets) in ARROWS {
            let dependencies: Vec<_> = targets.iter().map(|to| (*to, None)).collect();
            assert_eq!(findings_of(from, &dependencies), [""; 0], "{from}");
            assert!(targets.iter().all(|to| ARROWS.iter().any(|(member, _)| member == to)), "{from}");
        }
    }

    #[test]
    fn a_forbidden_arrow_is_found_whatever_its_kind() {
        let expected = ["umbel-model -> umbel-local is not an arrow of ARCHITECTURE.md"];
        for kind in [None, Some(Kind::Dev), Some(Kind::Build)] {
            assert_eq!(findings_of("umbel-model", &[("umbel-local", kind)]), expected);
        }
    }

    #[test]
    fn the_engine_does_not_know_the_backends() {
        let expected = ["umbel-copy -> umbel-local is not an arrow of ARCHITECTURE.md"];
        assert_eq!(findings_of("umbel-copy", &[("umbel-local", None)]), expected);
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        assert_eq!(findings_of("umbel-content", &[("umbel-testkit", Some(Kind::Dev))]), [""; 0]);
        let expected = ["umbel-cli -> umbel-testkit is for tests, and may be a dev-dependency only"];
        assert_eq!(findings_of("umbel-cli", &[("umbel-testkit", None)]), expected);
        assert_eq!(findings_of("umbel-cli", &[("umbel-testkit", Some(Kind::Build))]), expected);
    }

    #[test]
    fn the_pure_crate_takes_few_packages_except_for_its_tests() {
        assert_eq!(findings_of("umbel-model", &[("serde", None), ("proptest", Some(Kind::Dev))]), [""; 0]);
        let expected = [
            "umbel-model -> time is not among the packages of the pure crate: base64, serde, serde_json, sha2, \
             thiserror",
        ];
        assert_eq!(findings_of("umbel-model", &[("time", None)]), expected);
        assert_eq!(findings_of("umbel-local", &[("time", None)]), [""; 0]);
    }

    #[test]
    fn the_terminal_belongs_to_the_binary() {
        assert_eq!(findings_of("umbel-cli", &[("clap", None)]), [""; 0]);
        let expected = ["umbel -> clap is for umbel-cli only, which alone talks to the terminal"];
        assert_eq!(findings_of("umbel", &[("clap", None)]), expected);
    }

    #[test]
    fn a_member_without_arrows_is_found() {
        let expected = ["umbel-new has no arrows in ARCHITECTURE.md and xtask"];
        assert_eq!(findings_of("umbel-new", &[]), expected);
    }
}
