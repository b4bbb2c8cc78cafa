//! The Lambda example on the events that AWS publishes as examples.

use std::path::Path;

use super::super::program;

#[test]
fn published_events_are_read_and_what_is_no_event_of_ours_comes_back() {
    let data = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/conformance/events-real/aws_events.json"
    ));
    if !data.is_file() {
        println!("skipped: conformance data not found");
        return;
    }
    let output = program("lambda").arg(data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let answers = printed.lines().filter(|line| line.contains("answer: ")).count();
    assert!(answers > 0, "the data has events of SQS:\n{printed}");
    // Their bodies hold no envelope: every record is named as failed.
    assert_eq!(printed.matches("\"itemIdentifier\"").count(), answers, "{printed}");
}
