//! Transports and bundles chosen by name, the source design's configuration before all.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::config::{
    BundleError, BundleErrorKind, Config, ConfigError, ConfigProblemKind as Kind, ConsumerBundle,
    ConsumerConfig, Inlet, ProducerPoolBundle, Secret, Transport,
};
use event_runtime::delivery::{Delivery, Lease, Settlement};
use event_runtime::pool::{PoolProblemKind, ProducersPool};
use event_runtime::transport::{BoxFuture, DynProducer, SettleError, SourceError, SourceInfo};
use event_runtime::{IntoEnvelope, PackDescriptor, Source};
use proptest::prelude::*;
use serde::Deserialize;

use super::{Environment, config, environment, summary};
use crate::behaviour::producing::{NOTIFICATION, ORDERS, PAYMENTS, Recorder, order_paid, packs};

#[path = "../../../../fuzz/checks/config.rs"]
mod any_bytes;

/// A transport of recorders and of a source that is never asked.
struct Fake {
    name: &'static str,
    built: Mutex<Vec<Recorder>>,
}

#[derive(Deserialize)]
struct FakeClient {
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "only read")]
    endpoint_url: Option<String>,
    #[serde(default)]
    access_key_id: Option<Secret>,
    #[serde(default)]
    #[expect(dead_code, reason = "only read")]
    secret_access_key: Option<Secret>,
}

#[derive(Deserialize)]
struct FakeProducer {
    producer_id: String,
    #[expect(dead_code, reason = "only read")]
    queue_url: String,
    #[serde(default)]
    is_fifo: bool,
}

struct Silent;

impl Source for Silent {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        std::future::pending().await
    }

    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Delivery>, SourceError> {
        std::future::pending().await
    }

    async fn settle(&self, _: &[Settlement]) -> Vec<Result<(), SettleError>> {
        Vec::new()
    }

    async fn extend(&self, _: &[Lease], _: Duration) -> Vec<Result<(), SettleError>> {
        Vec::new()
    }
}

impl Fake {
    fn new(name: &'static str) -> Self {
        Self { name, built: Mutex::default() }
    }
}

impl Transport for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn producers<'a>(
        &'a self,
        client: &'a Config,
        configurations: &'a [Config],
    ) -> BoxFuture<'a, Result<Vec<Arc<dyn DynProducer>>, BundleError>> {
        Box::pin(async move {
            let mut producers = Ok(Vec::new());
            for section in configurations {
                let read = section.read::<FakeProducer>();
                producers = ConfigError::both(producers, read).map(|(mut producers, read)| {
                    producers.push(read);
                    producers
                });
            }
            let (client, producers) = ConfigError::both(client.read::<FakeClient>(), producers)?;
            if client.region.is_none() && client.access_key_id.is_some() {
                return Err(BundleError::transport("no region", "the client needs one"));
            }
            let recorders = producers.into_iter().map(|read| {
                if read.is_fifo {
                    Recorder::ordered(&read.producer_id, None)
                } else {
                    Recorder::new(&read.producer_id)
                }
            });
            let mut built = self.built.lock().unwrap();
            built.extend(recorders);
            Ok(built.iter().map(|recorder| Arc::new(recorder.clone()) as Arc<dyn DynProducer>).collect())
        })
    }

    fn inlet<'a>(
        &'a self,
        client: &'a Config,
        configuration: &'a ConsumerConfig,
        section: &'a Config,
    ) -> BoxFuture<'a, Result<Inlet, BundleError>> {
        Box::pin(async move {
            client.read::<FakeClient>()?;
            if configuration.queue_url.is_empty() {
                return Err(section.invalid("queue_url", "the queue has no name").into());
            }
            Ok(Inlet { source: Arc::new(Silent), dead_letters: None })
        })
    }
}

/// The source design's configuration, as it stands there.
const SOURCE_DESIGN: &str = include_str!("../../../corpus/config/source_design.json");

