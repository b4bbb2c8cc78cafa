//! Bundles from the source design's configuration as it stands, and start-up checks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_runtime::config::{BundleError, Config};
use event_runtime::embedded::{OutgoingMessage, QueueSettings, RedrivePolicy};
use event_runtime::{Emitter, Message};
use event_transport_sqs::local::LocalEndpoint;
use event_transport_sqs::{SqsConsumerBundle, SqsProducerPoolBundle};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::fixture::{drain, message, soon};

/// Design.md's example, with this endpoint's URLs and rules for event types that need no pack here.
fn configuration(endpoint: &LocalEndpoint) -> Value {
    let client = json!({ "region": "eu-central-1", "endpoint_url": endpoint.url(),
        "access_key_id": "${env.AWS_ACCESS_KEY_ID}", "secret_access_key": "${env.AWS_SECRET_ACCESS_KEY}" });
    json!({
        "sqs_producer_pool_bundle": {
            "sqs_producer_client": client,
            "sqs_producer_configurations": [
                { "producer_id": "notifications_producer", "queue_url": endpoint.queue_url("notifications-queue"), "is_fifo": false },
                { "producer_id": "payments_producer", "queue_url": endpoint.queue_url("payments-queue.fifo"), "is_fifo": true } ],
            "producer_pool": {
                "producer_pool_id": "main-producer-pool",
                "external_payload_types": ["order.created"],
                "supported_payload_types": { "notifications_producer": ["order.created"], "payments_producer": ["*"] },
                "supported_packs": {} } },
        "sqs_consumer_bundle": {
            "sqs_consumer_client": client,
            "sqs_consumer_configuration": { "queue_url": endpoint.queue_url("payments-queue.fifo"),
                "max_number_of_messages": 10, "wait_time_seconds": 20, "requeue_backoff_time_seconds": 5,
                "requeue_max_retries": 5, "without_scope": false, "process_delayed_consumption_header": true } } })
}

