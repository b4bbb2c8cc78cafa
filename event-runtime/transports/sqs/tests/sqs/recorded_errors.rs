//! Errors as the real service gave them (`sqs/aws_recorded_errors.json`): the same request over HTTP has the same
//! status, code, name and text.

use std::time::Duration;

use event_runtime::ManualClock;
use serde_json::{Value, json};

use super::raw::{Answer, call};
use super::served::{Kept, Served, over_both};

/// Recordings that concern nothing of the endpoint, with the reason.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("get-queue-policy-attribute-second-account-same-label", "the endpoint has no permissions"),
    ("get-queue-policy-attribute-delete-non-existent-label", "the endpoint has no permissions"),
    ("queue-does-not-exist-query", "the text of the query protocol; the endpoint speaks the JSON protocol"),
];

struct Service {
    endpoint: Served,
    clock: ManualClock,
}

impl Service {
    async fn new(kept: Kept) -> Self {
        let (endpoint, clock) = Served::at_rest(kept).await;
        endpoint.create("standard", json!({})).await;
        endpoint.create("ordered.fifo", json!({ "FifoQueue": "true" })).await;
        Self { endpoint, clock }
    }

    /// Asks one of the two queues.
    async fn ask(&self, queue: &str, action: &str, mut body: Value) -> Answer {
        body["QueueUrl"] = self.endpoint.queue_url(queue).into();
        call(&self.endpoint, action, body).await
    }

    async fn standard(&self, action: &str, body: Value) -> Answer {
        self.ask("standard", action, body).await
    }

    async fn fifo(&self, action: &str, body: Value) -> Answer {
        self.ask("ordered.fifo", action, body).await
    }

