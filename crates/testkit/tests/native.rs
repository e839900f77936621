//! The one program this machine can run itself, run.
//!
//! The others run under emulation in `interop/programs`. This test is alone in its file, hence alone in its
//! process: a test that starts a command at the same time could still hold the program open for writing, and
//! then the kernel refuses to run it.
#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use umbel_testkit::elf;

/// This machine as Go names it.
const PLATFORM: Option<&str> = if cfg!(target_arch = "x86_64") {
    Some("linux/amd64")
} else if cfg!(target_arch = "aarch64") {
    Some("linux/arm64")
} else {
    None
};

#[test]
fn program_of_this_machine_prints_its_greeting_and_exits_well() {
    let Some(platform) = PLATFORM else { return };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("hello");
    fs::write(&path, elf::program(platform).unwrap()).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();

    let output = Command::new(&path).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), elf::greeting(platform));
    assert_eq!(output.status.code(), Some(0));
}
