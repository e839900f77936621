//! Help, completions and manual pages, all made from the same definitions.

use crate::harness::Desk;

const COMMANDS: [&str; 11] =
    ["create", "add", "annotate", "inspect", "exists", "list", "remove", "rm", "push", "combine", "serve"];

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new();
    let lines: Vec<String> = std::iter::once("--help".to_owned())
        .chain(COMMANDS.iter().map(|command| format!("{command} --help")))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    insta::assert_snapshot!(desk.transcript(&lines));
}

#[test]
fn completions_know_every_command() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.stdout(&format!("completions {shell}"));
        assert!(COMMANDS.iter().all(|command| script.contains(command)), "{shell}");
    }
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("man")).unwrap();
    desk.stdout("man man");
    for command in COMMANDS {
        let page = std::fs::read_to_string(desk.path(&format!("man/umbel-{command}.1"))).unwrap();
        assert!(page.contains(&format!("umbel\\-{command}")), "{command}");
    }
    assert!(desk.path("man/umbel.1").exists());
}

#[test]
fn completions_need_no_home() {
    let desk = Desk::new();
    let run = |args: &[&str]| {
        desk.command().env_remove("HOME").env_remove("UMBEL_ROOT").args(args).output().unwrap()
    };
    assert!(run(&["completions", "bash"]).status.success());
    let output = run(&["list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("UMBEL_ROOT"));
}
