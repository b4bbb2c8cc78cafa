use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed")]
struct Chosen {
    #[validate(one_of("a", "b", "c"))]
    kind: String,
    size: i64,
}

fn main() {}
