//! Errors as the real service gave them (`sqs/aws_recorded_errors.json`): the embedded broker answers the same
//! request with the same code, name, status and text.

use std::time::Duration;

use event_runtime::ManualClock;
use event_runtime::embedded::{
    BatchEntry, Broker, DeduplicationScope, MessageAttribute, OutgoingMessage, Queue, QueueError,
    QueueSettings, ReceiveRequest, ThroughputLimit,
};
use serde_json::Value;

/// Recordings that concern no request of the broker, with the reason.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("get-queue-policy-attribute-second-account-same-label", "queues in one process have no permissions"),
    ("get-queue-policy-attribute-delete-non-existent-label", "queues in one process have no permissions"),
    ("queue-does-not-exist-query", "the text of the query protocol; this is the JSON protocol's"),
    ("recieve_message_error_too_small", "a Duration is never negative; the HTTP face refuses it"),
];

struct Service {
    broker: Broker,
    clock: ManualClock,
}

impl Service {
    fn standard(&self) -> Queue {
        self.broker.create_queue("queue-name", QueueSettings::new()).unwrap()
    }

    fn fifo(&self) -> Queue {
        self.broker.create_queue("queue.fifo", QueueSettings::fifo()).unwrap()
    }

    /// The error that the recorded request provokes; `None` for a request that nobody wrote here.
    async fn provoke(&self, test: &str, step: &str) -> Option<QueueError> {
        let test = test.trim_end_matches("[sqs]");
        Some(match (test, step) {
            ("test_send_receive_max_number_of_messages", _) => {
                self.standard().receive(&ReceiveRequest::new().max(11)).await.unwrap_err()
            }
            ("test_send_oversized_message", _) => {
                self.send_standard(OutgoingMessage::new("m".repeat((1 << 20) + 1))).await
            }
            ("test_send_message_batch_with_oversized_contents", _) => {
                let bodies = ["m".repeat(1 << 20), "m".to_owned()];
                let message = |(n, body)| BatchEntry::new(format!("{n}"), OutgoingMessage::new(body));
                let entries = (0..).zip(bodies).map(message).collect();
                self.standard().send_batch(entries).await.unwrap_err()
            }
            ("test_create_fifo_queue_with_different_attributes_raises_error", _) => {
                self.fifo();
                let settings = QueueSettings::fifo().content_based_deduplication(true);
                self.broker.create_queue("queue.fifo", settings).unwrap_err()
            }
            ("test_fifo_queue_send_message_with_delay_seconds_fails", _) => {
                self.send_fifo(grouped().with_deduplication_id("d").with_delay(Duration::from_secs(2))).await
            }
            ("test_too_many_entries_in_batch_request", _) => {
                let entry = |n| BatchEntry::new(format!("{n}"), OutgoingMessage::new("m"));
                self.standard().send_batch((0..20).map(entry).collect()).await.unwrap_err()
            }
            ("test_invalid_batch_id", _) => {
                let entry = BatchEntry::new("message:1", OutgoingMessage::new("m"));
                self.standard().send_batch(vec![entry]).await.unwrap_err()
            }
            ("test_send_batch_missing_deduplication_id_for_fifo_queue", _) => {
                self.send_in_batch(grouped()).await
            }
            ("test_send_batch_missing_message_group_id_for_fifo_queue", _) => {
                self.send_in_batch(OutgoingMessage::new("m").with_deduplication_id("d")).await
            }
            ("test_send_message_with_empty_string_attribute", _) => {
                let attribute = MessageAttribute::string("ErrorDetails", "");
                self.send_standard(OutgoingMessage::new("m").with_attribute(attribute)).await
            }
            ("test_set_unsupported_attribute_fifo", "invalid-attr-name-1") => {
                self.standard().set_attributes(QueueSettings::fifo()).unwrap_err()
            }
            ("test_set_unsupported_attribute_fifo", "invalid-attr-name-2") => {
                let settings = QueueSettings::from_pairs([("FifoQueue", "false")]).unwrap();
                self.fifo().set_attributes(settings).unwrap_err()
            }
            ("test_posting_to_fifo_requires_deduplicationid_group_id", "missing-parameter") => {
                self.send_fifo(OutgoingMessage::new("m").with_deduplication_id("d")).await
            }
            ("test_successive_purge_calls_fail", _) => {
                self.standard().purge().unwrap();
                self.standard().purge().unwrap_err()
            }
            ("test_non_existent_queue", "queue-does-not-exist") => self.broker.queue("nowhere").unwrap_err(),
            ("test_create_standard_queue_with_fifo_attribute_raises_error", attribute) => {
                let settings = QueueSettings::new();
                let settings = match attribute {
                    "invalid-attribute-content-based-deduplication" => {
                        settings.content_based_deduplication(true)
                    }
                    "invalid-attribute-deduplication-scope" => {
                        settings.deduplication_scope(DeduplicationScope::Queue)
                    }
                    "invalid-attribute-throughput-limit" => {
                        settings.throughput_limit(ThroughputLimit::PerQueue)
                    }
                    _ => return None,
                };
                self.broker.create_queue("plain", settings).unwrap_err()
            }
            ("test_send_receive_wait_time_seconds", "recieve_message_error_too_large") => {
                let request = ReceiveRequest::new().wait(Duration::from_secs(21));
                self.standard().receive(&request).await.unwrap_err()
            }
            ("test_send_empty_message", _) => self.send_standard(OutgoingMessage::new("")).await,
            ("test_fifo_delete_after_visibility_timeout", _) => {
                let queue = self.fifo();
                queue.send(grouped().with_deduplication_id("d")).await.unwrap();
                let received = queue.try_receive(&ReceiveRequest::new()).unwrap();
                self.clock.advance(Duration::from_secs(30));
                queue.delete(received[0].receipt()).unwrap_err()
            }
            ("test_send_message_to_standard_queue_with_invalid_message_group_id[empty]", _) => {
                self.send_standard(OutgoingMessage::new("m").with_group("")).await
            }
            ("test_send_message_to_standard_queue_with_invalid_message_group_id[too_long]", _) => {
                self.send_standard(OutgoingMessage::new("m").with_group("a".repeat(129))).await
            }
            ("test_send_message_to_standard_queue_with_invalid_message_group_id[spaces]", _) => {
                self.send_standard(OutgoingMessage::new("m").with_group("group 123")).await
            }
            ("test_message_deduplication_id_invalid[empty]", _) => {
                self.send_fifo(grouped().with_deduplication_id("")).await
            }
            ("test_message_deduplication_id_invalid[spaces]", _) => {
                self.send_fifo(grouped().with_deduplication_id("group 123")).await
            }
            _ => return None,
        })
    }

