use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It was paid.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 2, upcast_from = PaidV1)]
struct Paid {}

/// It was paid, as version 1 says it.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "Paid", colour = red)]
struct PaidV1 {}

impl From<PaidV1> for Paid {
    fn from(_: PaidV1) -> Self {
        Self::new()
    }
}

fn main() {}
