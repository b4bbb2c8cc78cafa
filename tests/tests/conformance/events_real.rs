//! Real payloads of AWS services and of GitHub: decoded, encoded, equal.

use bytes::Bytes;
use event_runtime::envelope::WireFormat;
use event_runtime::{Codec, Message, Metadata};
use serde_json::{Value, json};

use super::data::{cases, load};

fn decode(value: &Value) -> Message {
    Codec::decode(Bytes::from(value.to_string())).unwrap()
}

fn body(message: &Message) -> Value {
    serde_json::from_str(message.body()).unwrap()
}

fn payload(message: &Message) -> Value {
    serde_json::from_str(message.payload()).unwrap()
}

/// The payload travels in every format, and from each into every other, unchanged to the byte.
fn round_trip(id: &str, payload_type: &str, payload: &Value) {
    let text = payload.to_string();
    for &format in WireFormat::ALL {
        let metadata = Metadata::new(payload_type.to_owned(), 1);
        let sent = Codec::new(format, "conformance").encode_raw(metadata, &text, None).unwrap();
        let received = Codec::decode(sent.body().as_bytes().clone()).unwrap();
        assert_eq!(received.format(), format, "{id}");
        assert_eq!(received.payload(), text, "{id}");
        assert_eq!(received.metadata(), sent.metadata(), "{id}");
        for &other in WireFormat::ALL {
            let there = Codec::new(other, "conformance").transcode(&received).unwrap();
            let back = Codec::decode(there.body().as_bytes().clone()).unwrap();
            assert_eq!((back.format(), back.payload()), (other, text.as_str()), "{id}");
        }
    }
}

#[test]
fn payloads_of_aws_services_survive_every_format() {
    let Some(data) = load("events-real/aws_events.json") else { return };
    for (id, case) in cases(&data, "events") {
        round_trip(id, "aws.lambda.event", &case["payload"]);
    }
}

#[test]
fn payloads_of_github_survive_every_format() {
    let Some(data) = load("events-real/github_payloads.json") else { return };
    for (id, case) in cases(&data, "events") {
        round_trip(id, &format!("github.{}", case["event"].as_str().unwrap()), &case["payload"]);
    }
}

#[test]
fn eventbridge_envelopes_are_read_and_written_as_they_were() {
    let Some(data) = load("events-real/aws_events.json") else { return };
    let all = cases(&data, "events");
    let envelopes: Vec<_> = all.iter().filter(|(_, case)| case["eventbridge_envelope"] == true).collect();
    assert_eq!(envelopes.len(), 18);
    for (id, case) in envelopes {
        let original = &case["payload"];
        let message = decode(original);
        assert_eq!(message.format(), WireFormat::EventBridge, "{id}");
        let metadata = message.metadata();
        assert_eq!(metadata.id, original["id"].as_str().unwrap(), "{id}");
        assert_eq!(metadata.payload_type, original["detail-type"].as_str().unwrap(), "{id}");
        assert_eq!(metadata.source.as_deref(), original["source"].as_str(), "{id}");
        assert_eq!(payload(&message), original["detail"], "{id}");

        let rewritten = message.clone().with_metadata(|_| {}).unwrap();
        assert_eq!(body(&rewritten), *original, "{id}");
        let encoded =
            Codec::event_bridge("conformance").encode_raw(metadata.clone(), message.payload(), None).unwrap();
        assert_eq!(body(&encoded), *original, "{id}");
        for between in [WireFormat::Native, WireFormat::CloudEvents] {
            let there = Codec::new(between, "conformance").transcode(&message).unwrap();
            let received = decode(&body(&there));
            assert_eq!(received.format(), between, "{id}");
            let mut back = body(&Codec::event_bridge("conformance").transcode(&received).unwrap());
            if between == WireFormat::CloudEvents {
                // The name of the schema, which CloudEvents added, is kept; EventBridge's own members stay.
                assert_eq!(back["detail"]["data"], original["detail"], "{id}");
                back["detail"] = original["detail"].clone();
                let mut expected = original.clone();
                let members = expected.as_object_mut().unwrap();
                members.entry("version").or_insert(json!("0"));
                members.entry("detail").or_insert(Value::Null);
                assert_eq!(back, expected, "{id}");
            } else {
                assert_eq!(back, *original, "{id}");
            }
        }
    }
}
