//! Formats against each other, over one event.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::envelope::IntoEnvelope;
use crate::event::{DecodeErrorKind, ErrorCategory};
use crate::testing_event::Order;

fn codecs() -> [Codec; 3] {
    [Codec::Native, Codec::cloud_events("orders"), Codec::event_bridge("orders")]
}

fn full() -> Envelope<Order> {
    let mut envelope = Order { order_id: "o-1".to_owned(), amount: 12 }.envelope();
    let metadata = &mut envelope.metadata;
    metadata.id = "event-1".into();
    metadata.occurred_at = Some("2026-01-01T00:00:00.123456789Z".parse().unwrap());
    metadata.source = Some("urn:orders".into());
    metadata.correlation_id = Some("chain".into());
    metadata.causation_id = Some("cause".into());
    metadata.traceparent = Some("00-12345678901234567890123456789012-1234567890123456-01".into());
    metadata.tracestate = Some("a=1".into());
    metadata.tenant_id = Some("tenant".into());
    metadata.user_id = Some("user".into());
    metadata.sender = Some("sender \"x\"".into());
    metadata.to = vec!["a".to_owned(), String::new()];
    metadata.headers.insert("key".to_owned(), "va\nlue".to_owned());
    for (name, value) in [
        ("plain", "\"text\""),
        ("id", "1"),
        ("specversion", "{\"a\":[1]}"),
        ("detail-type", "null"),
        ("detail", "2"),
        ("type", "true"),
        ("subject", "\"s\""),
        ("datacontenttype", "\"none\""),
        ("extensions", "[1.50]"),
    ] {
        metadata.extensions.insert(name.to_owned(), RawValue::from_string(value.to_owned()).unwrap());
    }
    envelope
}

/// Everything of the metadata as one comparable value.
fn view(metadata: &Metadata) -> String {
    let mut metadata = metadata.clone();
    metadata.extensions.remove("dataschema");
    format!("{metadata:?}")
}

