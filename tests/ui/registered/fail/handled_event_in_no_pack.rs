use event_runtime::{Event, MessageRouter, Payload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened;

async fn handle(_: Payload<Happened>) {}

fn main() {
    let _ = MessageRouter::new().on(handle);
}
