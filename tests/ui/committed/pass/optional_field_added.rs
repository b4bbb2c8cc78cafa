use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed")]
struct Happened {
    id: String,
    note: Option<String>,
    more: Option<u8>,
    #[serde(default)]
    count: u8,
}

fn main() {}
