//! Producer, source, dead letters and bundles against LocalStack, an independent server of the same protocol.
//!
//! `EVENT_LOCALSTACK_URL` says where it runs; `tests/run` starts it and sets the variable.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::config::Config;
use event_runtime::consumer::{Backoff, Consumer};
use event_runtime::transport::{Producer, Source};
use event_runtime::{HandlerError, Message};
use event_transport_sqs::{ProducerSettings, SourceSettings, SqsConsumerBundle, SqsProducer, SqsSource};
use serde_json::json;
use tokio::sync::Notify;

use super::fixture::{in_order, message, messages, soon};

const VARIABLE: &str = "EVENT_LOCALSTACK_URL";

/// A consumer of a new queue, with its dead-letter queue; `None` with a line where no server runs.
async fn bundle(name: &str) -> Option<SqsConsumerBundle> {
    let Ok(endpoint_url) = std::env::var(VARIABLE) else {
        println!("skipped: {VARIABLE} is not set");
        return None;
    };
    let (stem, suffix) =
        name.split_once('.').map_or((name, String::new()), |(stem, rest)| (stem, format!(".{rest}")));
    let name = format!("{stem}-{:08x}{suffix}", fastrand::u32(..));
    let value = json!({ "sqs_consumer_bundle": {
        "sqs_consumer_client": { "region": "us-east-1", "endpoint_url": endpoint_url, "access_key_id": "test",
            "secret_access_key": "test", "create_missing_queues": true },
        "sqs_consumer_configuration": { "queue_url": name, "wait_time_seconds": 1, "requeue_max_retries": 2,
            "requeue_backoff_time_seconds": 0 } } });
    let config = Config::from_value(value, &BTreeMap::<String, String>::new());
    Some(SqsConsumerBundle::from_config(&config).await.unwrap())
}

async fn url(bundle: &SqsConsumerBundle) -> String {
    let name = &bundle.configuration.queue_url;
    bundle.client.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap()
}

async fn producer(bundle: &SqsConsumerBundle) -> SqsProducer {
    SqsProducer::new("orders", bundle.client.clone(), url(bundle).await, ProducerSettings::default())
}

#[tokio::test]
async fn a_fifo_queue_is_produced_to_and_handled_in_order() {
    const COUNT: usize = 40;
    let Some(bundle) = bundle("orders.fifo").await else { return };
    let results = producer(&bundle).await.produce_batch(&messages(COUNT, 5)).await;
    results.into_iter().for_each(|result| result.unwrap());
    let handled = Arc::new(Mutex::new(Vec::new()));
    let done = Arc::new(Notify::new());
    let handler = {
        let (handled, done) = (handled.clone(), done.clone());
        move |message: Message| {
            let mut ids = handled.lock().unwrap();
            ids.push(message.metadata().id.to_string());
            if ids.len() == COUNT {
                done.notify_one();
            }
            async {}
        }
    };
    let report = soon(bundle.consumer.run(handler, done.notified())).await.unwrap();
    assert_eq!((report.acknowledged, report.unsettled), (COUNT as u64, 0));
    assert!(in_order(&handled.lock().unwrap()));
}

#[tokio::test]
async fn what_fails_is_retried_and_then_a_dead_letter_with_its_error() {
    let Some(bundle) = bundle("orders").await else { return };
    producer(&bundle).await.produce(&message("e-1", "k")).await.unwrap();
    let done = Arc::new(Notify::new());
    let attempts = Arc::new(Mutex::new(0));
    let handler = {
        let (attempts, done) = (attempts.clone(), done.clone());
        move |_: Message| {
            let mut attempts = attempts.lock().unwrap();
            *attempts += 1;
            if *attempts == 3 {
                done.notify_one();
            }
            async { Err::<(), _>(HandlerError::retry("no stock")) }
        }
    };
    let settings = event_runtime::consumer::ConsumerSettings {
        backoff: Backoff { base: Duration::ZERO, max: Duration::ZERO },
        ..bundle.configuration.settings()
    };
    let consumer: Consumer = bundle.consumer.clone().with_settings(settings);
    let report = soon(consumer.run(handler, done.notified())).await.unwrap();
    assert_eq!((report.retried, report.dead_lettered, report.unsettled), (2, 1, 0));

    let source = SqsSource::new(bundle.client.clone(), url(&bundle).await, SourceSettings::default());
    let redrive = source.describe().await.unwrap().redrive.unwrap();
    let name = redrive.destination.name().to_owned();
    let letters = bundle.client.get_queue_url().queue_name(name).send().await.unwrap().queue_url.unwrap();
    let letters = SqsSource::new(bundle.client.clone(), letters, SourceSettings::default());
    let received = soon(letters.receive(10, Duration::from_secs(10))).await.unwrap();
    let letter = received.into_iter().next().unwrap();
    let original = event_runtime::consumer::unwrap(letter.body, letter.attributes);
    assert_eq!(original.record.unwrap()["error"]["code"], "HANDLER_FAILED");
    assert_eq!(original.attributes.get("id"), Some("e-1"));
}

#[tokio::test]
async fn a_delayed_event_comes_when_it_is_due() {
    let Some(bundle) = bundle("orders").await else { return };
    let sent_at = jiff::Timestamp::now();
    let delayed = message("e-1", "k").with_delay(Duration::from_secs(2));
    producer(&bundle).await.produce(&delayed).await.unwrap();
    let done = Arc::new(Notify::new());
    let handler = {
        let done = done.clone();
        move |_: Message| {
            done.notify_one();
            async {}
        }
    };
    let report = soon(bundle.consumer.run(handler, done.notified())).await.unwrap();
    let waited = jiff::Timestamp::now().duration_since(sent_at);
    assert!(waited >= jiff::SignedDuration::from_secs(2), "{waited}");
    assert_eq!(report.acknowledged, 1);
}
