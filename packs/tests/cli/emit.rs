//! `emit`, and the commands over queues that are empty.

use super::{CONFIG, root, run, run_with};
use serde_json::Value;

#[test]
fn a_payload_from_the_standard_input_is_emitted() {
    let payload = std::fs::read_to_string(root().join("fixtures/OrderPaidEvent.v1/by_card.json")).unwrap();
    let run = run_with(&["emit", "OrderPaidEvent", "-c", CONFIG, "--id", "e-1"], &payload);
    assert_eq!(run.code, 0, "{}", run.err);
    let [line] = &run.lines()[..] else { panic!("{}", run.out) };
    assert_eq!(line["id"], "e-1");
    assert_eq!(line["producers"], serde_json::json!(["orders_producer", "audit_producer"]));
}

#[test]
fn a_dry_run_prints_the_message_and_needs_no_configuration() {
    let arguments =
        ["emit", "OrderPaidEvent", "fixtures/OrderPaidEvent.v1/by_card.json", "--dry-run", "--header", "a=b"];
    let run = run(&arguments);
    let message: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, &message["payload_type"]), (0, &Value::from("OrderPaidEvent")));
    assert_eq!(message["headers"]["a"], "b");
}

#[test]
fn what_breaks_the_rules_is_refused_and_not_quoted() {
    let payload = r#"{"user_id":"01930001-5c1e-7a40-8b6d-3f2a9c000001","email":"planted-secret","otp":"12","expires_at":"2026-01-01T00:00:00Z"}"#;
    let run = run_with(&["emit", "PasswordRecoveryOTPEmail", "--dry-run"], payload);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(!run.err.contains("planted-secret"), "{}", run.err);
}

#[test]
fn wrong_questions_are_no_answers() {
    for arguments in [
        &["emit", "NoSuchEvent", "--dry-run"][..],
        &["emit", "OrderPaidEvent", "nowhere.json", "--dry-run"],
        &["emit", "OrderPaidEvent", "fixtures/OrderPaidEvent.v1/by_card.json"],
        &["emit", "OrderPaidEvent", "--header", "nothing"],
        &["dlq", "list", "--code", "LATE", "-c", CONFIG],
        &["dlq", "list", "--older-than", "5", "-c", CONFIG],
        &["dlq", "discard", "orders", "-c", CONFIG],
        &["dlq", "redrive", "-c", CONFIG],
        &["dlq", "redrive", "orders", "--rate", "0", "-c", CONFIG],
        &["queue", "stats", "nowhere", "-c", CONFIG],
        &["frobnicate"],
    ] {
        let run = run(arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {}", run.err);
        assert!(!run.err.is_empty());
    }
}

#[test]
fn queues_are_counted() {
    let run = run(&["queue", "stats", "-c", CONFIG]);
    let lines = run.lines();
    assert_eq!((run.code, lines.len()), (0, 5), "{}", run.err);
    assert!(lines.iter().all(|line| line["visible"] == 0 && line["transport"] == "embedded"));
}

#[test]
fn the_dead_letters_of_a_consumer_are_found_by_its_name() {
    let redriven = run(&["dlq", "redrive", "orders", "-c", CONFIG, "--format", "json"]);
    assert_eq!((redriven.code, &redriven.lines()[0]["moved"]), (0, &Value::from(0)), "{}", redriven.err);
    // Its dead letters go where the queue's own redrive policy says.
    let listed = run(&["dlq", "list", "rest", "-c", CONFIG, "--format", "text"]);
    assert_eq!((listed.code, listed.out.as_str()), (0, "0 of 0 letters\n"), "{}", listed.err);
}
