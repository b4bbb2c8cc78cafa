use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened {
    #[event_description = "Its id"]
    id: String,
}

fn main() {}
