use event_runtime::{Event, IntoEnvelope, ProducersPool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened;

async fn send(pool: &ProducersPool) {
    let _ = Happened::new().envelope().emit_to(pool).await;
}

fn main() {}
