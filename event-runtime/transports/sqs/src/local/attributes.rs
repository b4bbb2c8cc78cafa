//! Message attributes between the protocol's JSON and the queue.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use event_runtime::embedded::{MessageAttribute, QueueError, ReceivedMessage};
use serde_json::{Map, Value, json};

use crate::local::digest;
use crate::local::error::ServiceError;
use crate::local::request::{AttributeValue, AttributeValues};

/// The attributes of a message to be sent.
pub(crate) fn read(values: AttributeValues) -> Result<Vec<MessageAttribute>, ServiceError> {
    values.into_iter().map(|(name, value)| read_one(name, value)).collect()
}

fn read_one(name: String, value: AttributeValue) -> Result<MessageAttribute, ServiceError> {
    let AttributeValue { data_type, string_value, binary_value } = value;
    let is_binary = data_type.split('.').next() == Some("Binary");
    let bytes = match (is_binary, string_value, binary_value) {
        (false, Some(text), _) => text.into_bytes(),
        (true, _, Some(text)) => {
            BASE64.decode(text).map_err(|_| ServiceError::serialization_of("BinaryValue is not base64."))?
        }
        // The queue refuses an empty value by name.
        _ => Vec::new(),
    };
    Ok(MessageAttribute::typed(name, data_type, bytes))
}

/// The trace header, which is the only system attribute that can be sent.
pub(crate) fn trace_header(values: AttributeValues) -> Result<Option<String>, QueueError> {
    let mut header = None;
    for (name, value) in values {
        if name != "AWSTraceHeader" {
            let reason = "Only AWSTraceHeader can be sent as a system attribute.";
            return Err(QueueError::invalid_parameter(name, "MessageSystemAttributes", reason));
        }
        header = value.string_value;
    }
    Ok(header)
}

/// The digest of the trace header as an attribute.
pub(crate) fn trace_digest(header: Option<&str>) -> Option<String> {
    let attribute = MessageAttribute::string("AWSTraceHeader", header?.to_owned());
    digest::of_attributes([&attribute])
}

/// What of a message's own attributes was asked for: names, `All`, or `prefix.*`.
pub(crate) fn selected<'a>(message: &'a ReceivedMessage, names: &[String]) -> Vec<&'a MessageAttribute> {
    let wanted = |name: &str| {
        names.iter().any(|wanted| {
            wanted == "All"
                || wanted == name
                || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
        })
    };
    message.attributes().iter().filter(|attribute| wanted(attribute.name())).collect()
}

pub(crate) fn to_json(attributes: &[&MessageAttribute]) -> Value {
    let pairs = attributes.iter().map(|attribute| {
        let mut value = json!({ "DataType": attribute.data_type() });
        match attribute.text() {
            Some(text) => value["StringValue"] = text.into(),
            None => value["BinaryValue"] = BASE64.encode(attribute.value()).into(),
        }
        (attribute.name().to_owned(), value)
    });
    Value::Object(pairs.collect())
}

/// Names of system attributes, checked.
pub(crate) fn check_system_names(names: &[String]) -> Result<(), ServiceError> {
    const KNOWN: [&str; 10] = [
        "All",
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
        "SequenceNumber",
        "MessageDeduplicationId",
        "MessageGroupId",
        "AWSTraceHeader",
        "DeadLetterQueueSourceArn",
    ];
    match names.iter().find(|name| !KNOWN.contains(&name.as_str())) {
        Some(unknown) => Err(ServiceError::invalid_attribute_name(unknown)),
        None => Ok(()),
    }
}

/// What of a message's system attributes was asked for.
pub(crate) fn system_json(message: &ReceivedMessage, names: &[String], account: &str) -> Map<String, Value> {
    let mut attributes = Map::new();
    let mut set = |name: &str, value: Option<String>| {
        let wanted = names.iter().any(|wanted| wanted == "All" || wanted == name);
        if let Some(value) = value.filter(|_| wanted) {
            attributes.insert(name.to_owned(), value.into());
        }
    };
    set("SenderId", Some(account.to_owned()));
    set("SentTimestamp", Some(message.sent_at().as_millisecond().to_string()));
    set("ApproximateReceiveCount", Some(message.receive_count().to_string()));
    set("ApproximateFirstReceiveTimestamp", Some(message.first_received_at().as_millisecond().to_string()));
    set("SequenceNumber", message.sequence_number().map(|number| number.to_string()));
    set("MessageDeduplicationId", message.deduplication_id().map(ToString::to_string));
    set("MessageGroupId", message.group().map(ToString::to_string));
    set("AWSTraceHeader", message.trace_header().map(ToString::to_string));
    set("DeadLetterQueueSourceArn", message.dead_letter_source().map(str::to_owned));
    attributes
}