fn aws() -> Environment {
    environment(&[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hunter2")])
}

/// The packs that its rules name, with the events that they name.
fn design_packs() -> [&'static PackDescriptor; 2] {
    [&NOTIFICATION, &PAYMENTS]
}

#[tokio::test]
async fn the_source_designs_configuration_works_as_it_stands() {
    let (sqs, embedded) = (Fake::new("sqs"), Fake::new("embedded"));
    let config = Config::from_str(SOURCE_DESIGN, &aws()).unwrap();
    let bundle = ProducerPoolBundle::from_config(&config, design_packs(), &[&embedded, &sqs]).await.unwrap();
    assert_eq!((bundle.transport.as_str(), bundle.pool.id()), ("sqs", "main-producer-pool"));
    let route = |payload_type: &str| -> Vec<String> {
        bundle.pool.route(payload_type).iter().map(|route| route.producer.to_string()).collect()
    };
    assert_eq!(route("GenericPushNotificationEvent"), ["notifications_producer", "payments_producer"]);
    assert_eq!(route("WalletSubscriptionCreatedEvent"), ["payments_producer"]);

    let bundle = ConsumerBundle::from_config(&config, &[&embedded, &sqs]).await.unwrap();
    assert_eq!(bundle.transport, "sqs");
    assert_eq!(bundle.configuration.settings().max_attempts, 6);
}

#[tokio::test]
async fn another_transport_is_another_first_word() {
    let text = SOURCE_DESIGN.replace("sqs_", "embedded_");
    let config = Config::from_str(&text, &aws()).unwrap();
    let (sqs, embedded) = (Fake::new("sqs"), Fake::new("embedded"));
    let bundle = ProducerPoolBundle::from_config(&config, design_packs(), &[&sqs, &embedded]).await.unwrap();
    assert_eq!(bundle.transport, "embedded");
}

const POOL: &str = r#"{ "fake_producer_pool_bundle": {
    "fake_producer_configurations": [ { "producer_id": "orders", "queue_url": "orders" } ],
    "producer_pool": { "producer_pool_id": "main", "supported_packs": { "orders": ["Orders"] } } } }"#;

#[tokio::test]
async fn a_pool_from_configuration_emits() {
    let fake = Fake::new("fake");
    let bundle = ProducerPoolBundle::from_config(&config(POOL), [&ORDERS], &[&fake]).await.unwrap();
    order_paid("1").envelope().with_id("e1").emit_to(&bundle.pool).await.unwrap();
    assert_eq!(fake.built.lock().unwrap()[0].taken_ids(), ["e1"]);
}

#[tokio::test]
async fn all_sections_of_a_bundle_are_checked_together() {
    let text = r#"{ "fake_producer_pool_bundle": {
        "fake_producer_client": { "regoin": "x" },
        "fake_producer_configurations": [ { "producer_id": 1, "queue_url": "q" }, { "queue_url": "q" } ],
        "producer_pools": {},
        "producer_pool": { "producer_pool_id": "main", "supported_pack": {} } } }"#;
    let fake = Fake::new("fake");
    let error = ProducerPoolBundle::from_config(&config(text), packs(), &[&fake]).await.unwrap_err();
    assert_eq!(error.kind(), BundleErrorKind::Config);
    let mut found = summary(error.config().unwrap());
    found.sort_by_key(|(_, path)| path.to_string());
    let bundle = "fake_producer_pool_bundle";
    let expected = [
        (Kind::UnknownKey, format!("{bundle}.fake_producer_client.regoin")),
        (Kind::WrongType, format!("{bundle}.fake_producer_configurations[0].producer_id")),
        (Kind::MissingKey, format!("{bundle}.fake_producer_configurations[1].producer_id")),
        (Kind::UnknownKey, format!("{bundle}.producer_pool.supported_pack")),
        (Kind::UnknownKey, format!("{bundle}.producer_pools")),
    ];
    assert_eq!(found, expected.each_ref().map(|(kind, path)| (*kind, path.as_str())));
}

