use event_runtime::{Event, Validate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
struct Address {
    #[validate(required)]
    street: String,
}

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened {
    address: Address,
}

fn main() {}
