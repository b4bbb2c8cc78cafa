use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed")]
struct Named {
    #[validate(length(min = 2, max = 8))]
    name: String,
    #[validate(email)]
    mail: Option<String>,
}

fn main() {}
