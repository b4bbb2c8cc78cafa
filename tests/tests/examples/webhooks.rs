//! The webhooks example on what its user may give it.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::super::program;

/// A folder of this test's own, emptied first.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn webhooks(files: &[PathBuf]) -> Output {
    program("webhooks").args(files).output().unwrap()
}

/// The row of an event type: received, handled, dead-lettered, and why.
fn row(output: &Output, event: &str) -> Vec<String> {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let row = stdout.lines().find(|line| line.starts_with(&format!("github.{event}.received ")));
    let row = row.unwrap_or_else(|| panic!("no row of {event} in\n{stdout}"));
    row.split_whitespace().skip(1).map(str::to_owned).collect()
}

#[test]
fn what_is_broken_gets_a_line_and_the_rest_is_processed() {
    let folder = folder("webhooks_broken");
    let good = r#"{"id":1,"full_name":"a/b","private":false}"#;
    let star = |action: &str, repository: &str| {
        format!(
            r#"{{"event":"star","payload":{{"action":"{action}","repository":{repository},"sender":{{"id":1,"login":"x"}}}}}}"#
        )
    };
    let mixed = [
        star("created", good),
        star("stolen", good),
        star("created", r#"{"id":"one","full_name":"a/b","private":false}"#),
        r#"{"event":"star","payload":{"action":"created"}}"#.to_owned(),
        r#"{"payload":{}}"#.to_owned(),
        r#"{"event":"sponsorship","payload":{}}"#.to_owned(),
    ];
    let files = [
        ("broken.json", "{oops".to_owned()),
        ("mixed.json", format!(r#"{{"events":[{}]}}"#, mixed.join(","))),
        ("truncated.json", star("created", good)[..40].to_owned()),
    ];
    let mut paths: Vec<PathBuf> = Vec::new();
    for (name, text) in files {
        paths.push(folder.join(name));
        std::fs::write(&paths[paths.len() - 1], text).unwrap();
    }
    paths.push(folder.join("absent.json"));

    let output = webhooks(&paths);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(row(&output, "star")[..3], ["4", "1", "3"]);
    assert_eq!(row(&output, "sponsorship"), ["1", "0", "1", "1", "×", "UNKNOWN_PAYLOAD_TYPE"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let expected = [
        "broken.json: not JSON",
        "truncated.json: not JSON",
        "absent.json: ",
        "mixed.json#4: no webhook delivery: missing field `event`",
        "mixed.json#1: github.star.received: VALIDATION_FAILED at \"/action\"",
        "mixed.json#2: github.star.received: DECODE_FAILED at \"/repository/id\"",
        "mixed.json#3: github.star.received: DECODE_FAILED",
    ];
    for line in expected {
        assert!(stderr.contains(line), "no `{line}` in\n{stderr}");
    }
    assert!(
        !stderr.contains("stolen") && !stderr.contains("\"one\""),
        "values stay out of the report:\n{stderr}"
    );
}

#[test]
fn what_is_no_delivery_names_its_place_and_the_remedy() {
    let folder = folder("webhooks_unclear");
    let ping = r#"{"event":"ping","payload":{"zen":"Keep it logically awesome.","hook_id":1}}"#;
    let files = [
        (
            "a-list.json",
            r#"{"events":"x"}"#.to_owned(),
            "a-list.json: `events` is no list; write {\"events\": [",
        ),
        ("b-event.json", r#"{"event":"","payload":{}}"#.to_owned(), "b-event.json#0: `event` is no name"),
        (
            "c-event.json",
            r#"{"event":"pu sh","payload":{}}"#.to_owned(),
            "c-event.json#0: `event` is no name",
        ),
        ("d-empty.json", String::new(), "d-empty.json: empty; write {"),
        (
            "e-large.json",
            ping.replace("awesome", &"x".repeat(1_100_000)),
            "e-large.json#0: not sent: Produce: ",
        ),
        ("f-mark.json", format!("\u{FEFF}{ping}"), ""),
    ];
    let mut paths: Vec<PathBuf> = Vec::new();
    for (name, text, _) in &files {
        paths.push(folder.join(name));
        std::fs::write(&paths[paths.len() - 1], text).unwrap();
    }
    let output = webhooks(&paths);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        row(&output, "ping")[..3],
        ["2", "1", "0"],
        "the file with a byte order mark, and the large one"
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    for (_, _, line) in &files {
        assert!(stderr.contains(line), "no `{line}` in\n{stderr}");
    }
}

#[test]
fn help_is_help_and_an_unknown_option_is_no_file() {
    for (option, code) in [("--help", 0), ("-h", 0), ("--all", 2)] {
        let output = webhooks(&[PathBuf::from(option)]);
        assert_eq!(output.status.code(), Some(code), "{option}");
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("usage: "), "{option}");
    }
}

#[test]
fn published_payloads_are_decoded_handled_and_encoded_without_a_loss() {
    let data = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/conformance/events-real/github_payloads.json"
    ));
    if !data.is_file() {
        println!("skipped: conformance data not found");
        return;
    }
    let output = webhooks(&[data.to_owned()]);
    let events = [
        "create",
        "delete",
        "fork",
        "issue_comment",
        "issues",
        "label",
        "ping",
        "push",
        "release",
        "star",
        "watch",
    ];
    for event in events {
        let row = row(&output, event);
        assert_eq!((&row[0], &*row[2], row.len()), (&row[1], "0", 3), "{event}: {row:?}");
    }
    assert!(output.status.success());
}
