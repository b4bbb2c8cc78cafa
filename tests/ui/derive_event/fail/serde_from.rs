use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[serde(from = "String")]
struct Happened {
    id: String,
}
#[rustfmt::skip]
impl From<String> for Happened { fn from(id: String) -> Self { Self { id } } }

fn main() {}
