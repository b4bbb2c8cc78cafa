use event_runtime::{Event, ProducersPool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened;

fn main() {
    let _ = ProducersPool::builder("main").route_event::<Happened>("orders");
}
