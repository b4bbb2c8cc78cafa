use event_runtime::{Event, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It was paid.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed", version = 2, upcast_from = PaidV1)]
struct Paid {
    id: String,
    note: Option<String>,
}

/// It was paid, as version 1 says it.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(schemas = "committed", type = "Paid")]
struct PaidV1 {
    id: String,
    note: Option<String>,
    amount: u32,
}

impl From<PaidV1> for Paid {
    fn from(old: PaidV1) -> Self {
        Self { id: old.id, note: old.note }
    }
}

message_pack! {
    /// Payments.
    PaymentsMessagePack<Paid>
}

fn main() {}
