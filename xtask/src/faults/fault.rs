//! What can happen at a call, and how strace is told to make it happen.

use std::fmt;

use super::trace::Call;

/// How a file-changing call, and what follows it, goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process is killed when it makes the call, which has no effect.
    KillBefore,
    /// The process is killed at its next call, whatever that is: this one has taken effect.
    KillAfter,
    /// The call fails; all others are fine.
    Once(Errno),
    /// The call fails and so does everything after it that such a device would refuse.
    FromHere(Errno),
}

/// Why a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errno {
    /// The disk is full.
    NoSpace,
    /// The device is broken.
    Io,
}

/// All that is tried at each call.
pub(super) const FAULTS: [Fault; 6] = [
    Fault::KillBefore,
    Fault::KillAfter,
    Fault::Once(Errno::NoSpace),
    Fault::FromHere(Errno::NoSpace),
    Fault::Once(Errno::Io),
    Fault::FromHere(Errno::Io),
];

/// What needs space. `write` and `openat` fail at the chosen call only, for they also serve standard
/// error and reading, which a full disk does not hinder.
const TAKES_SPACE: [&str; 11] = [
    "copy_file_range",
    "fdatasync",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
];

/// What a full disk still does, but a broken one does not.
const FREES_SPACE: [&str; 5] = ["chmod", "fchmod", "rmdir", "unlink", "unlinkat"];

impl Errno {
    fn name(self) -> &'static str {
        match self {
            Self::NoSpace => "ENOSPC",
            Self::Io => "EIO",
        }
    }

    /// The calls that keep failing.
    fn lasting(self) -> Vec<&'static str> {
        match self {
            Self::NoSpace => TAKES_SPACE.to_vec(),
            Self::Io => [&TAKES_SPACE[..], &FREES_SPACE].concat(),
        }
    }
}

impl Fault {
    /// The call at which strace must act to bring the fault about at `calls[at]`; `None` if there is no
    /// call after it to be killed at.
    pub(super) fn strikes_at(self, calls: &[Call], at: usize) -> Option<&Call> {
        match self {
            Self::KillAfter => calls[at + 1..].iter().find(|next| next.thread == calls[at].thread),
            Self::KillBefore | Self::Once(_) | Self::FromHere(_) => Some(&calls[at]),
        }
    }

    /// The call at which strace acted first.
    pub(super) fn struck(self, calls: &[Call]) -> Option<&Call> {
        if self.is_kill() { calls.last() } else { calls.iter().find(|call| call.injected) }
    }

    /// The expressions for `strace -e inject=` that bring the fault about at `calls[at]`.
    ///
    /// A leading `?` lets strace pass over names that the machine's kernel does not have.
    pub(super) fn injections(self, calls: &[Call], at: usize) -> Vec<String> {
        let call = &calls[at];
        match self {
            Self::KillBefore | Self::KillAfter => self.strikes_at(calls, at).map(kill).into_iter().collect(),
            Self::Once(errno) => vec![once(call, errno)],
            Self::FromHere(errno) => {
                let after = |name: &&str| {
                    let before = calls[..at].iter().filter(|c| c.thread == call.thread && c.name == **name);
                    format!("?{name}:error={}:when={}+", errno.name(), before.count() + 1)
                };
                let lasting = errno.lasting();
                let here = (!lasting.contains(&call.name.as_str())).then(|| once(call, errno));
                here.into_iter().chain(lasting.iter().map(after)).collect()
            }
        }
    }

    /// Whether the process is to be killed.
    pub(super) fn is_kill(self) -> bool {
        matches!(self, Self::KillBefore | Self::KillAfter)
    }
}

fn kill(call: &Call) -> String {
    format!("{}:signal=SIGKILL:when={}", call.name, call.ordinal)
}

fn once(call: &Call, errno: Errno) -> String {
    format!("{}:error={}:when={}", call.name, errno.name(), call.ordinal)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillBefore => f.write_str("kill before"),
            Self::KillAfter => f.write_str("kill after"),
            Self::Once(errno) => write!(f, "{} once", errno.name()),
            Self::FromHere(errno) => write!(f, "{} from here on", errno.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::trace;

    fn calls() -> Vec<Call> {
        trace::parse("1 write(3</a>, 1) = 1\n1 fsync(3</a>) = 0\n1 close(3</a>) = 0\n1 fsync(4</b>) = 0\n")
    }

    #[test]
    fn a_kill_after_a_call_is_one_before_the_next_of_any_kind() {
        assert_eq!(Fault::KillBefore.injections(&calls(), 1), ["fsync:signal=SIGKILL:when=1"]);
        assert_eq!(Fault::KillAfter.injections(&calls(), 1), ["close:signal=SIGKILL:when=1"]);
        assert_eq!(Fault::KillAfter.strikes_at(&calls(), 3), None);
    }

    #[test]
    fn a_lasting_fault_spares_what_came_before() {
        let injections = Fault::FromHere(Errno::NoSpace).injections(&calls(), 3);
        assert!(injections.contains(&"?fsync:error=ENOSPC:when=2+".to_owned()));
        assert!(injections.contains(&"?mkdirat:error=ENOSPC:when=1+".to_owned()));
        assert_eq!(injections.len(), TAKES_SPACE.len());
    }

    #[test]
    fn a_lasting_fault_at_a_write_leaves_standard_error_alone() {
        let injections = Fault::FromHere(Errno::Io).injections(&calls(), 0);
        assert_eq!(injections[0], "write:error=EIO:when=1");
        assert!(injections.contains(&"?unlinkat:error=EIO:when=1+".to_owned()));
    }
}
