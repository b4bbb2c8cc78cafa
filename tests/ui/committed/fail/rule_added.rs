use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed")]
struct Happened {
    #[validate(required)]
    id: String,
    #[validate(email)]
    note: Option<String>,
}

fn main() {}
