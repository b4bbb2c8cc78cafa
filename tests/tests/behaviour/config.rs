//! Configuration: placeholders, and reports by path.

use std::collections::BTreeMap;
use std::time::Duration;

use event_runtime::config::{
    Config, ConfigError, ConfigProblemKind as Kind, ConsumerConfig, Secret, between,
};
use event_runtime::consumer::{OnExhausted, Order};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

mod bundles;

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

    #[test]
    fn any_text_is_read_or_refused(text in "[$\\{\\}env.A:-]{0,24}") {
        let config = Config::from_value(json!({ "key": text }), &environment(&[("A", "one")]));
        if let Err(error) = config.read::<BTreeMap<String, String>>() {
            prop_assert!(!error.problems().is_empty());
        }
    }
}
