//! Message attributes: between SQS's typed values and the runtime's texts.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageAttributeValue;
use event_runtime::delivery::{Attributes, attribute};
use event_runtime::envelope::Metadata;

use crate::limits::ATTRIBUTE_TYPE_BYTES;
use crate::text::{refused_character, replace_refused};

/// What the attributes of an event repeat of its metadata, for filters and tools.
///
/// A value that SQS would refuse (empty, or with a character that it does not take) is left out: the body has it.
pub(crate) fn of_event(metadata: &Metadata, delayed_until: Option<String>) -> Attributes {
    let mut attributes = Attributes::new();
    let mut set = |name: &'static str, value: &str| {
        if !value.is_empty() && refused_character(value).is_none() {
            attributes.set(name, value);
        }
    };
    set(attribute::PAYLOAD_TYPE, &metadata.payload_type);
    set(attribute::VERSION, &metadata.version.to_string());
    set(attribute::ID, &metadata.id);
    set(attribute::CORRELATION_ID, metadata.correlation_id.as_deref().unwrap_or_default());
    set(attribute::TRACEPARENT, metadata.traceparent.as_deref().unwrap_or_default());
    set(attribute::DELAYED_UNTIL, delayed_until.as_deref().unwrap_or_default());
    attributes
}

/// The bytes that count for SQS's limits: name, data type and value of each.
pub(crate) fn size(attributes: &Attributes) -> usize {
    attributes.size() + attributes.len() * ATTRIBUTE_TYPE_BYTES
}

/// As SQS takes them; `None` where there are none.
///
/// Values that were written by others (a dead letter's record holds the text of any error) have what SQS refuses
/// replaced, and empty ones are left out: neither may keep the message from being sent.
pub(crate) fn to_sdk(attributes: &Attributes) -> Option<HashMap<String, MessageAttributeValue>> {
    let values = attributes.iter().filter(|(_, value)| !value.is_empty()).filter_map(|(name, value)| {
        let value = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(replace_refused(value.to_owned()))
            .build()
            .ok()?;
        Some((name.to_owned(), value))
    });
    let values: HashMap<_, _> = values.collect();
    (!values.is_empty()).then_some(values)
}

/// As the runtime reads them, by name. Binary values, which it has no place for, come as base64.
pub(crate) fn from_sdk(values: HashMap<String, MessageAttributeValue>) -> Attributes {
    let text = |value: MessageAttributeValue| match (value.string_value, value.binary_value) {
        (Some(text), _) => text,
        (None, Some(bytes)) => base64(&bytes),
        (None, None) => String::new(),
    };
    let mut pairs: Vec<(Cow<'static, str>, String)> =
        values.into_iter().map(|(name, value)| (known(name), text(value))).collect();
    pairs.sort_unstable();
    pairs.into_iter().collect()
}

fn base64(bytes: &Blob) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The runtime's own names without an allocation.
fn known(name: String) -> Cow<'static, str> {
    const KNOWN: [&str; 7] = [
        attribute::PAYLOAD_TYPE,
        attribute::VERSION,
        attribute::ID,
        attribute::CORRELATION_ID,
        attribute::TRACEPARENT,
        attribute::DELAYED_UNTIL,
        attribute::DEAD_LETTER,
    ];
    match KNOWN.into_iter().find(|known| *known == name) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_OWN_ATTRIBUTES;

    #[test]
    fn an_event_sets_what_tools_filter_by_and_leaves_places_free() {
        let mut metadata = Metadata::new("order.created", 2);
        metadata.correlation_id = Some("chain".into());
        metadata.traceparent = Some("00-trace".into());
        let attributes = of_event(&metadata, Some("2026-01-01T00:00:00Z".into()));
        let names: Vec<_> = attributes.iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["payload_type", "version", "id", "correlation_id", "traceparent", "delayed-until"]
        );
        assert!(attributes.len() <= MAX_OWN_ATTRIBUTES);
        assert_eq!(attributes.get("version"), Some("2"));
    }

    #[test]
    fn a_value_that_the_service_refuses_is_left_to_the_body() {
        let mut metadata = Metadata::new("a", 1);
        metadata.correlation_id = Some(String::new());
        metadata.traceparent = Some("\u{0}".into());
        let attributes = of_event(&metadata, None);
        assert_eq!(attributes.len(), 3);
    }

    #[test]
    fn texts_survive_the_way_through_the_sdks_types() {
        let attributes: Attributes = [("b", "1"), ("a", "ü")].into_iter().collect();
        let back = from_sdk(to_sdk(&attributes).unwrap());
        assert_eq!(back.iter().collect::<Vec<_>>(), [("a", "ü"), ("b", "1")]);
        assert_eq!(size(&attributes), "b1".len() + "aü".len() + 2 * "String".len());
    }

    #[test]
    fn what_would_be_refused_is_replaced_and_what_is_empty_left_out() {
        let attributes: Attributes = [("a", ""), ("b", "x\u{0}")].into_iter().collect();
        let values = to_sdk(&attributes).unwrap();
        assert_eq!(values.len(), 1);
        assert_eq!(values["b"].string_value(), Some("x\u{FFFD}"));
        assert!(to_sdk(&Attributes::new()).is_none());
    }

    #[test]
    fn binary_values_come_as_base64() {
        let value = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([0, 255]));
        let values = HashMap::from([("blob".to_owned(), value.build().unwrap())]);
        assert_eq!(from_sdk(values).get("blob"), Some("AP8="));
    }
}
