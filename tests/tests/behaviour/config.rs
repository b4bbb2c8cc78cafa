//! Configuration: placeholders, reports by path, and transports chosen by name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::config::{
    BundleError, BundleErrorKind, Config, ConfigError, ConfigProblemKind as Kind, ConsumerBundle,
    ConsumerConfig, Inlet, ProducerPoolBundle, Secret, Transport, between,
};
use event_runtime::consumer::{OnExhausted, Order};
use event_runtime::delivery::{Delivery, Lease, Settlement};
use event_runtime::pool::{PoolProblemKind, ProducersPool};
use event_runtime::transport::{BoxFuture, DynProducer, SettleError, SourceError, SourceInfo};
use event_runtime::{IntoEnvelope, PackDescriptor, Source};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::producing::{NOTIFICATION, ORDERS, PAYMENTS, Recorder, order_paid, packs};

#[path = "../../../fuzz/checks/config.rs"]
mod any_bytes;

type Environment = BTreeMap<String, String>;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn config(text: &str) -> Config {
    Config::from_str(text, &environment(&[])).unwrap()
}

/// What a report says, without its words.
fn summary(error: &ConfigError) -> Vec<(Kind, &str)> {
    error.problems().iter().map(|problem| (problem.kind(), problem.path())).collect()
}

#[derive(Debug, PartialEq, Deserialize)]
struct Server {
    host: String,
    #[serde(deserialize_with = "between::<_, _, 1, 65_535>")]
    port: u16,
    #[serde(default)]
    fifo: bool,
    #[serde(default)]
    ratio: Option<f64>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    peers: Vec<Peer>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Strict,
    Lenient,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Peer {
    name: String,
    weight: u8,
}

#[test]
fn a_lone_placeholder_takes_the_type_that_its_reader_asks_for() {
    let environment =
        environment(&[("PORT", "8080"), ("FIFO", "true"), ("RATIO", "0.5"), ("MODE", "lenient")]);
    let text = r#"{
        "host": "${env.PORT}", "port": "${env.PORT}", "fifo": "${env.FIFO}", "ratio": "${env.RATIO}",
        "region": "${env.REGION:-}", "mode": "${env.MODE}"
    }"#;
    let server: Server = Config::from_str(text, &environment).unwrap().read().unwrap();
    assert_eq!((server.host.as_str(), server.port, server.fifo), ("8080", 8080, true));
    assert_eq!((server.ratio, server.region, server.mode), (Some(0.5), None, Mode::Lenient));
}

#[test]
fn text_that_was_written_as_text_stays_text() {
    for port in [r#""8080""#, r#""80${env.EIGHTY}""#] {
        let text = format!(r#"{{ "host": "a", "port": {port} }}"#);
        let config = Config::from_str(&text, &environment(&[("EIGHTY", "80")])).unwrap();
        assert_eq!(summary(&config.read::<Server>().unwrap_err()), [(Kind::WrongType, "port")]);
    }
}

#[test]
fn every_mistake_is_reported_at_once_by_its_path() {
    let text = r#"{
        "host": 1, "port": 70000, "fifo": "yes", "hots": "x", "ratio": "${env.RATIO}", "region": "${env.REGION",
        "mode": "strikt", "fifo": true,
        "peers": [ { "name": "a", "weight": 256 }, { "weight": -1, "nam": "b" }, 5, {} ]
    }"#;
    let error = config(text).read::<Server>().unwrap_err();
    let mut found = summary(&error);
    found.sort_by_key(|(_, path)| path.to_string());
    assert_eq!(
        found,
        [
            (Kind::DuplicateKey, "fifo"),
            (Kind::WrongType, "fifo"),
            (Kind::WrongType, "host"),
            (Kind::UnknownKey, "hots"),
            (Kind::UnknownValue, "mode"),
            (Kind::OutOfRange, "peers[0].weight"),
            (Kind::UnknownKey, "peers[1].nam"),
            (Kind::MissingKey, "peers[1].name"),
            (Kind::OutOfRange, "peers[1].weight"),
            (Kind::WrongType, "peers[2]"),
            (Kind::MissingKey, "peers[3].name"),
            (Kind::MissingKey, "peers[3].weight"),
            (Kind::OutOfRange, "port"),
            (Kind::MissingVariable, "ratio"),
            (Kind::Placeholder, "region"),
        ]
    );
    let nearest: Vec<_> = error.problems().iter().filter_map(|problem| problem.nearest()).collect();
    assert_eq!(nearest, ["host", "strict", "name"]);
}

