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

fn main() {
    let _ = MessageRouter::new().on(|_: Payload<OrderPaid>| println!("paid"));
}