#[test]
fn every_format_reads_back_what_it_wrote() {
    for codec in codecs() {
        let envelope = full();
        let message = codec.encode(&envelope).unwrap();
        let received = Codec::decode(message.body().as_bytes().clone()).unwrap();
        assert_eq!(received.format(), codec.format(), "{}", message.body());
        assert_eq!(view(received.metadata()), view(&envelope.metadata), "{}", message.body());
        assert_eq!(received.payload(), r#"{"order_id":"o-1","amount":12}"#);
        assert_eq!(received.decode::<Order>().unwrap(), envelope.payload);
        for other in codecs() {
            let there = other.transcode(&received).unwrap();
            let decoded = Codec::decode(there.body().as_bytes().clone()).unwrap();
            assert_eq!(decoded.format(), other.format());
            assert_eq!(view(decoded.metadata()), view(&envelope.metadata), "{}", there.body());
            assert_eq!(decoded.payload(), received.payload());
        }
    }
}

#[test]
fn native_bodies_hold_what_is_set_and_end_with_the_payload() {
    let mut envelope = Order { order_id: "o-1".to_owned(), amount: 12 }.envelope();
    envelope.metadata.id = "event-1".into();
    envelope.metadata.occurred_at = Some("2026-01-01T00:00:00Z".parse().unwrap());
    let message = Codec::Native.encode(&envelope.with_delay(Duration::from_secs(5))).unwrap();
    assert_eq!(
        message.body().as_ref() as &str,
        r#"{"id":"event-1","payload_type":"Order","version":1,"occurred_at":"2026-01-01T00:00:00Z","partition_key":"o-1","payload":{"order_id":"o-1","amount":12}}"#
    );
    assert_eq!(message.delay(), Some(Duration::from_secs(5)));
}

#[test]
fn cloud_events_carry_the_version_twice_and_the_rest_in_eventmeta() {
    let message = Codec::cloud_events("order service").encode(&full()).unwrap();
    let event: Value = serde_json::from_str(message.body()).unwrap();
    assert_eq!(event["eventversion"], 1);
    assert_eq!(event["dataschema"], "urn:service:order%20service/Order.v1");
    assert_eq!(event["partitionkey"], "o-1");
    let meta: Value = serde_json::from_str(event["eventmeta"].as_str().unwrap()).unwrap();
    assert_eq!(meta["headers"], json!({"key": "va\nlue"}));
    assert_eq!(meta["sender"], "sender \"x\"");
    assert_eq!(event["plain"], "text");
    assert_eq!(event["subject"], "s");
}

#[test]
fn a_forwarded_message_keeps_its_payload_and_its_format() {
    for codec in codecs() {
        let message = codec.encode(&full()).unwrap();
        let forwarded =
            message.clone().with_hops(3).with_header("hop", "2").with_delay(Duration::from_secs(1));
        assert_eq!((forwarded.hops(), forwarded.delay()), (3, Some(Duration::from_secs(1))));
        let received = Codec::decode(forwarded.body().as_bytes().clone()).unwrap();
        assert_eq!(received.metadata().headers["hop"], "2");
        assert_eq!(received.format(), codec.format());
        assert_eq!(received.payload(), message.payload());
        assert_eq!(message.metadata().headers.get("hop"), None);
        assert!(message.with_id("").is_err());
    }
}

#[test]
fn what_nobody_could_read_again_is_not_written() {
    let mut envelope = full();
    envelope.metadata.id = ByteString::new();
    for codec in codecs() {
        assert_eq!(codec.encode(&envelope).unwrap_err().kind(), EncodeErrorKind::Metadata);
        let raw = codec.encode_raw(Metadata::new("x", 1), "{\"a\":", None);
        assert_eq!(raw.unwrap_err().kind(), EncodeErrorKind::Payload);
    }
}

#[test]
fn faults_are_named_by_member_and_never_quoted() {
    let cases = [
        (r#"{"payload_type":"T","payload":{}}"#, "/id"),
        (r#"{"id":"","payload_type":"T","payload":{}}"#, "/id"),
        (r#"{"id":7,"payload_type":"T","payload":{}}"#, "/id"),
        (r#"{"id":"a","id":"secret","payload_type":"T","payload":{}}"#, "/id"),
        (r#"{"id":"a","payload":{}}"#, "/payload_type"),
        (r#"{"id":"a","payload_type":"T"}"#, "/payload"),
        (r#"{"id":"a","payload_type":"T","payload":1,"payload":2}"#, "/payload"),
        (r#"{"id":"a","payload_type":"T","occurred_at":"secret","payload":1}"#, "/occurred_at"),
        (r#"{"id":"a","payload_type":"T","version":"secret","payload":1}"#, "/version"),
        (r#"{"id":"a","payload_type":"T","headers":{"a":"secret","a":""},"payload":1}"#, "/headers"),
        (r#"{"specversion":"1.0","id":"a","type":"T","source":"secret ","data":1}"#, "/source"),
        (r#"{"detail-type":"T","detail":{},"source":"a"}"#, "/id"),
    ];
    for (body, pointer) in cases {
        let error = Codec::decode(Bytes::from_static(body.as_bytes())).unwrap_err();
        assert_eq!(error.kind(), DecodeErrorKind::Malformed, "{body}");
        assert_eq!(error.category(), Some(ErrorCategory::Data), "{body}");
        assert!(error.to_string().contains(&pointer[1..]), "{body}: {error}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{body}: {error:?}");
    }
}

#[test]
fn attributes_repeat_what_brokers_filter_by() {
    let attributes = Codec::Native.encode(&full()).unwrap().attributes();
    let pairs: Vec<_> = attributes.iter().collect();
    assert_eq!(
        pairs,
        [
            ("payload_type", "Order"),
            ("version", "1"),
            ("id", "event-1"),
            ("correlation_id", "chain"),
            ("traceparent", "00-12345678901234567890123456789012-1234567890123456-01"),
        ]
    );
    let odd = full().with_correlation_id("a\u{0}b");
    assert_eq!(Codec::Native.encode(&odd).unwrap().attributes().get("correlation_id"), None);
}

#[test]
fn metadata_are_parts_of_the_body_unless_they_were_escaped() {
    let body = Bytes::from(
        r#"{"id":"e1","payload_type":"x","tenant_id":"a\"b","user_id":"u1","payload":1}"#.to_owned(),
    );
    let message = Codec::decode(body.clone()).unwrap();
    let within = |text: &str| body.as_ptr_range().contains(&text.as_ptr());
    let metadata = message.metadata();
    assert!(within(&metadata.id) && within(&metadata.payload_type));
    assert!(metadata.user_id.as_deref().is_some_and(within));
    assert_eq!(metadata.tenant_id.as_deref(), Some("a\"b"));
    assert!(message.attributes().get("id").is_some_and(within));
}