fn config(value: Value) -> Config {
    let environment = BTreeMap::from([
        ("AWS_ACCESS_KEY_ID".to_owned(), "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), "local-secret".to_owned()),
    ]);
    Config::from_value(value, &environment)
}

fn create_queues(endpoint: &LocalEndpoint) {
    let broker = endpoint.broker();
    broker.create_queue("notifications-queue", QueueSettings::new()).unwrap();
    broker.create_queue("payments-dead.fifo", QueueSettings::fifo()).unwrap();
    let payments = QueueSettings::fifo().redrive(RedrivePolicy::new("payments-dead.fifo", 10));
    broker.create_queue("payments-queue.fifo", payments).unwrap();
}

/// The places of all mistakes, without the path to the section.
fn places<T: std::fmt::Debug>(result: Result<T, BundleError>) -> Vec<String> {
    let error = result.unwrap_err();
    let config = error.config().unwrap_or_else(|| panic!("no mistake of the configuration: {error:?}"));
    let places = config.problems().iter().map(|problem| problem.path());
    places.map(|path| path.split_once('.').map_or(path, |(_, rest)| rest).to_owned()).collect()
}

#[tokio::test]
async fn the_source_designs_configuration_works_as_it_stands() {
    let endpoint = LocalEndpoint::start().await.unwrap();
    create_queues(&endpoint);
    let config = config(configuration(&endpoint));
    let producers = SqsProducerPoolBundle::from_config(&config, []).await.unwrap();
    producers.pool.emit_batch(vec![message("e-1", "k")]).await.unwrap();
    let notified = drain(&endpoint.broker().queue("notifications-queue").unwrap());
    assert_eq!(notified[0].metadata().id, "e-1");

    let mut consumer = SqsConsumerBundle::from_config(&config).await.unwrap();
    let seen = Arc::new(Notify::new());
    let handler = {
        let seen = seen.clone();
        move |message: Message| {
            assert_eq!(message.metadata().id, "e-1");
            seen.notify_one();
            async {}
        }
    };
    consumer.router = consumer.router.on_type("order.created", handler);
    let payments = endpoint.broker().queue("payments-queue.fifo").unwrap();
    let shutdown = async {
        seen.notified().await;
        // Ends the long poll that the drain waits for; a poll that has ended by itself does not get it. Handed back
        // or left alone, it stays.
        let late = OutgoingMessage::new(message("e-2", "late").body().clone().into_bytes());
        payments.try_send(late.with_group("late").with_deduplication_id("e-2")).unwrap();
    };
    let report = soon(consumer.run(shutdown)).await.unwrap();
    assert_eq!((report.acknowledged, report.unsettled), (1, 0));
    assert_eq!(drain(&payments)[0].metadata().id, "e-2");
}

#[tokio::test]
async fn missing_queues_are_created_where_development_wants_it() {
    let endpoint = LocalEndpoint::start().await.unwrap();
    let mut value = configuration(&endpoint);
    value["sqs_producer_pool_bundle"]["sqs_producer_client"]["create_missing_queues"] = true.into();
    value["sqs_consumer_bundle"]["sqs_consumer_client"]["create_missing_queues"] = true.into();
    value["sqs_consumer_bundle"]["sqs_consumer_configuration"]["queue_url"] = "orders.fifo".into();
    let config = config(value);
    SqsProducerPoolBundle::from_config(&config, []).await.unwrap();
    SqsConsumerBundle::from_config(&config).await.unwrap();
    let names = endpoint.broker().queue_names("");
    assert_eq!(
        names,
        ["notifications-queue", "orders-dead-letters.fifo", "orders.fifo", "payments-queue.fifo"]
    );
    let policy = endpoint.broker().queue("orders.fifo").unwrap().attributes().unwrap().redrive.unwrap();
    assert_eq!((policy.dead_letter_queue(), policy.max_receive_count()), ("orders-dead-letters.fifo", 16));
    // The second start finds them.
    SqsConsumerBundle::from_config(&config).await.unwrap();
}

#[tokio::test]
async fn every_problem_of_the_producers_is_reported_at_once() {
    let endpoint = LocalEndpoint::start().await.unwrap();
    let config = config(configuration(&endpoint));
    let missing = places(SqsProducerPoolBundle::from_config(&config, []).await);
    assert_eq!(
        missing,
        ["sqs_producer_configurations[0].queue_url", "sqs_producer_configurations[1].queue_url"]
    );

    let mut value = configuration(&endpoint);
    let bundle = &mut value["sqs_producer_pool_bundle"];
    bundle["sqs_producer_client"] = json!({ "access_key_id": "a", "regiom": "eu-central-1" });
    bundle["sqs_producer_configurations"][0] = json!({ "producer_id": "notifications_producer",
        "queue_url": "https://sqs/1/a", "is_fifo": true, "fifo_group": "event_id", "linger_milliseconds": 5000 });
    bundle["sqs_producer_configurations"][1]["is_fifo"] = false.into();
    bundle["sqs_producer_configurations"][1]["tenant_as_group"] = true.into();
    let config = self::config(value);
    let mut wrong = places(SqsProducerPoolBundle::from_config(&config, []).await);
    wrong.sort();
    assert_eq!(
        wrong,
        [
            "sqs_producer_client.regiom",
            "sqs_producer_configurations[0].linger_milliseconds",
            "sqs_producer_configurations[1].is_fifo",
            "sqs_producer_configurations[1].tenant_as_group",
        ]
    );
}

#[tokio::test]
async fn credentials_are_whole_or_absent_and_never_printed() {
    let endpoint = LocalEndpoint::start().await.unwrap();
    let mut value = configuration(&endpoint);
    value["sqs_consumer_bundle"]["sqs_consumer_client"] =
        json!({ "access_key_id": "", "secret_access_key": "local-secret" });
    let result = SqsConsumerBundle::from_config(&config(value)).await;
    let error = format!("{result:?}");
    assert_eq!(places(result), ["sqs_consumer_client.access_key_id"]);
    assert!(!error.contains("local-secret"), "{error}");
}

#[tokio::test]
async fn a_queue_that_would_overtake_the_retries_is_refused() {
    let endpoint = LocalEndpoint::start().await.unwrap();
    create_queues(&endpoint);
    let mut value = configuration(&endpoint);
    value["sqs_consumer_bundle"]["sqs_consumer_configuration"]["requeue_max_retries"] = 10.into();
    let config = config(value.clone());
    assert_eq!(
        places(SqsConsumerBundle::from_config(&config).await),
        ["sqs_consumer_configuration.requeue_max_retries"]
    );
    value["sqs_consumer_bundle"]["sqs_consumer_configuration"]["requeue_max_retries"] = 9.into();
    SqsConsumerBundle::from_config(&self::config(value)).await.unwrap();
}

#[tokio::test]
async fn a_queue_without_a_place_for_dead_letters_is_refused() {
    let endpoint = LocalEndpoint::start().await.unwrap();
    let settings = QueueSettings::new().visibility_timeout(Duration::from_secs(60));
    endpoint.broker().create_queue("plain", settings).unwrap();
    let mut value = configuration(&endpoint);
    let section = &mut value["sqs_consumer_bundle"]["sqs_consumer_configuration"];
    section["queue_url"] = endpoint.queue_url("plain").into();
    let refused = places(SqsConsumerBundle::from_config(&config(value.clone())).await);
    assert_eq!(refused, ["sqs_consumer_configuration.dead_letter_queue_url"]);

    let section = &mut value["sqs_consumer_bundle"]["sqs_consumer_configuration"];
    section["dead_letter_queue_url"] = "nowhere".into();
    section["queue_url"] = "nowhere-either".into();
    let mut refused = places(SqsConsumerBundle::from_config(&config(value.clone())).await);
    refused.sort();
    assert_eq!(
        refused,
        ["sqs_consumer_configuration.dead_letter_queue_url", "sqs_consumer_configuration.queue_url"]
    );

    let section = &mut value["sqs_consumer_bundle"]["sqs_consumer_configuration"];
    section["queue_url"] = "plain".into();
    section["dead_letter_queue_url"] = Value::Null;
    section["on_exhausted"] = "discard".into();
    SqsConsumerBundle::from_config(&config(value)).await.unwrap();
}
