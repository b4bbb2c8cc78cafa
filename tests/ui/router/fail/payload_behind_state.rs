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

#[derive(Clone)]
struct Database;

async fn handler(_: State<Database>, _: Payload<OrderPaid>) {}

fn main() {
    let _ = MessageRouter::new().with_state(Database).on(handler);
}
