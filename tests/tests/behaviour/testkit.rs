//! The test kit, used as its users would.

use std::time::Duration;

use event_runtime::handler::{Attempt, State};
use event_runtime::pool::{EmitErrorKind, Emitter};
use event_runtime::testing::{Harness, Probe};
use event_runtime::transport::{KeylessGroup, ProduceErrorKind, Producer};
use event_runtime::{Codec, FailureCode, HandlerError, Message, MessageRouter};

use super::raw::{message, with_metadata};

/// A handler that passes on what it gets.
async fn forward(message: Message, State(emitter): State<Probe>) -> Result<(), HandlerError> {
    emitter.emit(message).await?;
    Ok(())
}

fn forwarding(probe: &Probe) -> Harness<MessageRouter<Probe>> {
    Harness::new(MessageRouter::new().with_state(probe.clone()).on_type("a", forward))
}

#[tokio::test]
async fn the_probe_sees_what_a_handler_emits() {
    let probe = Probe::new();
    probe.assert_empty();
    forwarding(&probe).deliver(message("a")).await.assert_acked();
    assert_eq!(probe.messages().len(), 1);
    assert_eq!(probe.take()[0].metadata().payload_type, "a");
    probe.assert_empty();
}

#[tokio::test]
async fn injected_faults_come_in_order_and_then_end() {
    let probe = Probe::new().with_id("orders");
    probe.fail_next(1, ProduceErrorKind::Unavailable);
    probe.fail_next(1, ProduceErrorKind::TooLarge);
    assert_eq!(Producer::id(&probe), "orders");

    let first = probe.emit(message("a")).await.unwrap_err();
    assert_eq!((first.kind(), first.is_retryable()), (EmitErrorKind::Produce, true));
    assert_eq!(first.remaining()[0].producer(), "orders");
    let second = probe.produce(&message("a")).await.unwrap_err();
    assert_eq!(second.kind(), ProduceErrorKind::TooLarge);
    probe.assert_empty();
    probe.retry(first).await.unwrap();
    assert_eq!(probe.messages().len(), 1);
}

#[tokio::test]
async fn a_retry_is_delivered_again_up_to_the_attempts_that_the_test_allows() {
    let probe = Probe::new();
    let harness = forwarding(&probe);
    probe.fail_next(2, ProduceErrorKind::Unavailable);
    harness.deliver(message("a")).up_to(5).await.assert_acked().assert_attempts(3);

    probe.fail_next(9, ProduceErrorKind::Unavailable);
    let delivered = harness.deliver(message("a")).up_to(2).await.assert_retried().assert_attempts(2);
    delivered.assert_failed_with(FailureCode::HandlerFailed);
}

#[tokio::test]
async fn an_attempt_has_the_number_that_the_test_gives_it() {
    async fn handler(Attempt(attempt): Attempt) -> Result<(), HandlerError> {
        match attempt {
            1..3 => Err(HandlerError::retry_after(Duration::from_secs(u64::from(attempt)), "not yet")),
            _ => Err(HandlerError::dead_letter("too late")),
        }
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", handler));
    harness.deliver(message("a")).await.assert_retried_after(Duration::from_secs(1));
    harness.deliver(message("a")).as_attempt(2).await.assert_retried_after(Duration::from_secs(2));
    harness.deliver(message("a")).as_attempt(3).await.assert_dead_lettered(FailureCode::HandlerFailed);
    harness.deliver(message("a")).as_attempt(2).up_to(9).await.assert_attempts(2);
}

#[tokio::test]
async fn a_panic_and_a_broken_body_end_as_they_do_in_a_consumer() {
    async fn panics() {
        panic!("out of cheese")
    }
    let harness = Harness::new(MessageRouter::new().on_type("a", panics));
    harness.deliver(message("a")).await.assert_retried().assert_failed_with(FailureCode::HandlerPanicked);
    for body in [b"{".as_slice(), b"", b"\xff", b"[]", b"{\"payload\":{}}"] {
        harness.deliver_body(body).await.assert_dead_lettered(FailureCode::DecodeFailed);
    }
}

#[tokio::test]
async fn an_ordered_probe_refuses_messages_without_a_key() {
    let keyed = with_metadata("a", |metadata| metadata.partition_key = Some("1".into()));
    let ordered = Probe::new().ordered();
    assert!(ordered.capabilities().ordered);
    let refused = ordered.produce(&message("a")).await.unwrap_err();
    assert_eq!(refused.kind(), ProduceErrorKind::Refused);
    ordered.produce(&keyed).await.unwrap();

    let keyless = Probe::new().ordered_with_keyless(KeylessGroup::EventId);
    keyless.produce(&message("a")).await.unwrap();
}

#[tokio::test]
async fn a_background_emit_is_recorded_at_once_or_fails() {
    let probe = Probe::new().with_codec(Codec::cloud_events("orders"));
    assert_eq!(*probe.codec(), Codec::cloud_events("orders"));
    probe.enqueue(message("a")).unwrap();
    assert_eq!(probe.messages().len(), 1);
    probe.fail_next(1, ProduceErrorKind::Closed);
    let error = probe.enqueue(message("b")).unwrap_err();
    assert_eq!(error.into_message().unwrap().metadata().payload_type, "b");
}

#[tokio::test]
async fn waiting_for_emits_ends_with_the_last_of_them() {
    let probe = Probe::new();
    let emitter = probe.clone();
    let task = tokio::spawn(async move {
        for payload_type in ["a", "b", "c"] {
            tokio::task::yield_now().await;
            emitter.emit(message(payload_type)).await.unwrap();
        }
    });
    let messages = probe.wait_for(3).await;
    assert_eq!(messages[2].metadata().payload_type, "c");
    assert_eq!(probe.wait_for(0).await.len(), 3);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "waited for 1 messages")]
async fn waiting_for_what_never_comes_ends_in_a_panic() {
    Probe::new().wait_for(1).await;
}

#[test]
#[should_panic(expected = "two handlers")]
fn a_harness_does_not_start_with_overlapping_routes() {
    drop(Harness::new(MessageRouter::new().on_type("a", async || {}).on_type("a", async || {})));
}

#[tokio::test]
#[should_panic(expected = "expected an acknowledgement")]
async fn an_assertion_that_does_not_hold_panics() {
    let harness = Harness::new(MessageRouter::new());
    harness.deliver(message("a")).await.assert_acked();
}
