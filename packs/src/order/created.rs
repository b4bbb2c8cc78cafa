//! The order's first event in both its versions, and the way from one to the other.

use event_runtime::{Event, Validate};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::OrderLine;
use crate::address::PostalAddress;
use crate::money::Money;

/// A customer placed an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 2, upcast_from = OrderCreatedEventV1, key = order_id)]
pub struct OrderCreatedEvent {
    /// The new order
    pub order_id: Uuid,
    /// User who placed it
    pub customer_id: Uuid,
    /// What was ordered
    #[validate(length(min = 1, max = 200), nested)]
    pub lines: Vec<OrderLine>,
    /// Sum to pay, in the currency of the lines
    #[validate(nested)]
    pub total: Money,
    /// Where it is to be sent
    #[validate(nested)]
    pub shipping_address: PostalAddress,
    /// Words of the customer to the vendor
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 500))]
    #[pii]
    pub customer_note: Option<String>,
    /// When it was placed
    pub placed_at: Timestamp,
}

/// A customer placed an order, with amounts in cents of one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "OrderCreatedEvent", version = 1, key = order_id)]
pub struct OrderCreatedEventV1 {
    /// The new order
    pub order_id: Uuid,
    /// User who placed it
    pub customer_id: Uuid,
    /// What was ordered
    #[validate(length(min = 1, max = 200), nested)]
    pub lines: Vec<OrderLineV1>,
    /// Sum to pay, in cents
    #[validate(range(min = 0))]
    pub total_cents: i64,
    /// ISO 4217 currency code of every amount in the order
    #[validate(pattern("^[A-Z]{3}$"))]
    pub currency: String,
    /// Where it is to be sent
    #[validate(nested)]
    pub shipping_address: PostalAddress,
    /// When it was placed
    pub placed_at: Timestamp,
}

/// One article of an order, with its price in cents of the order's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct OrderLineV1 {
    /// Article number
    #[validate(length(min = 1, max = 64))]
    pub sku: String,
    /// How many were ordered
    #[validate(range(min = 1, max = 10000))]
    pub quantity: u32,
    /// Price of one, in cents
    #[validate(range(min = 0))]
    pub unit_price_cents: i64,
}

impl From<OrderCreatedEventV1> for OrderCreatedEvent {
    /// Gives every amount the order's currency; there were no notes before version 2.
    fn from(old: OrderCreatedEventV1) -> Self {
        let line = |line: OrderLineV1| OrderLine {
            sku: line.sku,
            quantity: line.quantity,
            unit_price: Money::new(line.unit_price_cents, old.currency.as_str()),
        };
        Self {
            order_id: old.order_id,
            customer_id: old.customer_id,
            lines: old.lines.into_iter().map(line).collect(),
            total: Money::new(old.total_cents, old.currency.as_str()),
            shipping_address: old.shipping_address,
            customer_note: None,
            placed_at: old.placed_at,
        }
    }
}
