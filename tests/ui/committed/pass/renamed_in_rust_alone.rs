use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed")]
struct Happened {
    #[serde(rename = "id")]
    order_id: String,
    #[serde(rename = "note")]
    remark: Option<String>,
}

fn main() {}
