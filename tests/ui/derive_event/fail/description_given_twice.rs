use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event_description = "It happened"]
#[event_description = "It did"]
struct Happened {
    id: String,
}

fn main() {}
