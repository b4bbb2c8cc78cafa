//! What is done about each event: plain functions over what they need of a message.

use std::time::Duration;

use event_packs::chat::ChatMessageEvent;
use event_packs::notification::{GenericPushNotificationEvent, PushContent};
use event_packs::order::{OrderPaidEvent, OrderShippedEvent};
use event_runtime::prelude::*;
use jiff::Timestamp;
use uuid::Uuid;

use crate::journal::Journal;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) pool: ProducersPool,
    pub(crate) journal: Journal,
}

/// Fails once, then tells the customer. The notification inherits the order's correlation id.
pub(crate) async fn paid(
    Payload(order): Payload<OrderPaidEvent>,
    State(shop): State<Shop>,
    Attempt(attempt): Attempt,
) -> Result<(), HandlerError> {
    if attempt == 1 {
        shop.journal.write("orders", "paid: the warehouse does not answer, tried again");
        return Err(HandlerError::retry_after(Duration::from_millis(50), "the warehouse does not answer"));
    }
    shop.journal
        .write("orders", format!("paid: {} cents, packed in attempt {attempt}", order.amount.amount_minor));
    let content = PushContent::new("Thank you", "We are packing your order.");
    GenericPushNotificationEvent::new(Uuid::new_v4(), order.payment_id, content, Timestamp::now())
        .envelope()
        .emit_to(&shop.pool)
        .await?;
    Ok(())
}

/// Gives up at once: no attempt brings a lost parcel back.
pub(crate) async fn shipped(
    Payload(order): Payload<OrderShippedEvent>,
    State(shop): State<Shop>,
) -> Result<(), HandlerError> {
    shop.journal.write("orders", "shipped: the parcel is lost, given up");
    Err(HandlerError::dead_letter(format!("{} lost the parcel", order.carrier)))
}

pub(crate) async fn notify(
    Payload(push): Payload<GenericPushNotificationEvent>,
    metadata: Metadata,
    State(shop): State<Shop>,
) {
    let inherited = metadata.correlation_id.as_deref() == Some("checkout-1");
    shop.journal
        .write("notifications", format!("push {:?}, correlation inherited: {inherited}", push.content.title));
}

pub(crate) async fn chat(Payload(message): Payload<ChatMessageEvent>, State(shop): State<Shop>) {
    shop.journal.write("rest", format!("chat message of {} characters", message.body.chars().count()));
}

pub(crate) async fn audit(message: Message, State(shop): State<Shop>) {
    shop.journal.write("audit", &*message.metadata().payload_type);
}
