//! What a `main` shows that returns an error of set-up: every mistake at once, readable, in the order of the file.

use std::collections::BTreeMap;
use std::error::Error;

use event_runtime::PackDescriptor;
use event_runtime::config::{BundleError, BundleErrorKind, Config, ConfigProblemKind as Kind};
use event_runtime::embedded::EmbeddedTransport;
use event_runtime::pool::{EmitError, PoolProblemKind};
use event_runtime::prelude::*;
use event_runtime::transport::{ProduceError, ProduceErrorKind};

use super::producing::{Fault, OrderPaid, Recorder, order_paid, packs};

type Environment = BTreeMap<String, String>;

fn config(text: &str) -> Config {
    Config::from_str(text, &Environment::new()).unwrap()
}

fn embedded(queues: &str) -> EmbeddedTransport {
    let config = config(&format!(r#"{{ "embedded": {{ "queues": {queues} }} }}"#));
    EmbeddedTransport::from_config(&config.require("embedded").unwrap(), Clock::system()).unwrap()
}

/// A pool with a queue that is missing and rules that name nobody, beside a consumer whose queue is missing too.
const WRONG: &str = r#"{
    "embedded_consumer_bundle": { "embedded_consumer_configuration": { "queue_url": "nowhere" } },
    "embedded_producer_pool_bundle": {
        "embedded_producer_configurations": [ { "producer_id": "orders", "queue_url": "absent" } ],
        "producer_pool": { "producer_pool_id": "main", "supported_packs": { "ordres": ["Orders"] } } } }"#;

async fn on_orders(_: Message) {}

/// The README's first configuration builds what its code asks for. That the code compiles is a doctest of this package.
#[tokio::test]
async fn the_readmes_configuration_starts() {
    static SHOP: PackDescriptor =
        PackDescriptor { name: "ShopMessagePack", description: "", events: &[OrderPaid::DESCRIPTOR] };
    let readme = include_str!("../../../README.md").replace("\r\n", "\n");
    let (_, text) = readme.split_once("```json\n").unwrap();
    let config = config(text.split_once("```").unwrap().0);
    let embedded =
        EmbeddedTransport::from_config(&config.require("embedded").unwrap(), Clock::system()).unwrap();
    let pool = ProducerPoolBundle::from_config(&config, [&SHOP], &[&embedded]).await.unwrap().pool;
    ConsumerBundle::from_config(&config, &[&embedded]).await.unwrap();
    order_paid("1").envelope().emit_to(&pool).await.unwrap();
    assert_eq!(embedded.broker().queue("orders.fifo").unwrap().counts().unwrap().visible, 1);
}

#[tokio::test]
async fn one_check_reports_every_bundle_every_stage_and_the_router() {
    let (config, embedded) = (config(WRONG), embedded("[]"));
    let pool = ProducerPoolBundle::from_config(&config, packs(), &[&embedded]).await;
    let consumer = ConsumerBundle::from_config(&config, &[&embedded]).await;
    let router = MessageRouter::new().on_type("order.paid", on_orders).on_type("order.paid", on_orders);
    let bundles = BundleError::both(pool, consumer);
    let error = BundleError::both(bundles, ConsumerBundle::check_routes(&router)).unwrap_err();

    assert_eq!(error.kind(), BundleErrorKind::Config);
    let paths: Vec<_> = error.config().unwrap().problems().iter().map(|problem| problem.path()).collect();
    assert_eq!(
        paths,
        [
            "embedded_consumer_bundle.embedded_consumer_configuration.queue_url",
            "embedded_producer_pool_bundle.embedded_producer_configurations[0].queue_url",
        ],
        "in the order of the file, whatever was checked first"
    );
    let rules: Vec<_> = error.pool().unwrap().problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(rules, [PoolProblemKind::UnknownProducer, PoolProblemKind::NoRules]);
    assert_eq!(error.routes().len(), 1);

    let error: Box<dyn Error> = Box::new(error);
    for shown in [format!("{error}"), format!("{error:?}")] {
        for mistake in ["embedded_consumer_bundle", "configurations[0]", "ordres", "order.paid"] {
            assert!(shown.contains(mistake), "no {mistake:?} in:\n{shown}");
        }
        assert_eq!(shown.lines().count(), 3 + 3 + 2, "a line each, and one for each report:\n{shown}");
        assert!(!shown.contains("ConfigProblem") && !shown.contains("\\n"), "no Rust in it:\n{shown}");
    }
}

#[tokio::test]
async fn rules_are_checked_beside_a_variable_that_is_missing() {
    let text = WRONG.replace(r#""queue_url": "absent""#, r#""queue_url": "${env.QUEUE}""#);
    let error =
        ProducerPoolBundle::from_config(&config(&text), packs(), &[&embedded("[]")]).await.unwrap_err();
    let kinds: Vec<_> = error.config().unwrap().problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [Kind::MissingVariable]);
    assert_eq!(error.pools().len(), 1);
}

#[tokio::test]
async fn all_consumers_are_built_or_all_their_mistakes_reported() {
    let config = config(
        r#"{ "a": { "embedded_consumer_bundle": { "embedded_consumer_configuration": { "queue_url": "x" } } },
             "b": { "embedded_consumer_bundle": { "embedded_consumer_configuration": { "queue": "x" } } } }"#,
    );
    let embedded = embedded("[]");
    let mut bundles = Vec::new();
    for section in ["a", "b"] {
        bundles.push(ConsumerBundle::from_config(&config.require(section).unwrap(), &[&embedded]).await);
    }
    let error = BundleError::all(bundles).unwrap_err();
    let kinds: Vec<_> = error.config().unwrap().problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds.len(), 3, "{error}");
    assert_eq!(kinds[1..], [Kind::UnknownKey, Kind::MissingKey]);
}

