use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "payments.wallet.created", domain = "orders")]
struct Happened {
    id: String,
}

fn main() {}
