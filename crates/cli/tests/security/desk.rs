//! Runs the binary with little memory and little time, and with nothing of this machine around it.

use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use umbel_testkit::Layout;

/// How much memory a command may write to, in KiB. Together with the pages of the program itself this
/// stays below 100 MiB; a command that wants more is ended by the allocator and not by itself.
const MEMORY: u32 = 72 << 10;

/// After this long a command is taken to hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a command may take to find that an answer has no end. That takes some hundredths of a second;
/// the rest is for a machine that is busy with other tests, and far from every time-out.
pub(crate) const PROMPT: Duration = Duration::from_secs(10);

/// A directory to work in, with a store in it that nobody else has.
pub(crate) struct Desk {
    scratch: tempfile::TempDir,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Said {
    /// All of it.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Fails unless the command ended with `code` and `words` are in what it said to people.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{self:#?}");
        assert!(self.err.contains(words), "no `{words}` in {self:#?}");
    }

    #[track_caller]
    pub(crate) fn succeeded(&self) {
        assert_eq!(self.code, 0, "{self:#?}");
    }

    /// Fails if it took longer than an answer without end may take.
    #[track_caller]
    pub(crate) fn prompt(&self) {
        assert!(self.took < PROMPT, "{self:#?}");
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { scratch: tempfile::tempdir().unwrap() }
    }

    /// A desk with an image of each of two platforms in the layout `images`.
    pub(crate) fn with_images() -> Self {
        let desk = Self::new();
        let mut layout = Layout::create(desk.path("images"));
        layout.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
        layout.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
        desk
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.scratch.path().join(relative)
    }

    /// Writes a file with logins, and returns the flag that names it.
    pub(crate) fn authfile(&self, auths: &str) -> String {
        std::fs::write(self.path("auth.json"), format!("{{\"auths\":{{{auths}}}}}")).unwrap();
        "--authfile=auth.json".to_owned()
    }

    /// The binary, to be run with bounds.
    pub(crate) fn command(&self) -> Command {
        self.bounded(MEMORY)
    }

    fn bounded(&self, kibibytes: u32) -> Command {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &format!("ulimit -d {kibibytes} && exec \"$0\" \"$@\"")])
            .arg(env!("CARGO_BIN_EXE_umbel"))
            .current_dir(self.scratch.path())
            .env_clear()
            .env("HOME", self.scratch.path())
            .env("XDG_RUNTIME_DIR", self.scratch.path())
            .env("UMBEL_ROOT", "store");
        command
    }

    /// Runs the words of `line`.
    pub(crate) fn run(&self, line: &str) -> Said {
        self.run_with(line, "")
    }

    /// Runs the words of `line` with `input` to read.
    pub(crate) fn run_with(&self, line: &str, input: &str) -> Said {
        finish(self.command().args(line.split_whitespace()), input)
    }
}

/// Starts a command with something to read.
pub(crate) fn start(command: &mut Command, input: &str) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command, input: &str) -> Said {
    let started = Instant::now();
    let mut child = start(command, input);
    let (out, err) = (read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap()));
    let status = wait(&mut child, started);
    let took = started.elapsed();
    let text = |bytes: JoinHandle<Vec<u8>>| String::from_utf8(bytes.join().unwrap()).unwrap();
    let (out, err) = (text(out), text(err));
    let code = status.code().unwrap_or_else(|| panic!("ended by {status}: {out}{err}"));
    Said { code, out, err, took }
}

fn wait(child: &mut Child, started: Instant) -> ExitStatus {
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("it hangs: {:?}", child.wait());
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn read(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        from.read_to_end(&mut all).unwrap();
        all
    })
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_that_wants_more_memory_than_it_may_have_does_not_end_by_itself() {
    let desk = Desk::new();
    let mut command = desk.bounded(256);
    let status = command.arg("--version").output().unwrap().status;
    assert!(!status.success(), "the bound on memory bounds nothing");
    desk.run("--version").succeeded();
}
