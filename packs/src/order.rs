//! Orders from placement to delivery.
//!
//! [`OrderCreatedEvent`] lives at version 2: version 1 carried amounts as cents beside one currency.

mod created;
mod value;

pub use created::{OrderCreatedEvent, OrderCreatedEventV1, OrderLineV1};
pub use value::{CancellationReason, CancelledBy, OrderLine, PaymentMethod};

use event_runtime::{Event, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::Money;

message_pack! {
    /// The life of orders.
    pub OrderMessagePack<OrderCreatedEvent, OrderUpdatedEvent, OrderPaidEvent, OrderShippedEvent, OrderCancelledEvent>
}

/// A customer or a member of staff changed an order that is not paid yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = order_id)]
pub struct OrderUpdatedEvent {
    /// The changed order
    pub order_id: Uuid,
    /// Number of the change, from 1 on; readers drop what is not newer than what they have
    #[validate(range(min = 1))]
    pub revision: u32,
    /// Every line of the order after the change
    #[validate(length(min = 1, max = 200), nested)]
    pub lines: Vec<OrderLine>,
    /// Sum to pay after the change
    #[validate(nested)]
    pub total: Money,
    /// User who made the change
    pub updated_by: Uuid,
    /// When it was made
    pub updated_at: Timestamp,
}

/// A payment for an order arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = order_id)]
pub struct OrderPaidEvent {
    /// The paid order
    pub order_id: Uuid,
    /// The payment, as the payment service knows it
    pub payment_id: Uuid,
    /// What was paid
    #[validate(nested)]
    pub amount: Money,
    /// How it was paid
    pub method: PaymentMethod,
    /// When the payment arrived
    pub paid_at: Timestamp,
}

/// A parcel of an order left the warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = order_id)]
pub struct OrderShippedEvent {
    /// The shipped order
    pub order_id: Uuid,
    /// The parcel
    pub shipment_id: Uuid,
    /// Who carries it
    #[validate(one_of("dhl", "fedex", "gls", "ups", "usps", "other"))]
    pub carrier: String,
    /// The carrier's number for it
    #[validate(length(min = 4, max = 64))]
    pub tracking_number: String,
    /// Where it can be followed
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(url)]
    pub tracking_url: Option<String>,
    /// Articles in the parcel
    #[validate(length(min = 1, max = 200), inner(length(min = 1, max = 64)))]
    pub skus: Vec<String>,
    /// When it left
    pub shipped_at: Timestamp,
}

/// An order was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = order_id)]
pub struct OrderCancelledEvent {
    /// The cancelled order
    pub order_id: Uuid,
    /// Why it was cancelled
    pub reason: CancellationReason,
    /// Who cancelled it
    pub cancelled_by: CancelledBy,
    /// What the customer gets back; absent when nothing was paid
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(nested)]
    pub refund: Option<Money>,
    /// Words of whoever cancelled it
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 500))]
    #[pii]
    pub comment: Option<String>,
    /// When it was cancelled
    pub cancelled_at: Timestamp,
}
