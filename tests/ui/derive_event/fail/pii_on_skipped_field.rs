use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened {
    #[serde(skip)]
    #[pii]
    id: String,
}

fn main() {}
