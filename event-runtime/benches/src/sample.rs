//! The events that are measured: 15 fields in about 520 bytes of JSON, and the same order with lines, about 17 KB.

use event_runtime::{Envelope, Event, IntoEnvelope, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

message_pack! {
    /// What the benchmarks send.
    pub SamplePack<OrderPlaced, OrderImported>
}

/// An order was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "shop.order.placed", key = order_id)]
pub struct OrderPlaced {
    /// The order
    pub order_id: Uuid,
    /// Who placed it
    pub customer_id: Uuid,
    /// Where it stands
    pub status: Status,
    /// ISO 4217 code
    pub currency: String,
    /// Sum to pay
    pub total_cents: i64,
    /// Number of items
    pub item_count: u32,
    /// When it was placed
    pub placed_at: Timestamp,
    /// The customer's address for letters
    pub email: String,
    /// Street and number
    pub street: String,
    /// City
    pub city: String,
    /// Postal code
    pub postal_code: String,
    /// ISO 3166 code
    pub country: String,
    /// A coupon that was redeemed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
    /// Whether it is wrapped
    pub gift: bool,
    /// Words to the vendor
    pub note: String,
}

/// An order came in from another system, line by line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "shop.order.imported", key = order_id)]
pub struct OrderImported {
    /// The order
    pub order_id: Uuid,
    /// What was ordered
    pub lines: Vec<Line>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    sku: String,
    title: String,
    quantity: u32,
    unit_cents: i64,
    discounted: bool,
    added_at: Timestamp,
}

/// Where an order stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is to be paid.
    AwaitingPayment,
}

fn moment(nanosecond: i32) -> Timestamp {
    Timestamp::new(1_795_255_692, nanosecond).unwrap()
}

pub fn placed() -> OrderPlaced {
    OrderPlaced {
        order_id: Uuid::from_u128(0x0190_7c3e_8f2a_7b61_9d4e_2f8a_6c1b_5d30),
        customer_id: Uuid::from_u128(0x0190_7c3e_1111_7b61_8d4e_0f8a_6c1b_5d31),
        status: Status::AwaitingPayment,
        currency: "EUR".to_owned(),
        total_cents: 129_995,
        item_count: 7,
        placed_at: moment(123_456_000),
        email: "margarethe.hollstein@example.com".to_owned(),
        street: "Untere Weidenstrasse 114b".to_owned(),
        city: "Garmisch-Partenkirchen".to_owned(),
        postal_code: "82467".to_owned(),
        country: "DE".to_owned(),
        coupon: Some("SPRING-2026-TEN".to_owned()),
        gift: false,
        note: "Please ring twice; the bell of the second door is the one that works.".to_owned(),
    }
}

/// About 17 KB.
pub fn imported() -> OrderImported {
    imported_lines(93)
}

/// An order of so many lines, about 180 bytes each.
pub fn imported_lines(lines: u32) -> OrderImported {
    let line = |index: u32| Line {
        sku: format!("SKU-{index:08}"),
        title: "Enamelled mug, 0.4 l, speckled grey, dishwasher safe".to_owned(),
        quantity: 1 + index % 5,
        unit_cents: 1_295 + i64::from(index),
        discounted: index.is_multiple_of(3),
        added_at: moment(0),
    };
    OrderImported { order_id: placed().order_id, lines: (0..lines).map(line).collect() }
}

/// The event in an envelope with what a handler's emit fills in.
pub fn envelope<E: Event>(event: E) -> Envelope<E> {
    let mut envelope = event
        .envelope()
        .with_id("01907c3e-8f2a-7b61-9d4e-2f8a6c1b5d32")
        .with_occurred_at(moment(500_000_000))
        .with_source("urn:service:checkout")
        .with_correlation_id("01907c3e-8f2a-7b61-9d4e-2f8a6c1b5d33")
        .with_causation_id("01907c3e-8f2a-7b61-9d4e-2f8a6c1b5d34")
        .with_tenant("tenant-0042")
        .with_user("user-000017");
    envelope.metadata.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    envelope
}
