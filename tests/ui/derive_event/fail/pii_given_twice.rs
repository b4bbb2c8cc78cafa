use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened {
    #[pii]
    #[pii(secret)]
    id: String,
}

fn main() {}
