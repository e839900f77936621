//! Flags that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// Where lists are, and how to talk.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Directory that lists are kept in [default: the user's data directory]
    #[arg(long, global = true, env = "UMBEL_ROOT", value_name = "DIR", hide_env_values = true)]
    pub(crate) root: Option<PathBuf>,

    /// How long to wait for a list or layout that is being changed, in seconds [default: as long as it takes]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) lock_timeout: Option<Duration>,

    /// Print the result as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Print the result and errors only
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_number_of_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for text in ["-1", "x", "", "1e40", "NaN"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
