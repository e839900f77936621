//! What the library is told of this machine: directories from the environment, the platform, and
//! how to speak up while waiting.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use umbel::Session;
use umbel::local::{Locking, Store};

use crate::args::GlobalArgs;
use crate::failure::Failure;
use crate::ui;

/// The session that a command runs in.
pub(crate) fn session(global: &GlobalArgs) -> Result<Session, Failure> {
    let root = match &global.root {
        Some(root) => root.clone(),
        None => data_directory().ok_or(Failure::NoDataDirectory)?,
    };
    let quiet = global.quiet;
    let waiting = move |what: &str| {
        if !quiet {
            ui::say("waiting", &format!("{what} is being changed by another process"));
        }
    };
    let locking = Locking { timeout: global.lock_timeout, waiting: Arc::new(waiting) };
    let store = Store::at(&root, locking.clone());
    let mut session = Session { store, locking, ..Session::at(root) };
    session.host.variant = variant(&session.host.architecture);
    Ok(session)
}

/// `$XDG_DATA_HOME/umbel` or its default; on macOS the user's application support.
fn data_directory() -> Option<PathBuf> {
    let home = || env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    if cfg!(target_os = "macos") {
        return Some(home()?.join("Library/Application Support/umbel"));
    }
    let xdg = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Some(xdg.or_else(|| Some(home()?.join(".local/share")))?.join("umbel"))
}

/// The variant of this machine's CPU, for the architectures that have some.
fn variant(architecture: &str) -> Option<String> {
    match architecture {
        "arm" => std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| arm_variant(&text)),
        "arm64" => Some("v8".to_owned()),
        _ => None,
    }
}

/// The variant as containers' tools tell it from `/proc/cpuinfo`.
fn arm_variant(cpuinfo: &str) -> Option<String> {
    let value = |key: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(key))?;
        line.split_once(':').map(|(_, value)| value.trim().to_lowercase())
    };
    let model_is_armv6 = || value("model name").is_some_and(|model| model.starts_with("armv6-compatible"));
    let variant = match value("CPU architecture")?.as_str() {
        "8" | "aarch64" => "v8",
        // The first Raspberry Pi says 7 here and is none.
        "7" if model_is_armv6() => "v6",
        "7" | "7m" | "?(12)" | "?(13)" | "?(14)" | "?(15)" | "?(16)" | "?(17)" => "v7",
        "6" | "6tej" => "v6",
        "5" | "5t" | "5te" | "5tej" => "v5",
        "4" | "4t" => "v4",
        "3" => "v3",
        _ => return None,
    };
    Some(variant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variant_of_an_arm_is_told_from_its_description() {
        let cpuinfo = |model: &str, architecture: &str| {
            format!("model name\t: {model}\nCPU architecture: {architecture}\n")
        };
        for (model, architecture, variant) in [
            ("ARMv7 Processor rev 4", "7", Some("v7")),
            ("ARMv6-compatible processor rev 7", "7", Some("v6")),
            ("x", "8", Some("v8")),
            ("x", "5TEJ", Some("v5")),
            ("x", "99", None),
        ] {
            assert_eq!(arm_variant(&cpuinfo(model, architecture)).as_deref(), variant, "{architecture}");
        }
        assert_eq!(arm_variant(""), None);
    }
}
