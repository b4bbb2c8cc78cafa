//! The router's promises that need no typed event.

use std::fmt;

use event_runtime::handler::State;
use event_runtime::testing::Harness;
use event_runtime::{
    Codec, Context, Endpoint, FailureCode, HandlerError, Incoming, IntoOutcome, Message, MessageRouter,
    Outcome,
};
use serde_json::json;

use super::raw::message;

/// An error with a source, as a database's would be.
#[derive(Debug)]
struct Unreachable(std::io::Error);

impl fmt::Display for Unreachable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("database unreachable")
    }
}

impl std::error::Error for Unreachable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn unreachable() -> Unreachable {
    Unreachable(std::io::Error::other("connection refused"))
}

#[tokio::test]
async fn what_a_handler_returns_decides_about_the_message() {
    async fn own_error(_: Message) -> Result<(), Unreachable> {
        Err(unreachable())
    }
    async fn question_mark() -> Result<(), HandlerError> {
        Err(unreachable())?;
        Ok(())
    }
    let harness = Harness::new(
        MessageRouter::new()
            .on_type("unit", async || {})
            .on_type("ok", async || Ok::<(), HandlerError>(()))
            .on_type("outcome", async || Outcome::discard("not for us"))
            .on_type("nested", async || Ok::<_, HandlerError>(Outcome::discard("not for us")))
            .on_type("own error", own_error)
            .on_type("question mark", question_mark)
            .on_type("dead letter", async || Err::<(), _>(HandlerError::dead_letter("never again")))
            .on_type("discard", async || Err::<(), _>(HandlerError::discard("not for us"))),
    );
    for acked in ["unit", "ok"] {
        harness.deliver(message(acked)).await.assert_acked();
    }
    for discarded in ["outcome", "nested", "discard"] {
        harness.deliver(message(discarded)).await.assert_discarded();
    }
    for retried in ["own error", "question mark"] {
        let delivered = harness.deliver(message(retried)).await.assert_retried();
        let failure = delivered.failure().unwrap();
        assert_eq!(failure.code, FailureCode::HandlerFailed);
        assert_eq!(failure.message, "database unreachable: connection refused");
    }
    harness.deliver(message("dead letter")).await.assert_dead_lettered(FailureCode::HandlerFailed);
}

#[tokio::test]
async fn an_unknown_payload_type_is_a_dead_letter_that_names_the_nearest_known_one() {
    let router =
        MessageRouter::new().on_type("order.created", async || {}).on_type("user.created", async || {});
    let harness = Harness::new(router);
    let near = harness.deliver(message("ordre.created")).await;
    let near = near.assert_dead_lettered(FailureCode::UnknownPayloadType);
    assert_eq!(
        near.failure().unwrap().details,
        json!({ "payload_type": "ordre.created", "nearest": "order.created" })
    );
    let far = harness.deliver(message("invoice.paid")).await;
    let far = far.assert_dead_lettered(FailureCode::UnknownPayloadType);
    assert_eq!(far.failure().unwrap().details["nearest"], json!(null));
}

#[tokio::test]
async fn a_router_without_handlers_refuses_everything() {
    let harness = Harness::new(MessageRouter::new());
    harness.deliver(message("a")).await.assert_dead_lettered(FailureCode::UnknownPayloadType);
}

#[tokio::test]
async fn an_unknown_payload_type_goes_to_the_fallback_and_a_known_one_does_not() {
    let harness = Harness::new(
        MessageRouter::new()
            .on_type("known", async || {})
            .fallback(async |message: Message| Outcome::discard(message.metadata().payload_type.clone())),
    );
    harness.deliver(message("known")).await.assert_acked();
    let delivered = harness.deliver(message("other")).await;
    assert_eq!(*delivered.outcome(), Outcome::discard("other"));
}

#[tokio::test]
async fn a_handler_has_the_state_that_was_set_when_it_was_registered() {
    async fn number(State(number): State<u32>) -> Outcome {
        Outcome::discard(number.to_string())
    }
    async fn text(State(text): State<&'static str>) -> Outcome {
        Outcome::discard(text)
    }
    let router = MessageRouter::new()
        .with_state(7_u32)
        .on_type("number", number)
        .with_state("seven")
        .on_type("text", text);
    assert_eq!(router.handle(message("number")).await, Outcome::discard("7"));
    assert_eq!(router.handle(message("text")).await, Outcome::discard("seven"));
}

#[tokio::test]
async fn handlers_run_in_the_context_of_their_message_and_leave_it() {
    async fn cause() -> Outcome {
        Outcome::discard(Context::current().unwrap().message().metadata().id.to_string())
    }
    async fn plain(_: Message) -> Outcome {
        cause().await
    }
    let message = message("a");
    let expected = Outcome::discard(message.metadata().id.to_string());

    let router = MessageRouter::new().on_type("a", cause);
    assert_eq!(router.handle(message.clone()).await, expected);
    assert_eq!(plain.handle(Incoming::new(message)).await, expected);
    assert!(Context::current().is_none());
}

#[tokio::test]
async fn a_decode_error_of_the_handlers_own_is_no_retry() {
    let error = Codec::decode("{".into()).unwrap_err();
    let outcome = Err::<(), HandlerError>(error.into()).into_outcome();
    assert_eq!(outcome.failure().unwrap().code, FailureCode::DecodeFailed);
    assert_eq!(outcome.label(), "dead_letter");
}

#[test]
fn a_clone_that_is_extended_leaves_the_original_alone() {
    let original = MessageRouter::new().on_type("a", async || {});
    let extended = original.clone().on_type("b", async || {});
    assert_eq!(original.payload_types(), ["a"]);
    assert_eq!(extended.payload_types(), ["a", "b"]);
    assert!(Endpoint::problems(&original.on_type("b", async || {})).is_empty());
}
