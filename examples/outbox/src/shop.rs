//! The shop: its event, how an order is placed, and how it is shipped.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::extract::State as AppState;
use axum::http::StatusCode;
use event_runtime::prelude::*;
use event_store_sql::{Outbox, OutboxError, OutboxErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::orders::Orders;

/// A customer placed an order.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "shop.order.placed", key = customer)]
pub(crate) struct OrderPlaced {
    pub(crate) number: i64,
    #[validate(required)]
    pub(crate) customer: String,
    #[validate(range(min = 1))]
    pub(crate) cents: i64,
}

message_pack! {
    /// What the shop tells.
    pub(crate) ShopMessagePack<OrderPlaced>
}

pub(crate) struct Shop<Db: Orders> {
    pub(crate) database: sqlx::Pool<Db>,
    pub(crate) outbox: Outbox,
}

impl<Db: Orders> Clone for Shop<Db> {
    fn clone(&self) -> Self {
        Self { database: self.database.clone(), outbox: self.outbox.clone() }
    }
}

#[derive(Deserialize)]
pub(crate) struct NewOrder {
    customer: String,
    cents: i64,
}

/// What a customer may order without being asked for a deposit.
const LIMIT_CENTS: i64 = 1_000_000;

/// `POST /orders`: the order and its event, or neither.
pub(crate) async fn place<Db: Orders>(
    AppState(shop): AppState<Shop<Db>>,
    Json(order): Json<NewOrder>,
) -> Result<(StatusCode, String), (StatusCode, String)> {
    let mut transaction = Db::begin(&shop.database).await.map_err(internal)?;
    let number = Db::insert(&mut transaction, &order.customer, order.cents).await.map_err(internal)?;
    let event = OrderPlaced::new(number, order.customer, order.cents).envelope();
    shop.outbox.emit(&mut transaction, event).await.map_err(not_emitted)?;
    if order.cents > LIMIT_CENTS {
        // Dropping the transaction takes back the order, and the event with it.
        return Err((StatusCode::UNPROCESSABLE_ENTITY, "a deposit is needed".into()));
    }
    transaction.commit().await.map_err(internal)?;
    Ok((StatusCode::CREATED, format!("order {number}")))
}

fn not_emitted(error: OutboxError) -> (StatusCode, String) {
    if error.kind() == OutboxErrorKind::Invalid {
        return (StatusCode::UNPROCESSABLE_ENTITY, "the order is not valid".into());
    }
    internal(error)
}

fn internal(error: impl fmt::Display) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

/// The other side: what came out of the queue.
#[derive(Default)]
pub(crate) struct Shipped {
    lines: Mutex<Vec<String>>,
    count: watch::Sender<usize>,
}

impl Shipped {
    pub(crate) async fn wait_for(&self, count: usize) {
        self.count.subscribe().wait_for(|shipped| *shipped >= count).await.ok();
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(crate) async fn ship(Payload(order): Payload<OrderPlaced>, State(shipped): State<Arc<Shipped>>) {
    let line = format!("shipped order {} to {}: {} cents", order.number, order.customer, order.cents);
    shipped.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    shipped.count.send_modify(|count| *count += 1);
}