#[tokio::test]
async fn unknown_names_in_the_rules_are_the_pools_report() {
    let text = POOL.replace(r#""orders": ["Orders"]"#, r#""order": ["Order"]"#);
    let fake = Fake::new("fake");
    let error = ProducerPoolBundle::from_config(&config(&text), packs(), &[&fake]).await.unwrap_err();
    assert_eq!(error.kind(), BundleErrorKind::Pool);
    let kinds: Vec<_> = error.pool().unwrap().problems().iter().map(|problem| problem.kind()).collect();
    let expected = [PoolProblemKind::UnknownPack, PoolProblemKind::UnknownProducer, PoolProblemKind::NoRules];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn a_bundle_is_chosen_by_exactly_one_known_name() {
    let (fake, other) = (Fake::new("fake"), Fake::new("other"));
    let choose = async |text: &str| {
        let error = ConsumerBundle::from_config(&config(text), &[&fake, &other]).await.unwrap_err();
        let problems = error.config().unwrap().problems();
        problems.iter().map(|problem| (problem.kind(), problem.path().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(choose("{}").await, [(Kind::MissingKey, String::new())]);
    assert_eq!(choose(r#"{ "fake_consumer_bundel": {} }"#).await, [(Kind::MissingKey, String::new())]);
    assert_eq!(
        choose(r#"{ "kafka_consumer_bundle": {} }"#).await,
        [(Kind::UnknownKey, "kafka_consumer_bundle".to_owned())]
    );
    assert_eq!(
        choose(r#"{ "fake_consumer_bundle": {}, "other_consumer_bundle": {} }"#).await,
        [(Kind::Invalid, "other_consumer_bundle".to_owned())]
    );
}

#[tokio::test]
async fn a_section_holds_a_bundle_of_its_own() {
    let text =
        r#"{ "orders": { "fake_consumer_bundle": { "fake_consumer_configuration": { "queue_url": "" } } } }"#;
    let section = config(text).require("orders").unwrap();
    let error = ConsumerBundle::from_config(&section, &[&Fake::new("fake")]).await.unwrap_err();
    let path = "orders.fake_consumer_bundle.fake_consumer_configuration.queue_url";
    assert_eq!(summary(error.config().unwrap()), [(Kind::Invalid, path)]);
}

#[tokio::test]
async fn a_builder_brings_what_configuration_cannot_say() {
    let fake = Fake::new("fake");
    let builder = ProducersPool::builder("").packs(packs()).async_capacity(1);
    let bundle = ProducerPoolBundle::from_config_with(&config(POOL), builder, &[&fake]).await.unwrap();
    assert_eq!(bundle.pool.id(), "main");
}

/// Whatever stands in the corpus is read or refused, never more.
#[tokio::test]
async fn the_corpus_is_read_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/config");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        any_bytes::check(&bytes);
        build(&String::from_utf8_lossy(&bytes)).await;
        files += 1;
    }
    assert!(files > 10);
}

async fn build(text: &str) {
    let Ok(config) = Config::from_str(text, &aws()) else { return };
    let sqs = Fake::new("sqs");
    let pool = ProducerPoolBundle::from_config(&config, design_packs(), &[&sqs]).await;
    let consumer = ConsumerBundle::from_config(&config, &[&sqs]).await;
    for error in [pool.err(), consumer.err()].into_iter().flatten() {
        assert!(error.config().is_none_or(|error| !error.problems().is_empty()));
        assert!(error.pool().is_none_or(|error| !error.problems().is_empty()));
    }
}

proptest! {
    /// The corpus with bytes changed, dropped and doubled: what a fuzzer would try first.
    #[test]
    fn the_source_designs_configuration_mutated_is_read_or_refused(
        edits in prop::collection::vec((0..SOURCE_DESIGN.len(), any::<u8>(), 0..3), 1..12),
    ) {
        let mut bytes = SOURCE_DESIGN.as_bytes().to_vec();
        for (place, byte, edit) in edits {
            let place = place.min(bytes.len().saturating_sub(1));
            match edit {
                0 => bytes[place] = byte,
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, b"\"${}[]:,-0"[usize::from(byte) % 10]),
            }
        }
        any_bytes::check(&bytes);
    }
}
