//! Message attributes: between SQS's typed values and the runtime's texts.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageAttributeValue;
use event_runtime::delivery::{Attributes, attribute};

use crate::limits::ATTRIBUTE_TYPE_BYTES;
use crate::text::replace_refused;

/// The bytes that count for SQS's limits: name, data type and value of each.
pub(crate) fn size(attributes: &Attributes) -> usize {
    attributes.size() + attributes.len() * ATTRIBUTE_TYPE_BYTES
}

/// As SQS takes them; `None` where there are none.
///
/// Values that were written by others (a dead letter's record holds the text of any error) have what SQS refuses
/// replaced, and empty ones are left out: neither may keep the message from being sent.
pub(crate) fn to_sdk(attributes: &Attributes) -> Option<HashMap<String, MessageAttributeValue>> {
    let mut values = HashMap::with_capacity(attributes.len());
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
        let value = replace_refused(value.to_owned());
        let value = MessageAttributeValue::builder().data_type("String").string_value(value);
        // What has a type is complete.
        if let Ok(value) = value.build() {
            values.insert(name.to_owned(), value);
        }
    }
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
    attribute::known(&name).map_or(Cow::Owned(name), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

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