#[test]
fn a_value_of_the_wrong_type_names_shape_range_and_variable() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Server {
        port: u16,
        #[serde(deserialize_with = "event_runtime::config::between::<_, _, 0, 20>")]
        wait: u64,
        #[serde(default, deserialize_with = "event_runtime::config::optional_between::<_, _, 1, 9>")]
        level: Option<u8>,
        name: String,
    }
    let environment =
        Environment::from([("PORT".to_owned(), "http".to_owned()), ("WAIT".to_owned(), "21".to_owned())]);
    let text = r#"{ "level": "high", "port": "${env.PORT}", "wait": "${env.WAIT}", "name": 5 }"#;
    let error = Config::from_str(text, &environment).unwrap().read::<Server>().unwrap_err();
    let found: Vec<_> = error.problems().iter().map(|problem| (problem.kind(), problem.path())).collect();
    assert_eq!(
        found,
        [
            (Kind::WrongType, "level"),
            (Kind::WrongType, "port"),
            (Kind::OutOfRange, "wait"),
            (Kind::WrongType, "name")
        ]
    );
    let shown = error.to_string();
    for part in ["from 1 to 9", "`PORT`", "from 0 to 65535", "`WAIT`", "from 0 to 20", "a text belongs"] {
        assert!(shown.contains(part), "no {part:?} in:\n{shown}");
    }
    assert!(!shown.contains("u16") && !shown.contains("http") && !shown.contains("21"), "{shown}");
}

#[tokio::test]
async fn a_transport_that_is_not_handed_over_names_its_crate() {
    let text = r#"{ "sqs_consumer_bundle": {}, "kafak_consumer_bundle": {} }"#;
    let error = ConsumerBundle::from_config(&config(text), &[&embedded("[]")]).await.unwrap_err();
    let shown = error.to_string();
    assert!(shown.contains("`event-transport-sqs`") && shown.contains("SqsTransport"), "{shown}");
    assert!(shown.contains("kafak_consumer_bundle") && shown.contains("`embedded`"), "{shown}");
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    let config = Config::from_str("\u{FEFF}{ \"a\": 1 }", &Environment::new()).unwrap();
    assert_eq!(config.keys().collect::<Vec<_>>(), ["a"]);
}

#[tokio::test]
async fn a_configuration_that_is_no_object_says_so() {
    let error = ConsumerBundle::from_config(&config("[]"), &[&embedded("[]")]).await.unwrap_err();
    let kinds: Vec<_> = error.config().unwrap().problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds, [Kind::WrongType]);
}

#[tokio::test]
async fn an_emit_that_failed_shows_its_causes_and_every_producer() {
    let failing = |id| Recorder::new(id).with_faults([Fault::Error(ProduceErrorKind::Refused)]);
    let pool = ProducersPool::builder("main")
        .packs(packs())
        .producer(failing("down"))
        .producer(failing("full"))
        .route_types("down", ["*"])
        .route_types("full", ["*"])
        .build()
        .unwrap();
    let error: EmitError = order_paid("1").envelope().emit_to(&pool).await.unwrap_err();
    let shown = format!("{error:?}");
    assert_eq!(shown.lines().count(), 3, "{shown}");
    assert!(shown.contains("`down`: Refused") && shown.contains("`full`: Refused"), "{shown}");

    let invalid = order_paid("").envelope().emit_to(&pool).await.unwrap_err();
    let shown = format!("{invalid:?}");
    assert!(shown.starts_with("Invalid: ") && shown.contains("because: "), "{shown}");

    let cause =
        ProduceError::new(ProduceErrorKind::TooLarge, "over the limit").with_source("1 byte too many");
    assert_eq!(format!("{cause:?}"), "TooLarge: over the limit\n  because: 1 byte too many");
}
