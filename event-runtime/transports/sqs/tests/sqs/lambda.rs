//! The adapter for Lambda: which records come back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use event_runtime::delivery::attribute;
use event_runtime::embedded::{EmbeddedDeadLetters, ReceiveRequest};
use event_runtime::{HandlerError, ManualClock, Message, MessageRouter};
use event_transport_sqs::SqsDeadLetterSink;
use event_transport_sqs::lambda::SqsLambda;
use serde_json::{Value, json};

use super::fixture::Fixture;

fn record(id: &str, arn: &str, group: Option<&str>, body: &str) -> Value {
    let mut attributes = json!({ "ApproximateReceiveCount": "2", "SentTimestamp": "1520621625029",
        "ApproximateFirstReceiveTimestamp": "1520621634884" });
    if let Some(group) = group {
        attributes["MessageGroupId"] = group.into();
    }
    json!({ "messageId": id, "receiptHandle": "h", "body": body, "attributes": attributes,
        "messageAttributes": {}, "eventSourceARN": arn, "eventSource": "aws:sqs" })
}

fn body(id: &str, payload_type: &str) -> String {
    json!({ "id": id, "payload_type": payload_type, "payload": {} }).to_string()
}

fn event(records: Vec<Value>) -> SqsEvent {
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

fn failed(response: SqsBatchResponse) -> Vec<String> {
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

const STANDARD: &str = "arn:aws:sqs:eu-central-1:123456789012:orders";
const FIFO: &str = "arn:aws:sqs:eu-central-1:123456789012:orders.fifo";

/// Handles `good`, fails `bad`, panics at `panic`, gives `dead` up, and notes the ids in their order.
fn router(seen: &Arc<Mutex<Vec<String>>>) -> MessageRouter {
    let note = |seen: &Arc<Mutex<Vec<String>>>| {
        let seen = seen.clone();
        move |message: &Message| seen.lock().unwrap().push(message.metadata().id.to_string())
    };
    let (good, bad, panic, dead) = (note(seen), note(seen), note(seen), note(seen));
    MessageRouter::new()
        .on_type("good", move |message: Message| {
            good(&message);
            async {}
        })
        .on_type("bad", move |message: Message| {
            bad(&message);
            async { Err::<(), _>(HandlerError::retry("no stock")) }
        })
        .on_type("panic", move |message: Message| {
            panic(&message);
            async move { assert!(message.payload().is_empty(), "out of order") }
        })
        .on_type("dead", move |message: Message| {
            dead(&message);
            async { Err::<(), _>(HandlerError::dead_letter("never")) }
        })
}

#[tokio::test]
async fn only_what_failed_comes_back() {
    let seen = Arc::default();
    let lambda = SqsLambda::new(router(&seen));
    assert!(lambda.problems().is_empty());
    let types = ["good", "bad", "good", "panic", "dead", "unknown"];
    let records = types.iter().enumerate();
    let records =
        records.map(|(n, kind)| record(&format!("m{n}"), STANDARD, Some("tenant"), &body("e", kind)));
    let mut records: Vec<_> = records.collect();
    records.push(record("m6", STANDARD, None, "not an envelope"));
    assert_eq!(failed(lambda.handle(event(records)).await), ["m1", "m3", "m4", "m5", "m6"]);
    assert_eq!(seen.lock().unwrap().len(), 5, "a group of a standard queue holds nothing back");
}

#[tokio::test]
async fn the_first_failure_of_a_group_returns_the_rest_of_it() {
    let seen = Arc::default();
    let lambda = SqsLambda::new(router(&seen)).with_concurrency(1);
    let records = [
        ("a", "good"),
        ("b", "good"),
        ("a", "bad"),
        ("b", "good"),
        ("a", "good"),
        ("c", "panic"),
        ("c", "good"),
    ];
    let records = records.iter().enumerate();
    let records = records.map(|(n, (group, kind))| {
        record(&format!("m{n}"), FIFO, Some(group), &body(&format!("{group}{n}"), kind))
    });
    assert_eq!(failed(lambda.handle(event(records.collect())).await), ["m2", "m4", "m5", "m6"]);
    assert_eq!(*seen.lock().unwrap(), ["a0", "a2", "b1", "b3", "c5"]);
}

#[tokio::test]
async fn dead_letters_are_stored_with_their_error_and_unblock_their_group() {
    let fixture = Fixture::fifo().await;
    let url = fixture.endpoint.queue_url("orders-dead.fifo");
    let sink = SqsDeadLetterSink::new(fixture.endpoint.client(), url);
    let seen = Arc::default();
    let lambda = SqsLambda::new(router(&seen)).with_dead_letters(sink).with_max_attempts(2);
    let records = vec![
        record("m0", FIFO, Some("a"), &body("e0", "dead")),
        record("m1", FIFO, Some("a"), &body("e1", "bad")),
        record("m2", FIFO, Some("a"), &body("e2", "good")),
    ];
    assert!(failed(lambda.handle(event(records)).await).is_empty());
    assert_eq!(*seen.lock().unwrap(), ["e0", "e1", "e2"]);
    let letters = fixture.dead_letters.try_receive(&ReceiveRequest::new().max(10)).unwrap();
    let ids: Vec<_> = letters.iter().map(|letter| letter.deduplication_id().unwrap().to_string()).collect();
    assert_eq!(ids, ["e0:2", "e1:2"]);
    let record = letters[0].attributes().iter().find(|found| found.name() == attribute::DEAD_LETTER).unwrap();
    let record: Value = serde_json::from_slice(record.value()).unwrap();
    assert_eq!(
        (&record["error"]["code"], &record["source"]),
        (&"HANDLER_FAILED".into(), &"orders.fifo".into())
    );
}

#[tokio::test]
async fn a_dead_letter_that_is_not_stored_comes_back() {
    let fixture = Fixture::standard().await;
    let sink = EmbeddedDeadLetters::new(fixture.dead_letters.clone());
    fixture.endpoint.broker().delete_queue("orders-dead").unwrap();
    let lambda = SqsLambda::new(router(&Arc::default())).with_dead_letters(sink);
    let records = vec![record("m0", STANDARD, None, &body("e0", "dead"))];
    assert_eq!(failed(lambda.handle(event(records)).await), ["m0"]);
}

#[tokio::test]
async fn an_event_that_is_early_waits_in_its_queue() {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let lambda = SqsLambda::new(router(&Arc::default())).with_clock(clock.clock());
    let mut early = record("m0", STANDARD, None, &body("e0", "good"));
    early["messageAttributes"] =
        json!({ "delayed-until": { "dataType": "String", "stringValue": "2026-01-01T00:01:00Z" } });
    assert_eq!(failed(lambda.handle(event(vec![early.clone()])).await), ["m0"]);
    clock.advance(Duration::from_secs(60));
    assert!(failed(lambda.handle(event(vec![early])).await).is_empty());
}

/// Events that AWS publishes as examples: read, and refused record by record, because they hold no envelope.
#[tokio::test]
async fn the_services_own_examples_are_read() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/conformance/events-real/aws_events.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: conformance data not found");
        return;
    };
    let data: Value = serde_json::from_str(&text).unwrap();
    let events = data["events"].as_array().unwrap().iter().map(|event| &event["payload"]);
    let events = events.filter(|event| event["Records"][0]["eventSource"] == "aws:sqs");
    let mut count = 0;
    for payload in events {
        let event: SqsEvent = serde_json::from_value(payload.clone()).unwrap();
        let ids: Vec<_> = event.records.iter().map(|record| record.message_id.clone().unwrap()).collect();
        let lambda = SqsLambda::new(router(&Arc::default()));
        assert_eq!(failed(lambda.handle(event).await), ids);
        count += 1;
    }
    assert!(count > 0, "the data has events of SQS");
}
