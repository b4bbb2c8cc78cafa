use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order was paid.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct OrderPaid {}

message_pack! {
    /// Orders.
    OrderMessagePack<OrderPaid>
}

async fn handler(_: Payload<OrderPaid>, _: Payload<OrderPaid>) {}

fn main() {
    let _ = MessageRouter::new().on(handler);
}
