//! The program as such: help, completions, closed pipes, colours, `doctor`.

use std::io::Read;
use std::process::Stdio;

use super::{CONFIG, command, run};

#[test]
fn every_command_has_help_with_examples() {
    for path in [
        &["routes", "explain"][..],
        &["routes", "check"],
        &["emit"],
        &["queue", "stats"],
        &["tail"],
        &["dlq", "list"],
        &["dlq", "show"],
        &["dlq", "redrive"],
        &["dlq", "discard"],
        &["schema", "generate"],
        &["schema", "check"],
        &["schema", "diff"],
        &["schema", "history"],
        &["catalog", "asyncapi"],
        &["catalog", "html"],
        &["catalog", "serve"],
        &["catalog", "markdown"],
        &["catalog", "eventcatalog"],
        &["doctor"],
        &["completions"],
    ] {
        let run = run(&[path, &["--help"]].concat());
        assert_eq!(run.code, 0, "{path:?}");
        assert!(run.out.contains("Examples:"), "{path:?}: {}", run.out);
    }
}

#[test]
fn completions_are_for_the_program_as_it_is_called() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = run(&["completions", shell, "--name", "shop"]);
        assert_eq!(run.code, 0);
        assert!(run.out.contains("shop") && run.out.contains("redrive"), "{shell}");
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let mut child = command(&["catalog", "asyncapi"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let arguments = ["routes", "explain", "OrderPaidEvent", "-c", CONFIG];
    assert!(!run(&arguments).out.contains('\u{1b}'));
    assert!(run(&[&arguments[..], &["--color", "always"]].concat()).out.contains('\u{1b}'));
}

#[test]
fn the_doctor_looks_at_everything() {
    let well = run(&["doctor", "-c", CONFIG, "--format", "json"]);
    assert_eq!(well.code, 0, "{}{}", well.out, well.err);
    let about: Vec<_> = well.lines().iter().map(|line| line["about"].as_str().unwrap().to_owned()).collect();
    for topic in ["packs", "schemas", "configuration", "queues"] {
        assert!(about.iter().any(|found| found == topic), "{topic} in {about:?}");
    }
    let alone = run(&["doctor", "--offline"]);
    assert_eq!(alone.code, 0, "{}", alone.err);
}
