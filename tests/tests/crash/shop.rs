//! The one event of the shop.

use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order was placed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "crash.order.placed", key = customer)]
pub(crate) struct OrderPlaced {
    /// Which of the customer's orders it is, from 1 on.
    pub(crate) number: i64,
    /// Whose orders keep their order.
    pub(crate) customer: String,
}

message_pack! {
    /// What the shop tells.
    pub(crate) ShopMessagePack<OrderPlaced>
}
