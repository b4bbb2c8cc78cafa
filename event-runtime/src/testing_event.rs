//! An event for the runtime's own unit tests, written out by hand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::event::{DecodeError, Event, EventDescriptor, FieldDescriptor, Validate, Validator};

/// An order with an ordering key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Order {
    pub(crate) order_id: String,
    pub(crate) amount: i64,
}

impl Validate for Order {
    const FIELDS: &'static [FieldDescriptor] =
        &[FieldDescriptor::new("order_id", "String", ""), FieldDescriptor::new("amount", "i64", "")];

    fn validate_into(&self, _: &mut Validator) {}
}

impl Event for Order {
    const PAYLOAD_TYPE: &'static str = "Order";
    const DESCRIPTOR: &'static EventDescriptor =
        &EventDescriptor::of::<Self>("Order", "an order was made").key("order_id");

    fn ordering_key(&self) -> Option<String> {
        Some(self.order_id.clone())
    }

    fn from_json(_: u32, json: &str) -> Result<Self, DecodeError> {
        serde_json::from_str(json).map_err(|error| DecodeError::malformed("payload", json, &error))
    }
}

#[test]
fn its_schema_is_an_object() {
    assert_eq!(Order::DESCRIPTOR.schema().get("type"), Some(&json!("object")));
}
