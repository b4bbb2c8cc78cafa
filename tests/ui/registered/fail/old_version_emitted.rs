use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order was paid.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 2, upcast_from = OrderPaidV1)]
struct OrderPaid {}

/// An order was paid, as version 1 says it.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "OrderPaid")]
struct OrderPaidV1 {}

impl From<OrderPaidV1> for OrderPaid {
    fn from(_: OrderPaidV1) -> Self {
        Self {}
    }
}

message_pack! {
    /// Orders.
    OrderMessagePack<OrderPaid>
}

async fn send(pool: &ProducersPool) {
    let _ = OrderPaidV1::new().envelope().emit_to(pool).await;
}

fn main() {}
