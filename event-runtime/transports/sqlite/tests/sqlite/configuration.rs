//! Queue files by configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use event_runtime::Clock;
use event_runtime::config::{Config, ConfigProblemKind, ConsumerBundle};
use event_runtime::embedded::{Capacity, QueueSettings};
use event_transport_sqlite::{SqliteConfig, SqliteTransport};
use serde_json::json;

use super::fixture::{Folder, builder, message};

fn config(value: &serde_json::Value) -> Config {
    Config::from_str(&value.to_string(), &BTreeMap::new()).unwrap()
}

fn open(section: serde_json::Value) -> Result<SqliteTransport, Vec<(String, ConfigProblemKind)>> {
    let config = config(&json!({ "sqlite": section }));
    SqliteTransport::from_config(&config.require("sqlite").unwrap(), Clock::system()).map_err(|error| {
        error.problems().iter().map(|problem| (problem.path().to_owned(), problem.kind())).collect()
    })
}

fn places(section: serde_json::Value) -> Vec<String> {
    open(section).unwrap_err().into_iter().map(|(place, _)| place).collect()
}

#[test]
fn every_mistake_of_the_section_is_reported_at_its_place() {
    let folder = Folder::new();
    let queues = json!([
        { "name": "a", "visibility_timeout_seconds": 50_000, "content_based_deduplication": true },
        { "name": "a" },
        { "name": "b", "redrive": { "dead_letter_queue": "c", "max_receive_count": 3 } },
    ]);
    let found = places(json!({ "path": folder.file(), "poll_interval_milliseconds": 0, "queues": queues }));
    assert_eq!(
        found,
        [
            "sqlite.poll_interval_milliseconds",
            "sqlite.queues[0].content_based_deduplication",
            "sqlite.queues[0].visibility_timeout_seconds",
            "sqlite.queues[1].name",
            "sqlite.queues[2].redrive.dead_letter_queue",
        ]
    );
    assert!(!folder.file().exists(), "a wrong section makes no file");
    assert_eq!(places(json!({ "path": "" })), ["sqlite.path"]);
    assert_eq!(places(json!({ "path": folder.file().join("below") })), ["sqlite.path"]);
    let names = json!([{ "name": "x.fifo" }, { "name": "y" }]);
    assert_eq!(places(json!({ "path": folder.file(), "queues": names })), ["sqlite.queues[0].name"]);
}

#[tokio::test]
async fn a_start_brings_the_queues_to_what_the_configuration_says() {
    let folder = Folder::new();
    let dead = json!({ "name": "dead" });
    let first = json!([{ "name": "q", "delay_seconds": 5,
        "redrive": { "dead_letter_queue": "dead", "max_receive_count": 3 } }, dead]);
    let transport = open(json!({ "path": folder.file(), "queues": first })).unwrap();
    transport.broker().queue("q").await.unwrap().send(message("kept")).await.unwrap();
    drop(transport);

    let second = json!([{ "name": "q", "visibility_timeout_seconds": 7 }]);
    let transport = open(json!({ "path": folder.file(), "max_messages": 1, "queues": second })).unwrap();
    let queue = transport.broker().queue("q").await.unwrap();
    let attributes = queue.attributes().await.unwrap();
    assert_eq!((attributes.visibility_timeout, attributes.delay), (Duration::from_secs(7), Duration::ZERO));
    assert!(attributes.redrive.is_none());
    assert_eq!(queue.counts().await.unwrap().delayed, 1);
    assert!(queue.try_send(message("no room")).await.is_err());
    assert_eq!(transport.broker().queue_names("").await.unwrap(), ["dead", "q"]);
}

#[tokio::test]
async fn the_queues_of_an_embedded_section_can_be_kept_in_a_file() {
    let folder = Folder::new();
    let value = json!({ "embedded": { "max_messages": 1, "queues": [{ "name": "q", "delay_seconds": 5 }] } });
    let section = config(&value).require("embedded").unwrap();
    let kept = SqliteConfig::from_embedded(folder.file(), section.read().unwrap());
    let broker = kept.builder().open().unwrap();
    kept.declare(&section, &broker).unwrap();
    let queue = broker.queue("q").await.unwrap();
    queue.send(message("delayed")).await.unwrap();
    assert_eq!(queue.counts().await.unwrap().delayed, 1);
    assert!(queue.try_send(message("no room")).await.is_err());

    let value = json!({ "embedded": { "queues": [{ "name": "q", "fifo": true }] } });
    let section = config(&value).require("embedded").unwrap();
    let other = SqliteConfig::from_embedded(folder.file(), section.read().unwrap());
    other.check(&section).unwrap();
    let error = other.declare(&section, &broker).unwrap_err();
    assert_eq!(error.problems()[0].path(), "embedded.queues[0].name");
}

#[tokio::test]
async fn a_bundle_names_the_queue_it_does_not_find() {
    let folder = Folder::new();
    let broker = builder(&folder.file()).capacity(Capacity::default()).open().unwrap();
    broker.create_queue("orders", QueueSettings::new()).await.unwrap();
    let transport = SqliteTransport::new(broker);
    let bundle = |queue: &str| {
        config(&json!({ "sqlite_consumer_bundle": { "sqlite_consumer_configuration": {
            "queue_url": queue, "on_exhausted": "discard" } } }))
    };
    assert_eq!(
        ConsumerBundle::from_config(&bundle("orders"), &[&transport]).await.unwrap().transport,
        "sqlite"
    );
    let error = ConsumerBundle::from_config(&bundle("order"), &[&transport]).await.unwrap_err();
    assert!(format!("{error:?} {error}").contains("did you mean `orders`"), "{error:?}");
}
