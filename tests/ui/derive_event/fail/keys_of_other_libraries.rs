use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(ordering_key = id, name = "orders.order.paid", description = "It was paid.")]
#[event(pack = Orders, queue = "orders", schema = "committed")]
struct Paid {
    id: String,
}

fn main() {}
