//! Every message handled once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::clock::Clock;
use crate::envelope::Message;
use crate::error::{Failure, FailureCode};
use crate::handler::Incoming;
use crate::idempotency::{ClaimOutcome, DynIdempotencyStore, IdempotencyStore};
use crate::layer::claims::{
    CLAIM, Claims, Handled, Held, OnLost, RETENTION, Results, UNAVAILABLE, claim_settings,
};
use crate::layer::poison_guard::Suspects;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Suppresses duplicates: a message that was handled is acknowledged without handling it again, and no two consumers
/// handle one message at the same time.
///
/// The mode is *record after*: the message is claimed, the handler runs, and its success is recorded. Delivery stays
/// at least once. A handler runs again where the process ends between its success and the record of it, and where
/// its claim could not be renewed in time; effects in the same database can be tied to the record instead, see the
/// transactional layer of `event-store-sql`.
///
/// | the store says | outcome |
/// |---|---|
/// | not handled before | the handler's own. `Ack` and `Discard` are recorded, anything else gives the claim back, so that a retry runs at once and a redriven dead letter runs |
/// | handled before | `Ack`, counted as `duplicate` |
/// | somebody else is handling it | `Defer` until that claim would end; no attempt is counted |
/// | another payload came under this id | a dead letter `PAYLOAD_MISMATCH` |
/// | it ended the process too often | a dead letter `POISONED`, see [`PoisonGuard`](crate::layer::PoisonGuard) |
/// | nothing: it can't be asked | `Defer` for 5 seconds. A handler never runs without its claim; there is no setting to let it |
///
/// The claim is renewed while the handler runs. Where it can't be renewed before it ends, or somebody else has taken
/// it over, the handler's [`Cancellation`](crate::handler::Cancellation) is set and the handler is dropped; the message
/// is retried. What can't be dropped (a thread, a task that it spawned) has to look at the cancellation.
///
/// Where the record of a success can't be written before the claim ends, the message is acknowledged all the same
/// and counted as `unrecorded`: to handle it again would be the worse duplicate.
///
/// # Where it stands
/// Layers further out see duplicates, layers further in don't: [`Metrics`](crate::layer::Metrics) outside,
/// [`Timeout`](crate::layer::Timeout) inside. A timeout outside drops this layer with its handler; the claim is then given
/// back in the background, for which a consumer waits at the [end of its drain](Layer::drained); where the process ends
/// first, the claim ends by itself and counts as abandoned.
///
/// # Metrics
/// [`event_idempotency_total`](Self::TOTAL), a counter with the labels `handler` and `result`: `handled`, `failed`,
/// `duplicate`, `in_progress`, `mismatch`, `poisoned`, `unavailable`, `lost`, `unrecorded`.
///
/// ```
/// use std::time::Duration;
/// use event_runtime::idempotency::InMemoryIdempotencyStore;
/// use event_runtime::layer::{Idempotent, Timeout};
/// use event_runtime::router::MessageRouter;
/// use event_runtime::{Codec, FailureCode, Message, Metadata, Outcome};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = InMemoryIdempotencyStore::new(100_000);
/// let router = MessageRouter::new()
///     .on_type("order.paid", async |_: Message| println!("paid"))
///     .layer(Idempotent::new(store, "billing").with_retention(Duration::from_secs(14 * 24 * 3600)))
///     .layer(Timeout::new(Duration::from_secs(30)));
///
/// let metadata = Metadata::new("order.paid", 1);
/// let paid = Codec::Native.encode_raw(metadata.clone(), r#"{"amount":1}"#, None)?;
/// assert_eq!(router.handle(paid.clone()).await, Outcome::Ack); // prints "paid"
/// assert_eq!(router.handle(paid).await, Outcome::Ack); // prints nothing
///
/// let tampered = Codec::Native.encode_raw(metadata, r#"{"amount":1000}"#, None)?;
/// let outcome = router.handle(tampered).await;
/// assert_eq!(outcome.failure().map(|failure| failure.code), Some(FailureCode::PayloadMismatch));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Idempotent {
    claims: Claims,
    suspects: Suspects,
    results: Results<9>,
}

const RESULTS: [&str; 9] = [
    "handled",
    "failed",
    "duplicate",
    "in_progress",
    "mismatch",
    "poisoned",
    "unavailable",
    "lost",
    "unrecorded",
];

#[derive(Clone, Copy)]
enum Counted {
    Handled,
    Failed,
    Duplicate,
    InProgress,
    Mismatch,
    Poisoned,
    Unavailable,
    Lost,
    Unrecorded,
}

impl Idempotent {
    /// Messages by what became of them.
    pub const TOTAL: &'static str = "event_idempotency_total";

    /// How long a claim holds unless it is renewed, where nothing else is set: 30 seconds.
    pub const DEFAULT_CLAIM: Duration = CLAIM;

    /// How long a record is kept where nothing else is set: 7 days.
    pub const DEFAULT_RETENTION: Duration = RETENTION;

