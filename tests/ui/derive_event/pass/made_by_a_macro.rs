use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! event { ($name:ident, $field:ident: $ty:ty, $text:literal) => {
    #[doc = $text]
    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    #[event(key = $field)]
    pub struct $name { #[validate(length(min = 1))] $field: $ty }
} }
event!(First, id: String, "First.");
event!(Second, name: String, "Second.");
message_pack! { /** All. */ Pack<First, Second> }
#[derive(Validate)] struct Unused;
fn main() { assert_eq!(Second::DESCRIPTOR.description, "Second."); }
