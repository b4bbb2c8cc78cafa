//! Typed handlers and packs behind a router.

use std::sync::{Arc, Mutex};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;
use crate::codec::Codec;
use crate::envelope::{Envelope, Message, Metadata};
use crate::error::FailureCode;
use crate::handler::{Attempt, Payload, State};
use crate::{Event, message_pack};

/// A payment arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 2, upcast_from = PaidV1)]
struct Paid {
    #[validate(range(min = 1))]
    amount: u32,
    currency: String,
}

/// A payment arrived, when all were in one currency.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "Paid")]
struct PaidV1 {
    amount: u32,
}

impl From<PaidV1> for Paid {
    fn from(PaidV1 { amount }: PaidV1) -> Self {
        Self { amount, currency: "EUR".to_owned() }
    }
}

/// A payment went back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
struct Refunded {
    amount: u32,
}

message_pack! {
    /// What happens to money.
    MoneyPack<Paid, Refunded>
}

fn message(payload_type: &str, version: u32, payload: &str) -> Message {
    Codec::Native.encode_raw(Metadata::new(payload_type.to_owned(), version), payload, None).unwrap()
}

/// What handlers saw, shared as a router's state.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

async fn on_paid(Payload(paid): Payload<Paid>, State(seen): State<Seen>, Attempt(attempt): Attempt) {
    seen.note(format!("{} {} at attempt {attempt}", paid.amount, paid.currency));
}

async fn on_refunded(refunded: Envelope<Refunded>, seen: State<Seen>) -> Outcome {
    seen.note(format!("{} back", refunded.payload.amount));
    Outcome::discard("no interest")
}

fn failure(outcome: &Outcome) -> &crate::error::Failure {
    match outcome {
        Outcome::DeadLetter { failure } => failure,
        other => panic!("expected a dead letter, got {other:?}"),
    }
}

#[tokio::test]
async fn each_event_goes_to_its_handler_in_every_version_that_it_reads() {
    let seen = Seen::default();
    let router = MessageRouter::new().with_state(seen.clone()).on(on_paid).on(on_refunded);
    assert_eq!(router.payload_types(), ["Paid", "Refunded"]);
    assert_eq!(router.problems(), Vec::<String>::new());

    let current = message("Paid", 2, r#"{"amount":1,"currency":"CHF"}"#);
    let older = Incoming::new(message("Paid", 1, r#"{"amount":2}"#)).with_attempt(3);
    assert_eq!(router.handle(current).await, Outcome::Ack);
    assert_eq!(router.handle(older).await, Outcome::Ack);
    let refunded = message("Refunded", 1, r#"{"amount":3}"#);
    assert_eq!(router.handle(refunded).await, Outcome::discard("no interest"));
    assert_eq!(seen.take(), ["1 CHF at attempt 1", "2 EUR at attempt 3", "3 back"]);
}

#[tokio::test]
async fn a_pack_handler_gets_every_event_of_the_pack() {
    let seen = Seen::default();
    let router = MessageRouter::new().with_state(seen.clone()).on_pack(
        |event: MoneyPack, State(seen): State<Seen>| async move {
            match event {
                MoneyPack::Paid(paid) => seen.note(paid.payload.currency),
                MoneyPack::Refunded(refunded) => seen.note(refunded.metadata.payload_type),
            }
        },
    );
    assert_eq!(router.payload_types(), ["Paid", "Refunded"]);
    assert_eq!(router.handle(message("Paid", 1, r#"{"amount":2}"#)).await, Outcome::Ack);
    assert_eq!(router.handle(message("Refunded", 1, r#"{"amount":2}"#)).await, Outcome::Ack);
    assert_eq!(seen.take(), ["EUR", "Refunded"]);
}

#[tokio::test]
async fn an_unread_version_is_a_dead_letter_that_names_the_known_ones() {
    let router = MessageRouter::new().with_state(Seen::default()).on(on_paid);
    let outcome = router.handle(message("Paid", 3, "{}")).await;
    let failure = failure(&outcome);
    assert_eq!(failure.code, FailureCode::UnknownVersion);
    assert_eq!(failure.details, json!({ "payload_type": "Paid", "version": 3, "known_versions": [1, 2] }));
}

#[tokio::test]
async fn an_unread_version_goes_to_the_fallback_where_there_is_one() {
    let seen = Seen::default();
    let fallback = |message: Message, State(seen): State<Seen>| async move {
        seen.note(format!("fallback {}", message.metadata().version));
    };
    let router = MessageRouter::new().with_state(seen.clone()).on(on_paid).fallback(fallback);
    assert_eq!(router.handle(message("Paid", 3, "{}")).await, Outcome::Ack);
    assert_eq!(seen.take(), ["fallback 3"]);
}

#[tokio::test]
async fn a_malformed_payload_is_a_dead_letter_even_with_a_fallback() {
    let seen = Seen::default();
    let router = MessageRouter::new().with_state(seen.clone()).on(on_paid).fallback(async |_: Message| {});
    let outcome = router.handle(message("Paid", 2, r#"{"amount":"much"}"#)).await;
    assert_eq!(failure(&outcome).code, FailureCode::DecodeFailed);
    assert_eq!(seen.take(), Vec::<String>::new());
}

#[tokio::test]
async fn an_event_that_breaks_its_rules_is_a_dead_letter_that_lists_them() {
    let seen = Seen::default();
    let router = MessageRouter::new().with_state(seen.clone()).on(on_paid).fallback(async |_: Message| {});
    let outcome = router.handle(message("Paid", 1, r#"{"amount":0}"#)).await;
    let failure = failure(&outcome);
    assert_eq!(failure.code, FailureCode::ValidationFailed);
    let rule = json!({ "code": "range", "pointer": "/amount", "params": { "min": 1 } });
    assert_eq!(failure.details["errors"], json!([rule]));
    assert_eq!(seen.take(), Vec::<String>::new());
}

#[tokio::test]
async fn a_handler_of_eight_arguments_is_one() {
    type A = Attempt;
    #[allow(clippy::too_many_arguments, reason = "the most that a handler may have")]
    async fn handler(_: Payload<Paid>, _: A, _: A, _: A, _: A, _: A, _: Message, State(seen): State<Seen>) {
        seen.note("called");
    }
    let seen = Seen::default();
    let router = MessageRouter::new().with_state(seen.clone()).on(handler);
    router.handle(message("Paid", 1, r#"{"amount":2}"#)).await;
    assert_eq!(seen.take(), ["called"]);
}

#[tokio::test]
async fn overlaps_of_every_kind_are_reported_together_and_the_first_stays() {
    let seen = Seen::default();
    let router = MessageRouter::new()
        .with_state(seen.clone())
        .on(on_paid)
        .on_pack(|_: MoneyPack| async {})
        .on_type("Refunded", async |_: Message| {})
        .fallback(async |_: Message| {})
        .fallback(async |_: Message| {});
    let problems = Endpoint::problems(&router);
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(problems[0].contains("`Paid`") && problems[0].contains("on_paid"), "{}", problems[0]);
    assert!(problems[0].contains("MoneyPack") && problems[0].contains(file!()), "{}", problems[0]);
    assert!(problems[1].contains("`Refunded`") && problems[1].contains("on_type"), "{}", problems[1]);
    assert!(problems[2].contains("fallback"), "{}", problems[2]);

    router.handle(message("Paid", 1, r#"{"amount":2}"#)).await;
    assert_eq!(seen.take(), ["2 EUR at attempt 1"]);
}
