//! What of the world outside a crate may touch: the pure crate nothing, the others what their work
//! is, the environment only the outermost.

use std::collections::BTreeSet;

use super::arrows::{OUTERMOST, PURE};
use super::mentions::{Mention, mentions};
use crate::source::Source;

/// Something that may not be named.
enum Forbidden {
    /// A module or item, and all below it.
    Path(&'static [&'static str]),
    /// An item, wherever it is found.
    Name(&'static str),
}

/// Values and decisions depend on their arguments alone. Network addresses are values too; they are in
/// `core::net`, which has nothing that opens a connection.
const FOR_THE_PURE: &[Forbidden] = &[
    Forbidden::Path(&["std", "env"]),
    Forbidden::Path(&["std", "fs"]),
    Forbidden::Path(&["std", "net"]),
    Forbidden::Path(&["std", "process"]),
    Forbidden::Path(&["tokio"]),
    Forbidden::Name("Instant"),
    Forbidden::Name("SystemTime"),
];

/// A library is told where things are, and leaves the process to its caller.
const FOR_LIBRARIES: &[Forbidden] =
    &[Forbidden::Path(&["std", "env"]), Forbidden::Path(&["std", "process", "exit"])];

/// Constants of the target of the build; libraries may know what they run on.
const CONSTANTS: &[&str] = &["std", "env", "consts"];

/// Programs, and what only tests use.
const UNRESTRICTED: &[&str] = &[OUTERMOST, "umbel-testkit", "xtask"];

/// One line for each line of `source` that names what `package` may not touch.
pub(super) fn findings(package: &str, source: &Source) -> Vec<String> {
    let (rules, reason) = match package {
        PURE => (FOR_THE_PURE, format!("{PURE} is pure")),
        package if UNRESTRICTED.contains(&package) => return Vec::new(),
        _ => (FOR_LIBRARIES, format!("only {OUTERMOST} may touch that")),
    };
    let findings: BTreeSet<(usize, String)> = mentions(source)
        .iter()
        .filter(|mention| package == PURE || !is_constant(mention))
        .filter(|mention| rules.iter().any(|rule| rule.forbids(mention)))
        .map(|mention| (mention.line, mention.path.join("::")))
        .collect();
    let place = source.path.display();
    findings.into_iter().map(|(line, path)| format!("{place}:{line} names `{path}`, but {reason}")).collect()
}

fn is_constant(mention: &Mention) -> bool {
    starts_with(&mention.path, CONSTANTS)
}

impl Forbidden {
    fn forbids(&self, mention: &Mention) -> bool {
        match self {
            Self::Path(path) => {
                starts_with(&mention.path, path) || mention.is_glob && leads_to(&mention.path, path)
            }
            Self::Name(name) => mention.path.iter().any(|part| part == name),
        }
    }
}

fn starts_with(path: &[String], start: &[&str]) -> bool {
    path.len() >= start.len() && path.iter().zip(start).all(|(part, other)| part == other)
}

/// Whether a glob over `path` makes `target` reachable without its full name.
fn leads_to(path: &[String], target: &[&str]) -> bool {
    path.len() < target.len() && path.iter().zip(target).all(|(part, other)| part == other)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(package: &str, text: &str) -> Vec<String> {
        findings(package, &Source::parse(Path::new("a.rs"), text).unwrap())
    }

    #[test]
    fn the_pure_crate_touches_nothing() {
        let cases = [
            "use std::fs;",
            "use std::{collections::BTreeMap, net::TcpStream};",
            "fn f() -> std::process::Command { g() }",
            "fn f() { std::env::consts::OS; }",
            "fn f() { tokio::spawn(g()); }",
            "fn f() { let _ = std::time::Instant::now(); }",
            "use std::time::SystemTime as Clock;",
            "fn f() { println!(\"{:?}\", std::env::var(\"A\")); }",
            "use std::*;",
        ];
        for text in cases {
            assert_eq!(found("umbel-model", text).len(), 1, "{text}");
        }
        assert_eq!(found("umbel-model", "use std::fmt;\nuse std::time::Duration;\nmod fs;"), [""; 0]);
    }

    #[test]
    fn a_finding_has_its_line_and_the_whole_path() {
        let expected = ["a.rs:2 names `std::fs::read`, but umbel-model is pure"];
        assert_eq!(found("umbel-model", "\nuse std::fs::read;"), expected);
    }

    #[test]
    fn libraries_do_not_read_the_environment_or_exit() {
        let expected = ["a.rs:1 names `std::process::exit`, but only umbel-cli may touch that"];
        assert_eq!(found("umbel-local", "fn f() { std::process::exit(1) }"), expected);
        assert_eq!(found("umbel-local", "use std::process;\nfn f() { process::exit(1) }").len(), 1);
        assert_eq!(found("umbel-local", "use std::process::*;").len(), 1);
        assert_eq!(found("umbel", "fn f() { std::env::var(\"HOME\"); }").len(), 1);
    }

    #[test]
    fn libraries_may_use_files_processes_and_the_target_of_the_build() {
        let text = "use std::{fs, process::Command};\nconst OS: &str = std::env::consts::OS;\n";
        assert_eq!(found("umbel", text), [""; 0]);
    }

    #[test]
    fn programs_and_test_code_are_free() {
        assert_eq!(found("umbel-cli", "use std::env;"), [""; 0]);
        assert_eq!(found("umbel-model", "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n"), [""; 0]);
    }
}
