//! Queues and producers from configuration, and what is wrong with it.

use super::*;
use event_runtime::Clock;
use event_runtime::embedded::{EmbeddedConfig, EmbeddedConfigProblemKind, QueueErrorKind, RedrivePolicy};

fn parse(json: serde_json::Value) -> EmbeddedConfig {
    serde_json::from_value(json).unwrap()
}

#[test]
fn every_setting_reaches_its_queue() {
    let config = parse(serde_json::json!({
        "queues": [
            {
                "name": "q.fifo", "fifo": true, "visibility_timeout_seconds": 60, "delay_seconds": 1,
                "message_retention_seconds": 3600, "receive_wait_time_seconds": 2,
                "maximum_message_size": 2048, "content_based_deduplication": true, "deduplicate_per_group": true,
                "redrive": { "dead_letter_queue": "dead.fifo", "max_receive_count": 3 }
            },
            { "name": "dead.fifo", "fifo": true }
        ]
    }));
    let broker = config.broker(Clock::system()).unwrap();
    let attributes = broker.queue("q.fifo").unwrap().attributes().unwrap();
    assert_eq!(attributes.visibility_timeout, seconds(60));
    assert_eq!((attributes.delay, attributes.receive_wait), (seconds(1), seconds(2)));
    assert_eq!((attributes.retention, attributes.maximum_message_size), (seconds(3600), 2048));
    assert_eq!(attributes.redrive, Some(RedrivePolicy::new("dead.fifo", 3)));
    assert!(attributes.content_based_deduplication);
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let config = parse(serde_json::json!({
        "queues": [
            { "name": "orders" },
            { "name": "orders" },
            { "name": "bad name" },
            { "name": "late", "visibility_timeout_seconds": 43201, "deduplicate_per_group": true },
            { "name": "source", "redrive": { "dead_letter_queue": "order", "max_receive_count": 3 } },
            { "name": "mixed.fifo", "fifo": true, "redrive": { "dead_letter_queue": "orders", "max_receive_count": 3 } }
        ]
    }));
    let error = config.broker(Clock::system()).unwrap_err();
    let found: Vec<_> = error.problems().iter().map(|problem| (problem.place(), problem.kind())).collect();
    let refused = EmbeddedConfigProblemKind::Refused(QueueErrorKind::InvalidParameterValue);
    assert_eq!(
        found,
        [
            ("queues[1].name", EmbeddedConfigProblemKind::DuplicateQueue),
            ("queues[2].name", refused),
            ("queues[3].visibility_timeout_seconds", EmbeddedConfigProblemKind::OutOfRange),
            ("queues[3].deduplicate_per_group", EmbeddedConfigProblemKind::FifoOnly),
            ("queues[4].redrive.dead_letter_queue", EmbeddedConfigProblemKind::UnknownQueue),
            ("queues[5].redrive", refused),
        ]
    );
    assert!(error.problems()[4].to_string().contains("did you mean `orders`"));
}

#[test]
fn an_unknown_key_is_refused() {
    for json in [
        r#"{"queue":[]}"#,
        r#"{"queues":[{"name":"q","delay":1}]}"#,
        r#"{"queues":[{"name":"q","redrive":{"dead_letter_queue":"d","max_receive_count":1,"x":1}}]}"#,
    ] {
        assert!(serde_json::from_str::<EmbeddedConfig>(json).is_err(), "{json}");
    }
}
