//! What `strace` writes, read as a list of calls.

use std::collections::HashMap;

/// A system call of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The thread that made it.
    pub(super) thread: u32,
    /// Its name.
    pub(super) name: String,
    /// The how-manieth call of that name in its thread it is, from 1 on: as strace counts for `when=`.
    pub(super) ordinal: usize,
    /// Whether it changes files: their content, their names, or what must survive a power failure.
    pub(super) changes_files: bool,
    /// Whether strace answered it in place of the kernel.
    pub(super) injected: bool,
}

impl Call {
    /// Its name and ordinal, as messages quote it.
    pub(super) fn quote(&self) -> String {
        format!("{}#{}", self.name, self.ordinal)
    }

    /// Whether it gives a file a name.
    fn is_naming(&self) -> bool {
        self.name.starts_with("rename") || self.name.starts_with("link")
    }
}

/// Calls that change files whatever their arguments are.
const CHANGING: [&str; 24] = [
    "chmod",
    "copy_file_range",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fchmodat2",
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
    "rmdir",
    "symlink",
    "symlinkat",
    "sync_file_range",
    "syncfs",
    "truncate",
    "unlink",
    "unlinkat",
];

/// Calls that change a file if what they write to is one.
const WRITING: [&str; 6] = ["pwrite64", "pwritev", "pwritev2", "sendfile", "write", "writev"];

/// Calls that change files if they make what they open.
const OPENING: [&str; 4] = ["creat", "open", "openat", "openat2"];

/// Reads the output of `strace -f -y`: a line for each call, with the paths of file descriptors.
pub(super) fn parse(text: &str) -> Vec<Call> {
    let mut counts: HashMap<(u32, &str), usize> = HashMap::new();
    let mut calls = Vec::new();
    for (thread, name, rest) in text.lines().filter_map(split) {
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        calls.push(Call {
            thread,
            name: name.to_owned(),
            ordinal: *count,
            changes_files: changes_files(name, rest),
            injected: rest.ends_with("(INJECTED)"),
        });
    }
    calls
}

/// Thread and name of the call on a line, and its arguments and result; `None` for signals, ends, and the second half of
/// a call that was interrupted by that of another thread.
fn split(line: &str) -> Option<(u32, &str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (name, arguments) = rest.trim_start().split_once('(')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((thread.parse().ok()?, name, arguments))
}

fn changes_files(name: &str, arguments: &str) -> bool {
    let path_of_first = || arguments.split_once('<').is_some_and(|(_, path)| path.starts_with('/'));
    CHANGING.contains(&name)
        || (WRITING.contains(&name) && path_of_first())
        || (OPENING.contains(&name) && (name == "creat" || arguments.contains("O_CREAT")))
}

/// The position of the call that makes the change: the last that gives a file its name, or the last
/// that takes one away if none gives any. What comes after it can no longer undo the change.
pub(super) fn commit(calls: &[Call]) -> Option<usize> {
    let naming = calls.iter().rposition(Call::is_naming);
    naming.or_else(|| calls.iter().rposition(|call| call.name.starts_with("unlink")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(thread: u32, name: &str, ordinal: usize, changes_files: bool) -> Call {
        Call { thread, name: name.to_owned(), ordinal, changes_files, injected: false }
    }

    #[test]
    fn calls_are_counted_by_thread_and_name() {
        let text = "\
7 openat(AT_FDCWD</a>, \"x\", O_RDONLY|O_CLOEXEC) = 3</a/x>\n\
7 openat(3</a>, \".t\", O_RDWR|O_CREAT|O_EXCL, 0600) = 4</a/.t>\n\
8 write(4</a/.t>, \"openat(\", 7 <unfinished ...>\n\
7 fsync(3</a>) = 0\n\
8 <... write resumed>) = 7\n\
8 write(1<pipe:[5]>, \"</a\", 3) = 3\n\
7 --- SIGCHLD {si_signo=SIGCHLD} ---\n\
7 +++ exited with 0 +++\n";
        let expected = [
            call(7, "openat", 1, false),
            call(7, "openat", 2, true),
            call(8, "write", 1, true),
            call(7, "fsync", 1, true),
            call(8, "write", 2, false),
        ];
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn what_strace_answered_itself_is_told_apart() {
        let text = "7 fsync(3</a>) = 0\n7 fsync(3</a>) = -1 EIO (Input/output error) (INJECTED)\n";
        assert_eq!(parse(text).iter().map(|call| call.injected).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn the_change_is_made_by_the_last_naming_or_else_by_the_last_removal() {
        let calls = |names: &[&str]| -> Vec<Call> { names.iter().map(|n| call(1, n, 1, true)).collect() };
        assert_eq!(commit(&calls(&["renameat", "fsync", "renameat2", "unlinkat", "fsync"])), Some(2));
        assert_eq!(commit(&calls(&["openat", "unlinkat", "fsync"])), Some(1));
        assert_eq!(commit(&calls(&["openat"])), None);
    }
}
