//! What a dead letter holds: the original as it came, and the record of why it is here.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::delivery::{Attributes, attribute};
use crate::error::Failure;
use crate::transport::{DeadLetter, DeadLetterLimits};

/// The record is at most this long, so that ten attributes of it fit the smallest body limit of a broker.
const MAX_RECORD_BYTES: usize = 8 * 1024;

/// The key of the wrapper that holds an original whose attributes leave no room for the record.
const WRAPPER: &str = "dead_letter";

/// Why a message is a dead letter; the `dead-letter` attribute, as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct DeadLetterRecord {
    /// The failure that ended it.
    pub error: Failure,
    /// How many attempts there were, this one included; an upper bound where the broker counts what was none.
    pub attempts: u32,
    /// When the broker handed it out first, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_received_at: Option<Timestamp>,
    /// When it was given up.
    pub failed_at: Timestamp,
    /// The payload type under which it was routed, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// The queue that it came from.
    pub source: String,
}

impl DeadLetterRecord {
    /// The record as JSON of at most `room` bytes: whole, without details, with a shortened message, without its
    /// handler, or none where not even that fits.
    fn to_json(&self, room: usize) -> Option<String> {
        let room = room.min(MAX_RECORD_BYTES);
        let mut record = self.clone();
        let whole = serde_json::to_string(&record).ok()?;
        if whole.len() <= room {
            return Some(whole);
        }
        record.error.details = Value::Null;
        let mut text = serde_json::to_string(&record).ok()?;
        while text.len() > room && !record.error.message.is_empty() {
            // One character is at most six bytes of JSON, so this cuts no more than a sixth too much at a time.
            let excess = (text.len() - room).div_ceil(6);
            let keep = record.error.message.chars().count().saturating_sub(excess + 1);
            record.error.message = record.error.message.chars().take(keep).collect::<String>();
            if keep > 0 {
                record.error.message.push('…');
            }
            text = serde_json::to_string(&record).ok()?;
        }
        if text.len() > room {
            // A payload type may be as long as a body.
            record.handler = None;
            text = serde_json::to_string(&record).ok()?;
        }
        (text.len() <= room).then_some(text)
    }
}

/// The original of a dead letter, as [`unwrap`] gives it back.
#[derive(Clone, PartialEq)]
pub struct Original {
    /// The body as it was received.
    pub body: Bytes,
    /// The attributes as they were received.
    pub attributes: Attributes,
    /// The record, where it could be kept.
    pub record: Option<Value>,
}

/// Without what the body and the attributes say: they may hold personal data.
impl fmt::Debug for Original {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Original")
            .field("body_bytes", &self.body.len())
            .field("attributes", &self.attributes.len())
            .finish_non_exhaustive()
    }
}

/// Puts a record beside the original.
///
/// The record is one attribute. Where the destination takes no further attribute, the body is a wrapper that
/// holds body, attributes and record; where there are not enough bytes for either, the original goes as it is:
/// it matters more than its record.
pub fn wrap(
    body: Bytes,
    attributes: Attributes,
    record: &DeadLetterRecord,
    group: Option<String>,
    deduplication_id: String,
    limits: DeadLetterLimits,
) -> DeadLetter {
    let mut letter = DeadLetter { body, attributes, group, deduplication_id };
    // A redriven message that failed again brings the record of last time.
    letter.attributes.remove(attribute::DEAD_LETTER);
    if letter.attributes.len() < limits.max_attributes {
        let used = letter.body.len() + letter.attributes.size() + attribute::DEAD_LETTER.len();
        if let Some(text) = record.to_json(limits.max_bytes.saturating_sub(used)) {
            letter.attributes.set(attribute::DEAD_LETTER, text);
        }
        return letter;
    }
    if let Some(body) = wrapper(&letter, record).filter(|body| body.len() <= limits.max_bytes) {
        letter.body = body;
        letter.attributes = Attributes::new();
    }
    letter
}

fn wrapper(letter: &DeadLetter, record: &DeadLetterRecord) -> Option<Bytes> {
    let record: Value = serde_json::from_str(&record.to_json(MAX_RECORD_BYTES)?).ok()?;
    let attributes: serde_json::Map<String, Value> =
        letter.attributes.iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    // Brokers whose attributes are counted carry text; a body that is none has no wrapper.
    let body = std::str::from_utf8(&letter.body).ok()?;
    let wrapped = json!({ WRAPPER: record, "attributes": attributes, "body": body });
    serde_json::to_vec(&wrapped).ok().map(Bytes::from)
}