    /// The layer over a store. `handler` names who handles: consumers of different names each handle an event once,
    /// those that share the work of one queue share the name. It must not change while duplicates can come.
    pub fn new(store: impl IdempotencyStore, handler: impl Into<Arc<str>>) -> Self {
        Self::from_shared(Arc::new(store), handler)
    }

    /// The layer over a store that is shared, or chosen at run time.
    pub fn from_shared(store: Arc<dyn DynIdempotencyStore>, handler: impl Into<Arc<str>>) -> Self {
        let handler: Arc<str> = handler.into();
        let results = Results::new(Self::TOTAL, handler.clone(), RESULTS);
        Self { claims: Claims::new(store, handler), suspects: Suspects::default(), results }
    }

    claim_settings!(retention: "How long a record is kept, 7 days unless set: longer than a duplicate can take to arrive, which is how long the broker \
        keeps a message, and how long dead letters lie before somebody redrives them.");

    /// What tells one message from another, instead of the event's id: the id of a business transaction in a
    /// header, or id and source where several producers number their own events.
    #[must_use]
    pub fn with_key(mut self, key: impl Fn(&Message) -> String + Send + Sync + 'static) -> Self {
        self.claims.key = Some(Arc::new(key));
        self
    }

    /// Lets a message end the process as often as it likes.
    #[must_use]
    pub fn without_poison_detection(mut self) -> Self {
        self.suspects.max_crashes = None;
        self
    }

    async fn handle(&self, incoming: Incoming, next: Next<'_>) -> Outcome {
        let (answer, held) = self.claims.claim(incoming.message()).await;
        match (answer, held) {
            (Ok(ClaimOutcome::Claimed { abandoned }), Some(held)) => {
                self.handle_claimed(incoming, next, held, abandoned).await
            }
            (Ok(ClaimOutcome::Completed), _) => {
                self.count(Counted::Duplicate);
                let metadata = incoming.message().metadata();
                tracing::debug!(handler = %self.claims.handler, id = %metadata.id, "duplicate suppressed");
                Outcome::Ack
            }
            (Ok(ClaimOutcome::InProgress { remaining }), _) => {
                self.count(Counted::InProgress);
                Outcome::defer(remaining, "the message is being handled elsewhere")
            }
            (Ok(ClaimOutcome::Mismatch), _) => {
                self.count(Counted::Mismatch);
                mismatch(incoming.message())
            }
            (answer, held) => {
                self.count(Counted::Unavailable);
                if let Err(error) = &answer {
                    tracing::error!(handler = %self.claims.handler, %error, "the idempotency store did not answer; nothing is handled");
                }
                // The claim may have been recorded: it is given back in the background.
                drop(held);
                Outcome::defer(UNAVAILABLE, "the idempotency store did not answer")
            }
        }
    }

    async fn handle_claimed(
        &self,
        incoming: Incoming,
        next: Next<'_>,
        mut held: Held<'_>,
        abandoned: u32,
    ) -> Outcome {
        let message = incoming.message().clone();
        let suspect = match self.suspects.judge(&message, abandoned, &self.claims.handler) {
            Ok(permit) => permit,
            Err(outcome) => {
                if matches!(outcome, Outcome::DeadLetter { .. }) {
                    self.count(Counted::Poisoned);
                }
                held.release().await;
                return outcome;
            }
        };
        let handled = held.run(incoming, next, OnLost::Stop).await;
        drop(suspect);
        match handled {
            Handled::Outcome(outcome @ (Outcome::Ack | Outcome::Discard { .. }))
            | Handled::ClaimLost(Some(outcome @ (Outcome::Ack | Outcome::Discard { .. }))) => {
                match held.complete().await {
                    Ok(()) => self.count(Counted::Handled),
                    Err(error) => {
                        self.count(Counted::Unrecorded);
                        tracing::warn!(
                            handler = %self.claims.handler, id = %message.metadata().id, %error,
                            "handled, and not recorded: a duplicate would be handled again"
                        );
                    }
                }
                outcome
            }
            Handled::Outcome(outcome) | Handled::ClaimLost(Some(outcome)) => {
                self.count(Counted::Failed);
                held.release().await;
                outcome
            }
            Handled::ClaimLost(None) => {
                self.count(Counted::Lost);
                held.release().await;
                let text =
                    "the claim on the message ended while the handler ran, and the handler was stopped";
                Outcome::retry(Failure::new(FailureCode::TimedOut, text))
            }
        }
    }

    fn count(&self, result: Counted) {
        self.results.count(result as usize);
    }
}

fn mismatch(message: &Message) -> Outcome {
    let metadata = message.metadata();
    let text = "another payload came under this id before: the message was altered, or its producer gives an id twice";
    let details =
        json!({ "id": &*metadata.id, "payload_type": &*metadata.payload_type, "version": metadata.version });
    Outcome::dead_letter(Failure::new(FailureCode::PayloadMismatch, text).with_details(details))
}

impl Layer for Idempotent {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.handle(incoming, next))
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.claims.released())
    }
}

impl std::fmt::Debug for Idempotent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Idempotent")
            .field("handler", &self.claims.handler)
            .field("claim", &self.claims.ttl)
            .field("retention", &self.claims.retention)
            .finish_non_exhaustive()
    }
}