    async fn send_standard(&self, message: OutgoingMessage) -> QueueError {
        self.standard().send(message).await.unwrap_err()
    }

    async fn send_fifo(&self, message: OutgoingMessage) -> QueueError {
        self.fifo().send(message).await.unwrap_err()
    }

    async fn send_in_batch(&self, message: OutgoingMessage) -> QueueError {
        let mut results = self.fifo().send_batch(vec![BatchEntry::new("1", message)]).await.unwrap();
        results.remove(0).result.unwrap_err()
    }
}

fn grouped() -> OutgoingMessage {
    OutgoingMessage::new("m").with_group("g")
}

#[tokio::test]
async fn the_broker_answers_as_the_service_did() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/sqs/aws_recorded_errors.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: conformance data not found");
        return;
    };
    let data: Value = serde_json::from_str(&text).expect("the recordings are JSON");
    let mut problems = Vec::new();
    for recorded in data["errors"].as_array().expect("the recordings are a list") {
        let (test, step) = (recorded["test"].as_str().unwrap(), recorded["step"].as_str().unwrap());
        if let Some((_, reason)) = NOT_APPLICABLE.iter().find(|(listed, _)| *listed == step) {
            println!("{test} {step} does not apply: {reason}");
            continue;
        }
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        let service = Service { broker: Broker::builder().clock(clock.clock()).build(), clock };
        let Some(error) = service.provoke(test, step).await else {
            problems.push(format!("{test} {step}: write its request here, or list the reason"));
            continue;
        };
        let text = |field: &str| recorded[field].as_str().unwrap_or_default();
        let answer = [
            (error.code(), text("code")),
            (error.shape(), text("query_error_code")),
            (&error.http_status().to_string(), &recorded["http"].to_string()),
        ];
        if answer.iter().any(|(got, wanted)| got != wanted) || !same_text(text("message"), error.message()) {
            problems.push(format!("{test} {step}: recorded {recorded}, got {error:?} {answer:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Equal but for what the recording left open as `<…>`.
fn same_text(recorded: &str, text: &str) -> bool {
    match (recorded.split_once('<'), recorded.rsplit_once('>')) {
        (Some((start, _)), Some((_, end))) => text.starts_with(start) && text.ends_with(end),
        _ => recorded == text,
    }
}
