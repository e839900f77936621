//! Flags of the commands that speak to registries.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use umbel::registry::ReadBack;

/// How registries are reached, and who we are there.
#[derive(Args, Debug)]
#[command(next_help_heading = "Registry options")]
pub(crate) struct RegistryArgs {
    /// Whether registries must prove who they are; `false` takes anybody, and plain http [default: yes, but plain
    /// http is fine on this machine]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        action = ArgAction::Set
    )]
    pub(crate) tls_verify: Option<bool>,

    /// Directory with certificates: `*.crt` to trust, `*.cert` and `*.key` to show
    #[arg(long, value_name = "DIR")]
    pub(crate) cert_dir: Option<PathBuf>,

    /// File with logins [default: those of podman and Docker]
    #[arg(long, env = "REGISTRY_AUTH_FILE", value_name = "FILE", hide_env_values = true)]
    pub(crate) authfile: Option<PathBuf>,

    /// Login for the registry that is named; the process list shows it to others, `--password-stdin` does not
    #[arg(long, value_name = "USER:PASSWORD", conflicts_with_all = ["username", "password_stdin"])]
    pub(crate) creds: Option<String>,

    /// User of the login for the registry that is named
    #[arg(long, value_name = "USER", requires = "password_stdin")]
    pub(crate) username: Option<String>,

    /// Read the password of that user from standard input
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,

    /// How often a request that failed is made again
    #[arg(long, value_name = "TIMES", default_value_t = 4)]
    pub(crate) retry: u32,

    /// How long nothing may be heard, in seconds [default: 30 for an answer, 60 for the end of an upload]
    #[arg(long, value_name = "SECONDS", value_parser = super::global::seconds)]
    pub(crate) timeout: Option<Duration>,

    /// Tell of every request
    #[arg(long, short, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// Flags of the commands that write to registries.
#[derive(Args, Debug)]
#[command(next_help_heading = "Registry options")]
pub(crate) struct WritingArgs {
    /// Do not look whether a registry kept the name that was written
    #[arg(long)]
    pub(crate) no_read_back: bool,
}

impl WritingArgs {
    pub(crate) fn read_back(&self) -> ReadBack {
        if self.no_read_back { ReadBack::No } else { ReadBack::Yes }
    }
}
