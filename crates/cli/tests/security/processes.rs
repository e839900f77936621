//! No other program runs, so none can be given a secret or be put in the place of one.

use std::process::Child;
use std::sync::mpsc;
use std::time::Duration;

use umbel_testkit::network::wire::{Request, Response};

use crate::desk::{Desk, start};
use crate::registry::Registry;
use crate::upstream::PASSWORD;

/// The bytes of a file of a process, with spaces for zeros.
fn of_process(child: &Child, file: &str) -> String {
    let bytes = std::fs::read(format!("/proc/{}/{file}", child.id())).unwrap();
    String::from_utf8(bytes).unwrap().replace('\0', " ")
}

/// The processes that the threads of a process have started.
fn children(child: &Child) -> String {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let of_task = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("children")).unwrap()
    };
    tasks.map(of_task).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_starts_no_process_and_shows_no_password_to_others() {
    let (reached, was_reached) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let registry = Registry::answering(move |request: &Request| {
        if request.header("authorization").is_some() {
            reached.send(()).unwrap();
            // The password has been read and sent: now is the time to look.
            let _ = may_go_on.lock().unwrap().recv_timeout(Duration::from_secs(30));
            return crate::registry::missing();
        }
        Response::new(401, "").with("www-authenticate", "Basic realm=\"registry\"")
    });
    let desk = Desk::new();
    let auth =
        desk.authfile(&format!("\"{}\":{{\"auth\":\"cm9ib3Q6aHVudGVyMi1jYW5hcnk=\"}}", registry.host()));
    for login in ["--username robot --password-stdin", &auth] {
        let mut command = desk.command();
        command.args(["inspect", &registry.place("app:v1")]).args(login.split_whitespace());
        let mut child = start(&mut command, PASSWORD);
        was_reached.recv_timeout(Duration::from_secs(30)).unwrap();
        let (started, arguments, environment) =
            (children(&child), of_process(&child, "cmdline"), of_process(&child, "environ"));
        go_on.send(()).unwrap();
        child.wait().unwrap();
        assert!(arguments.contains("inspect"), "it is not the program that was looked at: {arguments}");
        assert_eq!(started, "");
        assert!(!format!("{arguments}{environment}").contains("canary"), "{arguments} {environment}");
    }
}

#[test]
fn a_credential_helper_that_a_file_names_is_not_run() {
    let registry =
        Registry::answering(|_| Response::new(401, "").with("www-authenticate", "Basic realm=\"registry\""));
    let desk = Desk::new();
    let trap = desk.path("docker-credential-trap");
    std::fs::write(&trap, format!("#!/bin/sh\ntouch {}\n", desk.path("sprung").display())).unwrap();
    std::fs::set_permissions(&trap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for config in [
        r#"{"credsStore":"trap"}"#.to_owned(),
        format!(r#"{{"credHelpers":{{"{}":"trap"}}}}"#, registry.host()),
        format!(r#"{{"credHelpers":{{"{}":"../../../{}"}}}}"#, registry.host(), trap.display()),
    ] {
        std::fs::write(desk.path("auth.json"), config).unwrap();
        let mut command = desk.command();
        command.env("PATH", desk.path(".")).args([
            "inspect",
            &registry.place("app:v1"),
            "--authfile=auth.json",
        ]);
        assert_eq!(crate::desk::finish(&mut command, "").code, 4);
    }
    assert!(!desk.path("sprung").exists());
}