/// Takes the original out of a dead letter, whichever way it was kept.
pub fn unwrap(body: Bytes, mut attributes: Attributes) -> Original {
    if let Some(text) = attributes.remove(attribute::DEAD_LETTER) {
        return Original { body, attributes, record: serde_json::from_str(&text).ok() };
    }
    match open_wrapper(&body) {
        Some(original) => original,
        None => Original { body, attributes, record: None },
    }
}

fn open_wrapper(body: &[u8]) -> Option<Original> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wrapper {
        dead_letter: Value,
        attributes: std::collections::BTreeMap<String, String>,
        body: String,
    }
    let wrapper: Wrapper = serde_json::from_slice(body).ok()?;
    wrapper.dead_letter.get("error")?;
    Some(Original {
        body: wrapper.body.into(),
        attributes: wrapper.attributes.into_iter().collect(),
        record: Some(wrapper.dead_letter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureCode;

    const ROOMY: DeadLetterLimits = DeadLetterLimits { max_bytes: 1 << 20, max_attributes: 10 };

    fn record(message: &str) -> DeadLetterRecord {
        DeadLetterRecord {
            error: Failure::new(FailureCode::HandlerFailed, message).with_details(json!({"order": 7})),
            attempts: 6,
            first_received_at: None,
            failed_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            handler: Some("OrderPaidEvent".into()),
            source: "orders".into(),
        }
    }

    fn letter(attributes: usize, limits: DeadLetterLimits, message: &str) -> DeadLetter {
        let attributes = (0..attributes).map(|index| (format!("name-{index}"), "value")).collect();
        wrap(Bytes::from("{\"a\":\"é\"}"), attributes, &record(message), None, "id:6".into(), limits)
    }

    #[test]
    fn the_record_is_an_attribute_beside_the_original() {
        let letter = letter(9, ROOMY, "no stock");
        let original = unwrap(letter.body.clone(), letter.attributes.clone());
        assert_eq!(letter.attributes.len(), 10);
        assert_eq!(original.attributes.len(), 9);
        assert_eq!(original.body, letter.body);
        assert_eq!(original.record.unwrap()["error"]["code"], "HANDLER_FAILED");
    }

    #[test]
    fn without_a_free_attribute_a_wrapper_keeps_the_original_to_the_letter() {
        let letter = letter(10, ROOMY, "no stock");
        assert!(letter.attributes.is_empty());
        let original = unwrap(letter.body, letter.attributes);
        assert_eq!(original.body, "{\"a\":\"é\"}");
        assert_eq!(original.attributes.get("name-9"), Some("value"));
        assert_eq!(original.record.unwrap()["error"]["details"]["order"], 7);
    }

    #[test]
    fn a_long_message_is_shortened_to_the_limit_and_stays_json() {
        for filler in ["x", "\u{1}", "é", "\""] {
            let letter = letter(1, ROOMY, &filler.repeat(20_000));
            let text = letter.attributes.get(attribute::DEAD_LETTER).unwrap();
            assert!(text.len() <= MAX_RECORD_BYTES, "{}", text.len());
            assert_eq!(serde_json::from_str::<Value>(text).unwrap()["attempts"], 6);
        }
    }

    #[test]
    fn a_payload_type_without_end_leaves_a_record() {
        let mut record = record("no stock");
        record.handler = Some("x".repeat(20_000));
        let letter = wrap(Bytes::from("{}"), Attributes::new(), &record, None, "id:6".into(), ROOMY);
        let record = unwrap(letter.body, letter.attributes).record.unwrap();
        assert_eq!(record["error"]["code"], "HANDLER_FAILED");
        assert_eq!(record["handler"], Value::Null);
    }

    #[test]
    fn the_original_goes_alone_where_nothing_else_fits() {
        let tight = DeadLetterLimits { max_bytes: 40, max_attributes: 10 };
        for attributes in [0, 10] {
            let letter = letter(attributes, tight, "no stock");
            assert_eq!(letter.body, "{\"a\":\"é\"}");
            assert_eq!(letter.attributes.len(), attributes);
        }
    }

    #[test]
    fn a_body_that_only_looks_like_a_wrapper_is_an_original() {
        let body = Bytes::from(r#"{"dead_letter":1,"attributes":{},"body":"x"}"#);
        assert_eq!(unwrap(body.clone(), Attributes::new()).body, body);
    }
}
