//! Any metadata and any payload travel in every format; any bytes are read or refused, never a panic.

use std::collections::BTreeMap;

use event_runtime::envelope::WireFormat;
use event_runtime::{ByteString, Codec, Metadata};
use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::check::check;

/// Names that mean something in one of the formats.
const NAMES: [&str; 20] = [
    "id",
    "type",
    "specversion",
    "detail",
    "detail-type",
    "payload",
    "payload_type",
    "to",
    "headers",
    "extensions",
    "subject",
    "datacontenttype",
    "dataschema",
    "data",
    "data_base64",
    "eventmeta",
    "eventversion",
    "account",
    "time",
    "",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn extensions() -> impl Strategy<Value = BTreeMap<String, Box<RawValue>>> {
    let name = prop_oneof![
        prop::sample::select(&NAMES[..]).prop_map(str::to_owned),
        any::<String>(),
        "[a-z0-9]{1,8}"
    ];
    btree_map(name, json().prop_map(|value| to_raw_value(&value).unwrap()), 0..6)
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let text = || option::of(any::<String>().prop_map(ByteString::from));
    // From the year 0 to the end of time.
    let moment = (-62_167_219_200i64..=253_402_207_199, 0..1_000_000_000i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap());
    let wire = (".+", ".+", 1..=u32::MAX, option::of(moment), text());
    let chain = (text(), text(), text(), text(), text(), text(), text(), text());
    let rest = (vec(any::<String>(), 0..3), btree_map(any::<String>(), any::<String>(), 0..4), extensions());
    (wire, chain, rest).prop_map(|(wire, chain, rest)| {
        let mut metadata = Metadata::new(wire.1, wire.2);
        (metadata.id, metadata.occurred_at, metadata.source) = (wire.0.into(), wire.3, wire.4);
        (metadata.correlation_id, metadata.causation_id, metadata.traceparent) = (chain.0, chain.1, chain.2);
        (metadata.tracestate, metadata.partition_key, metadata.tenant_id) = (chain.3, chain.4, chain.5);
        (metadata.user_id, metadata.sender) = (chain.6, chain.7);
        (metadata.to, metadata.headers, metadata.extensions) = rest;
        metadata
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_format_reads_what_it_wrote(metadata in metadata(), payload in json()) {
        let payload = payload.to_string();
        for &format in WireFormat::ALL {
            let sent = Codec::new(format, "a service").encode_raw(metadata.clone(), &payload, None).unwrap();
            let received = Codec::decode(sent.body().as_bytes().clone()).unwrap();
            prop_assert_eq!(received.format(), format);
            prop_assert_eq!(received.metadata(), sent.metadata(), "{}", sent.body());
            prop_assert_eq!(received.payload(), &payload, "{}", sent.body());
            // What was set is still what was set; only the source and the schema's name are filled in.
            let mut read = received.metadata().clone();
            read.source.clone_from(&metadata.source);
            read.extensions.clone_from(&metadata.extensions);
            prop_assert_eq!(&read, &metadata);
            check(sent.body().as_bytes());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn bodies_with_wrong_bytes_are_read_or_refused(
        metadata in metadata(),
        payload in json(),
        format in prop::sample::select(WireFormat::ALL),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        let sent = Codec::new(format, "a service").encode_raw(metadata, &payload.to_string(), None).unwrap();
        let mut bytes = sent.body().as_bytes().to_vec();
        for (index, byte, change) in changes {
            let index = index.index(bytes.len());
            match change {
                0 => bytes[index] = byte,
                1 => bytes.insert(index, byte),
                _ => drop(bytes.remove(index)),
            }
        }
        check(&bytes);
    }
}
