use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed")]
struct Counted {
    #[validate(range(min = 1, max = 10))]
    amount: u32,
}

fn main() {}
