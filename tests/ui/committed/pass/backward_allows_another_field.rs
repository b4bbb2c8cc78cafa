use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed", compat = backward)]
struct Happened {
    id: String,
    remark: Option<String>,
}

fn main() {}
