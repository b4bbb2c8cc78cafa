use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(key = id,, version = 1)]
struct Happened {
    id: String,
}

fn main() {}
