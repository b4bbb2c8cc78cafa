//! Derived events from an envelope through a router to typed handlers, and what these emit.

use event_runtime::handler::{Attempt, Payload, State};
use event_runtime::prelude::*;
use event_runtime::testing::{Harness, Probe};
use event_runtime::{FailureCode, HandlerError, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// An order was placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = order_id)]
pub struct OrderPlaced {
    #[validate(required)]
    pub order_id: String,
    #[validate(range(min = 1))]
    pub amount: u32,
}

/// A payment was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = order_id)]
pub struct PaymentRequested {
    pub order_id: String,
    pub amount: u32,
}

message_pack! {
    /// Orders and their payments.
    pub ShopMessagePack<OrderPlaced, PaymentRequested>
}

async fn request_payment(
    Payload(order): Payload<OrderPlaced>,
    State(probe): State<Probe>,
) -> Result<(), HandlerError> {
    PaymentRequested::new(order.order_id, order.amount).envelope().emit_to(&probe).await?;
    Ok(())
}

fn shop(probe: &Probe) -> Harness<MessageRouter<Probe>> {
    Harness::new(MessageRouter::new().with_state(probe.clone()).on(request_payment))
}

#[tokio::test]
async fn an_emitted_event_has_the_handled_message_as_its_cause() {
    let probe = Probe::new();
    let mut order = OrderPlaced::new("o-1".to_owned(), 5).envelope();
    order.metadata.id = "order-event".into();
    order.metadata.tenant_id = Some("acme".into());
    shop(&probe).deliver(order).await.assert_acked();

    let payment = probe.only::<PaymentRequested>();
    assert_eq!(payment.payload, PaymentRequested::new("o-1".to_owned(), 5));
    assert_eq!(payment.metadata.causation_id.as_deref(), Some("order-event"));
    assert_eq!(payment.metadata.correlation_id.as_deref(), Some("order-event"));
    assert_eq!(payment.metadata.tenant_id.as_deref(), Some("acme"));
    assert_eq!(probe.events::<OrderPlaced>(), []);
}

#[tokio::test]
async fn a_payload_that_breaks_its_rules_never_reaches_its_handler() {
    let probe = Probe::new();
    let delivered = shop(&probe).deliver(OrderPlaced::new(String::new(), 0)).await;
    let delivered = delivered.assert_dead_lettered(FailureCode::ValidationFailed);
    let errors = &delivered.failure().unwrap().details["errors"];
    assert_eq!(errors[0]["pointer"], json!("/order_id"));
    assert_eq!(errors[1], json!({ "code": "range", "pointer": "/amount", "params": { "min": 1 } }));
    probe.assert_empty();
}

#[tokio::test]
async fn a_pack_s_handler_matches_over_its_events_with_extractors_beside_it() {
    let harness = Harness::new(MessageRouter::new().on_pack(
        |event: ShopMessagePack, Attempt(attempt): Attempt| async move {
            match event {
                ShopMessagePack::OrderPlaced(order) => Outcome::discard(order.payload.order_id),
                ShopMessagePack::PaymentRequested(_) => Outcome::discard(attempt.to_string()),
            }
        },
    ));
    let order = harness.deliver(OrderPlaced::new("o-1".to_owned(), 5)).await;
    assert_eq!(*order.outcome(), Outcome::discard("o-1"));
    let payment = harness.deliver(PaymentRequested::new("o-1".to_owned(), 5)).as_attempt(3).await;
    assert_eq!(*payment.outcome(), Outcome::discard("3"));
}

#[test]
#[should_panic(expected = "payload type `OrderPlaced` has two handlers")]
fn a_pack_and_one_of_its_events_are_an_overlap() {
    let router = MessageRouter::new()
        .with_state(Probe::new())
        .on(request_payment)
        .on_pack(|_: ShopMessagePack| async {});
    drop(Harness::new(router));
}

#[tokio::test]
#[should_panic(expected = "expected one `PaymentRequested`, found 2")]
async fn only_means_one() {
    let probe = Probe::new();
    for _ in 0..2 {
        shop(&probe).deliver(OrderPlaced::new("o-1".to_owned(), 5)).await.assert_acked();
    }
    drop(probe.only::<PaymentRequested>());
}
