use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed", compat = forward)]
struct Counted {
    #[validate(range(min = 1, max = 9))]
    amount: u32,
    more: bool,
}

fn main() {}
