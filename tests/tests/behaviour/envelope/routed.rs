//! A message that is only routed: its payload is found and left alone.

use std::time::Duration;

use bytes::Bytes;
use event_runtime::{Codec, Metadata};

/// Spaces, key order and number spellings that a parser would change.
const PAYLOAD: &str = "{ \"b\" : 1.0e2,\n\t\"a\":\"\\u0041\" }";

#[test]
fn a_payload_travels_to_the_byte() {
    let body = format!("{{\"payload\" : {PAYLOAD} ,\"id\":\"1\",\"payload_type\":\"T\"}}");
    let message = Codec::decode(Bytes::from(body)).unwrap();
    assert_eq!(message.payload(), PAYLOAD);
    let forwarded = message.with_header("hop", "1").with_delay(Duration::from_secs(9));
    assert_eq!(forwarded.payload(), PAYLOAD);
    assert!(forwarded.body().ends_with(&format!("\"payload\":{PAYLOAD}}}")));
    assert_eq!(forwarded.delay(), Some(Duration::from_secs(9)));
}

#[test]
fn a_message_that_is_in_the_format_already_is_not_written_again() {
    let body = "{ \"id\":\"1\", \"payload_type\":\"T\", \"payload\":{} }";
    let message = Codec::decode(Bytes::from(body)).unwrap();
    assert_eq!(Codec::Native.transcode(&message).unwrap().body(), body);
}

#[test]
fn unknown_metadata_travels_on() {
    let body = r#"{"id":"1","payload_type":"T","future":{"a":[1.50]},"payload":{}}"#;
    let message = Codec::decode(Bytes::from(body)).unwrap();
    assert_eq!(message.metadata().extension("future"), Some(r#"{"a":[1.50]}"#));
    let forwarded = message.with_id("2").unwrap();
    assert!(forwarded.body().contains(r#""future":{"a":[1.50]}"#));
}

#[test]
fn an_event_that_passed_through_eventbridge_keeps_its_own_id_and_moment() {
    let mut metadata = Metadata::new("orders.order.paid", 2);
    metadata.occurred_at = Some("2026-01-01T00:00:00.5Z".parse().unwrap());
    metadata.correlation_id = Some("chain".into());
    let sent = Codec::event_bridge("orders").encode_raw(metadata, "{\"a\":1}", None).unwrap();
    // What the service does: an id of its own, whole seconds, an account and a region.
    let mut delivered: serde_json::Value = serde_json::from_str(sent.body()).unwrap();
    delivered["id"] = "6a7e8feb-b491-4cf7-a9f1-bf3703467718".into();
    delivered["time"] = "2026-01-01T00:00:00Z".into();
    delivered["account"] = "111122223333".into();
    delivered["region"] = "us-east-1".into();
    let received = Codec::decode(Bytes::from(delivered.to_string())).unwrap();
    let mut read = received.metadata().clone();
    let added = read.extensions.remove("eventbridge").unwrap();
    assert_eq!(&read, sent.metadata());
    assert_eq!(
        added.get(),
        r#"{"account":"111122223333","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","region":"us-east-1"}"#
    );
    let again: serde_json::Value = serde_json::from_str(received.with_header("a", "b").body()).unwrap();
    assert_eq!(again["id"], delivered["id"]);
    assert_eq!(again["account"], "111122223333");
}

#[test]
fn the_version_is_eventversion_else_the_end_of_dataschema_else_one() {
    let version = |members: &str| {
        let body = format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"T"{members}}}"#);
        Codec::decode(Bytes::from(body)).unwrap().metadata().version
    };
    assert_eq!(version(""), 1);
    assert_eq!(version(r#","dataschema":"https://a/T.v3""#), 3);
    assert_eq!(version(r#","dataschema":"https://a/T.v3","eventversion":4"#), 4);
    assert_eq!(version(r#","eventversion":"5""#), 5);
    for other in ["https://a/T.v", "https://a/T.v03", "https://a/T.v3.json", "https://a/T.v99999999999"] {
        assert_eq!(version(&format!(r#","dataschema":"{other}""#)), 1, "{other}");
    }
}

#[test]
fn binary_data_stays_base64() {
    let body = r#"{"specversion":"1.0","id":"1","source":"/","type":"T","datacontenttype":"image/png","data_base64":"iVBORw=="}"#;
    let message = Codec::decode(Bytes::from(body)).unwrap();
    assert_eq!(message.payload(), "\"iVBORw==\"");
    let native = Codec::Native.transcode(&message).unwrap();
    let back = Codec::cloud_events("s").transcode(&native).unwrap();
    assert!(back.body().ends_with(r#","data_base64":"iVBORw=="}"#), "{}", back.body());
    assert!(!back.body().contains("eventmeta"), "{}", back.body());
}
