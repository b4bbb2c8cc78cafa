//! What is done about each event.

use std::sync::{Arc, Mutex, PoisonError};

use event_packs::notification::{GenericPushNotificationEvent, PushContent};
use event_packs::order::{OrderPaidEvent, OrderShippedEvent};
use event_runtime::prelude::*;
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) pool: ProducersPool,
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
    /// Counts what is done, so that the example knows when to stop.
    pub(crate) done: watch::Sender<u32>,
}

impl Shop {
    fn note(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

/// Fails once; its order's next event waits for it.
pub(crate) async fn paid(
    Payload(order): Payload<OrderPaidEvent>,
    State(shop): State<Shop>,
    Attempt(attempt): Attempt,
) -> Result<(), HandlerError> {
    shop.note(format!("orders: paid, attempt {attempt}"));
    if attempt == 1 {
        return Err(HandlerError::retry("the warehouse does not answer"));
    }
    let content = PushContent::new("Thank you", "We are packing your order.");
    let push = GenericPushNotificationEvent::new(Uuid::new_v4(), order.payment_id, content, Timestamp::now());
    push.envelope().emit_to(&shop.pool).await?;
    Ok(())
}

pub(crate) async fn shipped(
    Payload(order): Payload<OrderShippedEvent>,
    State(shop): State<Shop>,
) -> Result<(), HandlerError> {
    shop.note("orders: shipped, and given up".into());
    shop.done.send_modify(|done| *done += 1);
    Err(HandlerError::dead_letter(format!("{} lost the parcel", order.carrier)))
}

pub(crate) async fn notify(
    Payload(push): Payload<GenericPushNotificationEvent>,
    metadata: Metadata,
    State(shop): State<Shop>,
) {
    let correlation = metadata.correlation_id.unwrap_or_default();
    shop.note(format!("notifications: {:?}, because of {correlation}", push.content.title));
    shop.done.send_modify(|done| *done += 1);
}
