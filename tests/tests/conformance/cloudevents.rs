//! CloudEvents 1.0, JSON format: events, batches, and what is emitted.

use std::collections::BTreeMap;

use bytes::Bytes;
use event_runtime::envelope::WireFormat;
use event_runtime::event::{DecodeError, DecodeErrorKind};
use event_runtime::{Codec, Message, Metadata};
use serde_json::{Value, json};

use super::data::{cases, load};

fn decode(value: &Value) -> Result<Message, DecodeError> {
    Codec::decode(Bytes::from(value.to_string()))
}

fn body(message: &Message) -> Value {
    serde_json::from_str(message.body()).unwrap()
}

/// Without what says nothing, and with the moment in one spelling.
fn logical(event: &Value) -> Value {
    let mut event = event.clone();
    let members = event.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null());
    if let Some(time) = members.get_mut("time") {
        *time = json!(time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().to_string());
    }
    event
}

fn schema() -> Option<jsonschema::Validator> {
    let schema = load("cloudevents/cloudevents.schema.json")?;
    Some(jsonschema::options().should_validate_formats(true).build(&schema).unwrap())
}

fn assert_valid(schema: &jsonschema::Validator, id: &str, message: &Message) {
    let event = body(message);
    let errors: Vec<_> = schema.iter_errors(&event).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{id}: {errors:?}\n{event}");
}

#[test]
fn events_are_valid_or_refused_as_published() {
    let (Some(data), Some(schema)) = (load("cloudevents/json_format.json"), schema()) else { return };
    let mut groups: BTreeMap<String, Message> = BTreeMap::new();
    for (id, case) in cases(&data, "events") {
        let decoded = decode(&case["event"]);
        if case["expect"] == "invalid" {
            assert_eq!(decoded.unwrap_err().kind(), DecodeErrorKind::Malformed, "{id}");
            continue;
        }
        let message = decoded.unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(message.format(), WireFormat::CloudEvents, "{id}");
        let first =
            groups.entry(case["equivalent_to"].as_str().unwrap().to_owned()).or_insert(message.clone());
        assert_eq!(message.metadata(), first.metadata(), "{id}");
        assert_eq!(message.payload(), first.payload(), "{id}");

        let rewritten = message.clone().with_metadata(|_| {}).unwrap();
        assert_eq!(body(&rewritten), logical(&case["event"]), "{id}");
        assert_valid(&schema, id, &rewritten);
        assert_nothing_lost_on_the_way(&schema, id, &message);
    }
    assert!(groups.len() > 5);
}

/// Through every other format and back: only what this service adds, the name of the schema, is new.
fn assert_nothing_lost_on_the_way(schema: &jsonschema::Validator, id: &str, message: &Message) {
    for between in [WireFormat::Native, WireFormat::EventBridge] {
        let there = Codec::new(between, "conformance").transcode(message).unwrap();
        let there = Codec::decode(there.body().as_bytes().clone()).unwrap();
        assert_eq!(there.format(), between, "{id}");
        assert_eq!(there.metadata(), message.metadata(), "{id}");
        let back = Codec::cloud_events("conformance").transcode(&there).unwrap();
        assert_valid(schema, id, &back);
        let (mut event, original) = (body(&back), logical(&body(message)));
        let members = event.as_object_mut().unwrap();
        members.retain(|name, _| original.get(name).is_some());
        assert_eq!(event, original, "{id}");
    }
}

#[test]
fn batches_are_valid_or_refused_as_published() {
    let Some(data) = load("cloudevents/json_format.json") else { return };
    for (id, case) in cases(&data, "batches") {
        let batch = &case["batch"];
        let decoded = Codec::decode_batch(Bytes::from(batch.to_string()));
        match decoded {
            Ok(messages) => {
                assert_eq!(case["expect"], "valid", "{id}");
                assert_eq!(messages.len(), batch.as_array().unwrap().len(), "{id}");
                for (message, event) in messages.iter().zip(batch.as_array().unwrap()) {
                    assert_eq!(body(message), *event, "{id}");
                }
            }
            Err(error) => {
                assert_eq!(case["expect"], "invalid", "{id}: {error}");
                assert_eq!(error.kind(), DecodeErrorKind::Malformed, "{id}");
            }
        }
    }
}

/// Base64 data of a JSON content type is that JSON, of any other its own text.
#[test]
fn content_types_say_whether_data_is_json() {
    let Some(data) = load("cloudevents/json_format.json") else { return };
    let payload = |content_type: &Value| {
        let event = json!({
            "specversion": "1.0", "id": "1", "source": "/", "type": "t",
            "datacontenttype": content_type, "data_base64": "eyJhIjoxfQ==",
        });
        decode(&event).map(|message| message.payload().to_owned())
    };
    for content_type in data["json_content_types"]["is_json"].as_array().unwrap() {
        assert_eq!(payload(content_type).unwrap(), "{\"a\":1}", "{content_type}");
    }
    for content_type in data["json_content_types"]["is_not_json"].as_array().unwrap() {
        // Some of them are no media types at all, which refuses the event.
        if let Ok(payload) = payload(content_type) {
            assert_eq!(payload, "\"eyJhIjoxfQ==\"", "{content_type}");
        }
    }
}

#[test]
fn events_of_the_yaml_suite_come_back_as_they_went() {
    let (Some(data), Some(schema)) = (load("cloudevents/yaml_events.json"), schema()) else { return };
    for (id, case) in cases(&data, "events") {
        let mut event = case["ContextAttributes"].clone();
        let members = event.as_object_mut().unwrap();
        if let Some(extensions) = members.remove("Extensions") {
            members.extend(extensions.as_object().unwrap().clone());
        }
        let is_json =
            members.get("datacontenttype").is_none_or(|kind| kind.as_str().unwrap().contains("json"));
        let data = case["Data"].as_str().unwrap();
        let data = if is_json { serde_json::from_str(data).unwrap() } else { json!(data) };
        members.insert("data".to_owned(), data);

        let message = decode(&event).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(body(&message.clone().with_metadata(|_| {}).unwrap()), event, "{id}");
        assert_nothing_lost_on_the_way(&schema, id, &message);
    }
}

#[test]
fn emitted_events_keep_the_specifications_schema() {
    let Some(schema) = schema() else { return };
    let mut metadata = Metadata::new("orders.order paid", 4_000_000_000);
    metadata.source = Some("no uri reference, to be sure".into());
    metadata.correlation_id = Some("".into());
    metadata.sender = Some("sender".into());
    metadata.headers.insert("key".to_owned(), "value".to_owned());
    for codec in [Codec::cloud_events("a service"), Codec::cloud_events("")] {
        for payload in ["{}", "null", "[1,2.5]", "\"text\""] {
            let message = codec.encode_raw(metadata.clone(), payload, None).unwrap();
            assert_valid(&schema, payload, &message);
            let received = Codec::decode(message.body().as_bytes().clone()).unwrap();
            assert_eq!(received.metadata(), message.metadata());
            assert_eq!(received.payload(), payload);
        }
    }
}