#[test]
fn missing_keys_of_a_nested_section_are_all_named() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        inner: Server,
        other: Peer,
    }
    let error = config(r#"{ "inner": {}, "other": {} }"#).read::<Outer>().unwrap_err();
    let expected =
        ["inner.host", "inner.port", "other.name", "other.weight"].map(|path| (Kind::MissingKey, path));
    assert_eq!(summary(&error), expected);
}

#[test]
fn what_only_follows_from_a_mistake_is_not_reported() {
    #[derive(Deserialize)]
    struct Raw {
        low: u8,
        high: u8,
    }
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "Raw")]
    struct Span;
    impl TryFrom<Raw> for Span {
        type Error = &'static str;

        fn try_from(raw: Raw) -> Result<Self, &'static str> {
            if raw.low < raw.high { Ok(Self) } else { Err("low is not below high") }
        }
    }
    let read = |text: &str| config(text).read::<BTreeMap<String, Span>>();
    assert!(read(r#"{ "span": { "low": 1, "high": 2 } }"#).is_ok());
    let error = read(r#"{ "span": { "low": 2, "high": 1 } }"#).unwrap_err();
    assert_eq!(summary(&error), [(Kind::Invalid, "span")]);
    let error = read(r#"{ "span": { "low": 2, "high": "x" } }"#).unwrap_err();
    assert_eq!(summary(&error), [(Kind::WrongType, "span.high")]);
}

#[test]
fn what_is_no_json_is_reported_by_line_and_not_quoted() {
    for text in ["", "{", r#"{ "a": hunter2 }"#, "[1, 2", "{\"a\": \"\u{1}\"}"] {
        let error = Config::from_str(text, &environment(&[])).unwrap_err();
        assert_eq!(summary(&error), [(Kind::Syntax, "")]);
        assert!(!error.to_string().contains("hunter2"));
    }
    let empty = Config::from_str(" \n", &environment(&[])).unwrap_err();
    assert!(empty.to_string().contains("empty"), "{empty}");
    let deep = "[".repeat(100_000);
    assert!(Config::from_str(&deep, &environment(&[])).is_err());
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::from_path("no/such/file.json", &environment(&[])).unwrap_err();
    assert_eq!(summary(&error), [(Kind::Unreadable, "")]);
    assert!(error.to_string().contains("no/such/file.json"));
}

#[test]
fn no_report_and_no_debug_output_quotes_a_value() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read and printed")]
    struct Client {
        region: u8,
        key: Secret,
        mode: Mode,
        #[serde(deserialize_with = "between::<_, _, 1, 2>")]
        pin: u8,
    }
    let environment = environment(&[("KEY", "hunter2"), ("PIN", "4711")]);
    let text = r#"{ "region": "${env.KEY}", "key": "${env.KEY}", "kye": "hunter2", "mode": "${env.KEY}", "pin": "${env.PIN}" }"#;
    let config = Config::from_str(text, &environment).unwrap();
    let error = config.read::<Client>().unwrap_err();
    assert_eq!(error.problems().len(), 4);
    let shown = format!("{error} {error:?} {config:?} {:?}", config.section("key"));
    assert!(!shown.contains("hunter2") && !shown.contains("4711"), "{shown}");

    let client: BTreeMap<String, Secret> = self::config(r#"{ "key": "hunter2" }"#).read().unwrap();
    assert!(!format!("{client:?}").contains("hunter2"));
    assert_eq!(client["key"].expose(), "hunter2");
}

#[test]
fn values_from_other_formats_are_read_alike() {
    let value = json!({ "host": "${env.HOST:-local}", "port": 80 });
    let server: Server = Config::from_value(value, &environment(&[])).read().unwrap();
    assert_eq!(server.host, "local");
}

#[test]
fn a_consumer_needs_its_queue_only() {
    let read: ConsumerConfig = config(r#"{ "queue_url": "q" }"#).read().unwrap();
    let settings = read.settings();
    assert_eq!((settings.max_attempts, settings.batch, settings.wait), (6, 10, Duration::from_secs(20)));
    assert_eq!(settings.backoff.base, Duration::from_secs(5));
    assert_eq!((settings.on_exhausted, settings.order), (OnExhausted::DeadLetter, Order::Transport));
    assert!(settings.process_delayed && !settings.without_scope);
}

#[test]
fn a_consumers_values_have_bounds() {
    let text = r#"{
        "queue_url": "q", "max_number_of_messages": 11, "wait_time_seconds": 21, "requeue_max_retries": -1,
        "concurrency": 0, "on_exhausted": "drop", "visibility_timeout_seconds": 43201, "order": "per_key"
    }"#;
    let error = config(text).read::<ConsumerConfig>().unwrap_err();
    let mut found = summary(&error);
    found.sort_by_key(|(_, path)| path.to_string());
    assert_eq!(
        found,
        [
            (Kind::OutOfRange, "concurrency"),
            (Kind::OutOfRange, "max_number_of_messages"),
            (Kind::UnknownValue, "on_exhausted"),
            (Kind::OutOfRange, "requeue_max_retries"),
            (Kind::OutOfRange, "visibility_timeout_seconds"),
            (Kind::OutOfRange, "wait_time_seconds"),
        ]
    );
}

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
const SOURCE_DESIGN: &str = include_str!("../../corpus/config/source_design.json");

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

/// A piece of a text, as it is written and as it reads.
fn piece() -> impl Strategy<Value = (String, String)> {
    let literal = "[a-z }{:.-]{1,8}".prop_map(|text| (text.clone(), text));
    let known = prop::sample::select(vec![("A", "one"), ("B_2", "${env.A}"), ("EMPTY", "")]);
    let variable = (known.clone(), prop::option::of("[a-z:-]{0,5}")).prop_map(|((name, value), default)| {
        let written = match &default {
            Some(default) => format!("${{env.{name}:-{default}}}"),
            None => format!("${{env.{name}}}"),
        };
        let read = if value.is_empty() { default.unwrap_or_default() } else { value.to_owned() };
        (written, read)
    });
    let escaped = Just(("$${".to_owned(), "${".to_owned()));
    prop_oneof![literal, variable, escaped]
}

proptest! {
    #[test]
    fn what_is_written_reads_as_its_pieces_do(pieces in prop::collection::vec(piece(), 0..6)) {
        let written: String = pieces.iter().map(|(written, _)| written.as_str()).collect();
        let expected: String = pieces.iter().map(|(_, read)| read.as_str()).collect();
        let environment = environment(&[("A", "one"), ("B_2", "${env.A}"), ("EMPTY", "")]);
        let read: String = Config::from_value(json!(written), &environment).read().unwrap();
        prop_assert_eq!(read, expected);
    }

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

    #[test]
    fn any_text_is_read_or_refused(text in "[$\\{\\}env.A:-]{0,24}") {
        let config = Config::from_value(json!({ "key": text }), &environment(&[("A", "one")]));
        if let Err(error) = config.read::<BTreeMap<String, String>>() {
            prop_assert!(!error.problems().is_empty());
        }
    }
}