    async fn create(&self, name: &str, attributes: Value) -> Answer {
        call(&self.endpoint, "CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await
    }

    /// The answer to the recorded request; `None` for one that nobody wrote here.
    async fn provoke(&self, test: &str, step: &str) -> Option<Answer> {
        let grouped = |mut more: Value| {
            more["MessageBody"] = "m".into();
            more["MessageGroupId"] = "g".into();
            more
        };
        let body = |body: &str| json!({ "MessageBody": body });
        Some(match (test.trim_end_matches("[sqs]"), step) {
            ("test_send_receive_max_number_of_messages", _) => {
                self.standard("ReceiveMessage", json!({ "MaxNumberOfMessages": 11 })).await
            }
            ("test_send_oversized_message", _) => {
                self.standard("SendMessage", body(&"m".repeat((1 << 20) + 1))).await
            }
            ("test_send_message_batch_with_oversized_contents", _) => {
                let entries = json!([
                    { "Id": "1", "MessageBody": "m".repeat(1 << 20) }, { "Id": "2", "MessageBody": "m" }
                ]);
                self.standard("SendMessageBatch", json!({ "Entries": entries })).await
            }
            ("test_create_fifo_queue_with_different_attributes_raises_error", _) => {
                let attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
                self.create("ordered.fifo", attributes).await
            }
            ("test_fifo_queue_send_message_with_delay_seconds_fails", _) => {
                let message = grouped(json!({ "MessageDeduplicationId": "d", "DelaySeconds": 2 }));
                self.fifo("SendMessage", message).await
            }
            ("test_too_many_entries_in_batch_request", _) => {
                let entries: Vec<_> =
                    (0..20).map(|n| json!({ "Id": n.to_string(), "MessageBody": "m" })).collect();
                self.standard("SendMessageBatch", json!({ "Entries": entries })).await
            }
            ("test_invalid_batch_id", _) => {
                let entries = json!([{ "Id": "message:1", "MessageBody": "m" }]);
                self.standard("SendMessageBatch", json!({ "Entries": entries })).await
            }
            ("test_send_batch_missing_deduplication_id_for_fifo_queue", _) => {
                self.fifo("SendMessageBatch", json!({ "Entries": [grouped(json!({ "Id": "1" }))] })).await
            }
            ("test_send_batch_missing_message_group_id_for_fifo_queue", _) => {
                let entry = json!({ "Id": "1", "MessageBody": "m", "MessageDeduplicationId": "d" });
                self.fifo("SendMessageBatch", json!({ "Entries": [entry] })).await
            }
            ("test_send_message_with_empty_string_attribute", _) => {
                let attributes = json!({ "ErrorDetails": { "DataType": "String", "StringValue": "" } });
                let message = json!({ "MessageBody": "m", "MessageAttributes": attributes });
                self.standard("SendMessage", message).await
            }
            ("test_set_unsupported_attribute_fifo", step) => {
                let (queue, value) = match step {
                    "invalid-attr-name-1" => ("standard", "true"),
                    "invalid-attr-name-2" => ("ordered.fifo", "false"),
                    _ => return None,
                };
                let attributes = json!({ "Attributes": { "FifoQueue": value } });
                self.ask(queue, "SetQueueAttributes", attributes).await
            }
            ("test_posting_to_fifo_requires_deduplicationid_group_id", "missing-parameter") => {
                let message = json!({ "MessageBody": "m", "MessageDeduplicationId": "d" });
                self.fifo("SendMessage", message).await
            }
            ("test_successive_purge_calls_fail", _) => {
                self.standard("PurgeQueue", json!({})).await;
                self.standard("PurgeQueue", json!({})).await
            }
            ("test_non_existent_queue", "queue-does-not-exist") => {
                self.ask("nowhere", "GetQueueAttributes", json!({ "AttributeNames": ["All"] })).await
            }
            ("test_create_standard_queue_with_fifo_attribute_raises_error", step) => {
                let attributes = match step {
                    "invalid-attribute-content-based-deduplication" => {
                        json!({ "ContentBasedDeduplication": "true" })
                    }
                    "invalid-attribute-deduplication-scope" => json!({ "DeduplicationScope": "queue" }),
                    "invalid-attribute-throughput-limit" => json!({ "FifoThroughputLimit": "perQueue" }),
                    _ => return None,
                };
                self.create("plain", attributes).await
            }
            ("test_send_receive_wait_time_seconds", step) => {
                let seconds = if step.ends_with("too_large") { 21 } else { -1 };
                self.standard("ReceiveMessage", json!({ "WaitTimeSeconds": seconds })).await
            }
            ("test_send_empty_message", _) => self.standard("SendMessage", body("")).await,
            ("test_fifo_delete_after_visibility_timeout", _) => {
                self.fifo("SendMessage", grouped(json!({ "MessageDeduplicationId": "d" }))).await;
                let received = self.fifo("ReceiveMessage", json!({})).await;
                let handle = &received.body["Messages"][0]["ReceiptHandle"];
                self.clock.advance(Duration::from_secs(30));
                self.fifo("DeleteMessage", json!({ "ReceiptHandle": handle })).await
            }
            (test, "error-response") => {
                let value = match test.split_once('[')?.1 {
                    "empty]" => String::new(),
                    "too_long]" => "a".repeat(129),
                    "spaces]" => "group 123".to_owned(),
                    _ => return None,
                };
                if test.starts_with("test_message_deduplication_id_invalid") {
                    self.fifo("SendMessage", grouped(json!({ "MessageDeduplicationId": value }))).await
                } else {
                    let message = json!({ "MessageBody": "m", "MessageGroupId": value });
                    self.standard("SendMessage", message).await
                }
            }
            _ => return None,
        })
    }
}

over_both! { the_endpoint_answers_as_the_service_did }

async fn the_endpoint_answers_as_the_service_did(kept: Kept) {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/conformance/sqs/aws_recorded_errors.json");
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
        let Some(answer) = Service::new(kept).await.provoke(test, step).await else {
            problems.push(format!("{test} {step}: write its request here, or list the reason"));
            continue;
        };
        if !same(recorded, &answer) {
            problems.push(format!("{test} {step}: recorded {recorded}, got {answer:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Whether an answer is the recorded one: the answer as a whole, or its only failed entry.
fn same(recorded: &Value, answer: &Answer) -> bool {
    let text = |field: &str| recorded[field].as_str().unwrap_or_default();
    if let Some(failed) = answer.body["Failed"].as_array() {
        // An entry has the code of the query protocol, and no status or name of its own.
        return failed.len() == 1
            && failed[0]["Code"] == recorded["code"]
            && same_text(text("message"), failed[0]["Message"].as_str().unwrap_or_default())
            && failed[0]["SenderFault"] == true;
    }
    answer.status == recorded["http"]
        && answer.code() == text("code")
        && answer.shape() == text("query_error_code")
        && same_text(text("message"), answer.message())
}

/// Equal but for what the recording left open as `<…>`.
fn same_text(recorded: &str, text: &str) -> bool {
    match (recorded.split_once('<'), recorded.rsplit_once('>')) {
        (Some((start, _)), Some((_, end))) => text.starts_with(start) && text.ends_with(end),
        _ => recorded == text,
    }
}
