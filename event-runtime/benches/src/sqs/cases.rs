//! The loops: consuming by receive and batch delete, producing by batches.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName as System,
    SendMessageBatchRequestEntry,
};
use event_runtime::consumer::{Consumer, ConsumerSettings, OnExhausted};
use event_runtime::pool::emit_batch_to;
use event_runtime::{Event, IntoEnvelope, MessageRouter, Payload, ProducersPool};
use event_transport_sqs::{ProducerSettings, SourceSettings, SqsProducer, SqsSource};
use serde_json::Value;

use super::BATCH;
use super::canned::Canned;
use crate::floor::FlatEnvelope;
use crate::measure::{block_on, measure, measure_growth};
use crate::sample::{OrderPlaced, SamplePack, placed};

/// The queue of the cases.
pub const URL: &str = "https://sqs.eu-central-1.amazonaws.com/1/bench";
/// How many events a case of producing sends.
pub const SENT: usize = 200;

/// Runs every case under the eye of callgrind.
pub fn run() {
    let entry = entry();
    // Valgrind is slow: the default of 5 ms would end before ten messages are handled.
    let linger = Duration::from_secs(1);
    let prepare = |messages| Canned::new(&entry, messages);
    measure_growth("sqs.consume.floor", prepare, |canned| consume_by_hand(&canned));
    measure_growth("sqs.consume", prepare, |canned| consume(&canned, linger));

    let attributes = attributes(&entry);
    measure(
        "sqs.produce.floor",
        SENT,
        || (Canned::new(&entry, 0).client(), vec![placed(); SENT]),
        |(client, events)| block_on(send_by_hand(&client, events, &attributes)),
    );
    measure(
        "sqs.produce",
        SENT,
        || (pool(&Canned::new(&entry, 0)), vec![placed(); SENT]),
        |(pool, events)| block_on(send(&pool, events)),
    );
}

/// Calls that consuming one more message costs the loop by hand, and the consumer by its own defaults.
pub fn consume_calls() -> [f64; 2] {
    let framework = |canned: &Canned| consume(canned, ConsumerSettings::default().settle_linger);
    [calls_of_one_more(consume_by_hand), calls_of_one_more(framework)]
}

/// Calls that producing a message costs the loop by hand, and the pool.
pub fn produce_calls() -> [f64; 2] {
    let entry = entry();
    let (by_hand, by_pool) = (Canned::new(&entry, 0), Canned::new(&entry, 0));
    block_on(send_by_hand(&by_hand.client(), vec![placed(); SENT], &attributes(&entry)));
    block_on(send(&pool(&by_pool), vec![placed(); SENT]));
    [by_hand, by_pool].map(|canned| canned.calls() as f64 / SENT as f64)
}

/// Calls that one more message costs this way to consume.
pub fn calls_of_one_more(consume: impl Fn(&Canned)) -> f64 {
    let entry = entry();
    let calls = |messages| {
        let canned = Canned::new(&entry, messages);
        consume(&canned);
        canned.calls() as f64
    };
    (calls(20_200) - calls(200)) / 20_000.0
}

fn consume(canned: &Canned, settle_linger: Duration) {
    let left = canned.left();
    let left = Arc::new(AtomicUsize::new(left));
    let end = canned.clone();
    let router = MessageRouter::new().on(move |payload: Payload<OrderPlaced>| {
        black_box(payload);
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            end.end();
        }
        std::future::ready(())
    });
    let settings =
        ConsumerSettings { settle_linger, on_exhausted: OnExhausted::Discard, ..ConsumerSettings::default() };
    let source = SqsSource::new(canned.client(), URL, SourceSettings::default());
    let consumer = Consumer::new(source).with_settings(settings);
    let shutdown = canned.clone();
    let report = block_on(consumer.run(router, async move { shutdown.ended().await })).unwrap();
    assert_eq!(report.unsettled, 0);
}

/// Asks for what [`SqsSource`] asks for.
fn consume_by_hand(canned: &Canned) {
    let client = canned.client();
    block_on(async {
        while canned.left() > 0 {
            let reply = client
                .receive_message()
                .queue_url(URL)
                .max_number_of_messages(10)
                .wait_time_seconds(20)
                .message_system_attribute_names(System::ApproximateReceiveCount)
                .message_system_attribute_names(System::SentTimestamp)
                .message_system_attribute_names(System::ApproximateFirstReceiveTimestamp)
                .message_attribute_names("All")
                .send()
                .await
                .unwrap();
            let mut done = Vec::with_capacity(BATCH);
            for (index, message) in reply.messages.unwrap_or_default().into_iter().enumerate() {
                let body = message.body.unwrap_or_default();
                black_box(FlatEnvelope::<OrderPlaced>::decode(body.as_bytes()));
                let entry = DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .set_receipt_handle(message.receipt_handle);
                done.push(entry.build().unwrap());
            }
            let reply =
                client.delete_message_batch().queue_url(URL).set_entries(Some(done)).send().await.unwrap();
            assert!(reply.failed().is_empty());
        }
    });
}

async fn send(pool: &ProducersPool, events: Vec<OrderPlaced>) {
    let mut events = events.into_iter().map(IntoEnvelope::envelope);
    for _ in 0..SENT / BATCH {
        emit_batch_to(pool, events.by_ref().take(BATCH)).await.unwrap();
    }
}

/// Sends the attributes that [`SqsProducer`] sends.
async fn send_by_hand(client: &Client, events: Vec<OrderPlaced>, attributes: &[(String, String)]) {
    let mut events = events.into_iter();
    for _ in 0..SENT / BATCH {
        let entries = events.by_ref().take(BATCH).enumerate().map(|(index, event)| {
            let key = event.order_id.to_string();
            let body = FlatEnvelope::new(OrderPlaced::PAYLOAD_TYPE, key, event).encode();
            let attributes: HashMap<_, _> = attributes.iter().map(attribute).collect();
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(String::from_utf8(body).unwrap())
                .set_message_attributes(Some(attributes))
                .build()
                .unwrap()
        });
        let entries = Some(entries.collect());
        let reply = client.send_message_batch().queue_url(URL).set_entries(entries).send().await.unwrap();
        assert!(reply.failed().is_empty());
    }
}

fn attribute((name, value): &(String, String)) -> (String, MessageAttributeValue) {
    let value = MessageAttributeValue::builder().data_type("String").string_value(value.clone());
    (name.clone(), value.build().unwrap())
}

fn pool(canned: &Canned) -> ProducersPool {
    ProducersPool::builder("bench")
        .pack::<SamplePack>()
        .producer(SqsProducer::new("bench", canned.client(), URL, ProducerSettings::default()))
        .route_types("bench", ["*"])
        .build()
        .unwrap()
}

/// One entry of a batch as the producer sends it.
pub fn entry() -> Value {
    let canned = Canned::new(&Value::Null, 0);
    block_on(send(&pool(&canned), vec![placed(); SENT]));
    canned.sent()
}

fn attributes(entry: &Value) -> Vec<(String, String)> {
    let given = entry["MessageAttributes"].as_object().into_iter().flatten();
    given.map(|(name, value)| (name.clone(), value["StringValue"].as_str().unwrap().to_owned())).collect()
}
