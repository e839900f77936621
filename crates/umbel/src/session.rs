//! What all verbs of one program share.

use std::path::PathBuf;

use time::OffsetDateTime;
use umbel_content::Limits;
use umbel_local::{Locking, Store};
use umbel_model::Platform;
use umbel_registry::Network;

/// The surroundings in which verbs run: where lists are kept, what this machine is, what time it is.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where lists are kept.
    pub store: Store,
    /// How locks are waited for, of the store and of destinations.
    pub locking: Locking,
    /// The platform chosen from an index when nobody says which.
    pub host: Platform,
    /// Tells the time, for the creation of lists. Nothing is decided by it.
    pub clock: fn() -> OffsetDateTime,
    /// How much is read of things that are held in memory.
    pub limits: Limits,
    /// The way to registries. Touches nothing before one is named.
    pub network: Network,
}

impl Session {
    /// A session with its lists in the directory `root`, on the platform this program was built for,
    /// that waits for locks for as long as it takes.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let locking = Locking::default();
        let mut host = Platform::new(std::env::consts::OS, std::env::consts::ARCH);
        host.normalize();
        Self {
            store: Store::at(root, locking.clone()),
            locking,
            host: Platform { architecture: go_name(host.architecture), ..host },
            clock: OffsetDateTime::now_utc,
            limits: Limits::default(),
            network: Network::default(),
        }
    }
}

/// The name Go has for an architecture, where Rust has another.
fn go_name(architecture: String) -> String {
    match architecture.as_str() {
        "x86" => "386".to_owned(),
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le".to_owned(),
        "powerpc64" => "ppc64".to_owned(),
        "mips64" if cfg!(target_endian = "little") => "mips64le".to_owned(),
        "mips" if cfg!(target_endian = "little") => "mipsle".to_owned(),
        "loongarch64" => "loong64".to_owned(),
        _ => architecture,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_has_the_name_that_images_have_for_it() {
        let host = Session::at("unused").host;
        assert!(!["x86_64", "aarch64", "x86", "powerpc64"].contains(&host.architecture.as_str()), "{host}");
    }
}
