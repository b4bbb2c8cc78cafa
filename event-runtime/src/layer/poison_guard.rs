//! Messages that end the process.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;
use crate::envelope::Message;
use crate::error::{Failure, FailureCode};
use crate::handler::Incoming;
use crate::idempotency::{ClaimOutcome, DynIdempotencyStore, IdempotencyStore};
use crate::layer::claims::{Claims, Handled, OnLost, Results, UNAVAILABLE, claim_settings};
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// How long a suspect waits for another suspect to be handled.
const SUSPECT_WAITS: Duration = Duration::from_secs(1);

/// Quarantines a message that ends the process again and again: it becomes a dead letter `POISONED` before its handler
/// runs once more.
///
/// An abort, a stack overflow or the kernel's out-of-memory killer leaves nobody to count an attempt, and the broker's
/// receive count says only that the message was handed out: a shutdown, a deploy or a lost lease look the same. So the
/// guard records in its store *that it starts*, before the handler runs, and takes the record back when the handler
/// has ended, whichever way. A record that ended by itself is a crash. Another [`Idempotent`](crate::layer::Idempotent)
/// layer does not need it, as it counts the same by its own claims; transactional handlers do, because their
/// transaction is undone with the process.
///
/// A crash takes down what else was being handled, too. So a message that was there at a crash is a *suspect*: a process
/// handles one suspect at a time, and defers the others, which keeps the innocent from adding up crashes beside the
/// guilty. A redriven dead letter starts anew: it comes from another sending.
///
/// The store has to outlive the process. Two consumers don't handle one message at the same time as long as its start is
/// recorded, but where the record can't be renewed, the handler runs on.
///
/// # Metrics
/// [`event_poison_guard_total`](Self::TOTAL), a counter with the labels `handler` and `result`: `handled`, `in_progress`,
/// `poisoned`, `unavailable`.
///
/// ```
/// use std::time::Duration;
/// use event_runtime::idempotency::IdempotencyStore;
/// use event_runtime::layer::PoisonGuard;
/// use event_runtime::router::MessageRouter;
///
/// fn guarded(router: MessageRouter, store: impl IdempotencyStore) -> MessageRouter {
///     router.layer(PoisonGuard::new(store, "billing-starts").with_max_crashes(2))
/// }
/// ```
#[derive(Clone)]
pub struct PoisonGuard {
    claims: Claims,
    suspects: Suspects,
    results: Results<4>,
}

const RESULTS: [&str; 4] = ["handled", "in_progress", "poisoned", "unavailable"];

#[derive(Clone, Copy)]
enum Counted {
    Handled,
    InProgress,
    Poisoned,
    Unavailable,
}

impl PoisonGuard {
    /// Messages by what became of them.
    pub const TOTAL: &'static str = "event_poison_guard_total";

    /// How many crashes are allowed where nothing else is set.
    pub const DEFAULT_MAX_CRASHES: u32 = 3;

    /// The layer over a store that outlives the process. `handler` names who handles; it must be another name than
    /// that of an [`Idempotent`](crate::layer::Idempotent) layer over the same store.
    pub fn new(store: impl IdempotencyStore, handler: impl Into<Arc<str>>) -> Self {
        Self::from_shared(Arc::new(store), handler)
    }

    /// The layer over a store that is shared, or chosen at run time.
    pub fn from_shared(store: Arc<dyn DynIdempotencyStore>, handler: impl Into<Arc<str>>) -> Self {
        let claims = Claims::new(store, handler.into());
        let results = Results::new(Self::TOTAL, claims.handler.clone(), RESULTS);
        Self { claims, suspects: Suspects::default(), results }
    }

    claim_settings!(retention: "How long crashes are remembered; 7 days unless set.");

    async fn handle(&self, incoming: Incoming, next: Next<'_>) -> Outcome {
        let (answer, held) = self.claims.claim(incoming.message()).await;
        let (abandoned, mut held) = match (answer, held) {
            (Ok(ClaimOutcome::Claimed { abandoned }), Some(held)) => (abandoned, held),
            (Ok(ClaimOutcome::InProgress { remaining }), _) => {
                self.count(Counted::InProgress);
                return Outcome::defer(remaining, "the message is being handled elsewhere");
            }
            (Ok(_), _) => {
                self.count(Counted::InProgress);
                return Outcome::defer(
                    self.claims.ttl,
                    "a message of the same id is being handled elsewhere",
                );
            }
            (Err(error), _) => {
                self.count(Counted::Unavailable);
                tracing::error!(handler = %self.claims.handler, %error, "the store of starts did not answer; nothing is handled");
                return Outcome::defer(UNAVAILABLE, "the store of starts did not answer");
            }
        };
        let suspect = match self.suspects.judge(incoming.message(), abandoned, &self.claims.handler) {
            Ok(permit) => permit,
            Err(outcome) => {
                if matches!(outcome, Outcome::DeadLetter { .. }) {
                    self.count(Counted::Poisoned);
                }
                held.release().await;
                return outcome;
            }
        };
        let handled = held.run(incoming, next, OnLost::RunOn).await;
        drop(suspect);
        held.release().await;
        self.count(Counted::Handled);
        match handled {
            Handled::Outcome(outcome) | Handled::ClaimLost(Some(outcome)) => outcome,
            Handled::ClaimLost(None) => Outcome::defer(UNAVAILABLE, "the record of the start was lost"),
        }
    }

    fn count(&self, result: Counted) {
        self.results.count(result as usize);
    }
}

/// Messages that were there when the process ended: one is handled at a time, and those that were there too often are not.
#[derive(Clone)]
pub(super) struct Suspects {
    /// `None`: as often as it likes.
    pub(super) max_crashes: Option<u32>,
    one: Arc<Semaphore>,
}

impl Default for Suspects {
    fn default() -> Self {
        Self { max_crashes: Some(PoisonGuard::DEFAULT_MAX_CRASHES), one: Arc::new(Semaphore::new(1)) }
    }
}

impl Suspects {
    /// Whether a message may run after so many crashes; a suspect's permit is to be kept while it runs.
    pub(super) fn judge(
        &self,
        message: &Message,
        crashes: u32,
        handler: &str,
    ) -> Result<Option<OwnedSemaphorePermit>, Outcome> {
        let Some(max_crashes) = self.max_crashes.filter(|_| crashes > 0) else { return Ok(None) };
        if crashes < max_crashes {
            return self.one.clone().try_acquire_owned().map(Some).map_err(|_| {
                Outcome::defer(
                    SUSPECT_WAITS,
                    "another message that was there when the process ended is handled first",
                )
            });
        }
        let id = &message.metadata().id;
        tracing::error!(handler, %id, crashes, "message quarantined: it ended the process");
        let text = format!("the process ended {crashes} times while it handled the message");
        let details = json!({ "crashes": crashes, "handler": handler });
        Err(Outcome::dead_letter(Failure::new(FailureCode::Poisoned, text).with_details(details)))
    }
}

impl Layer for PoisonGuard {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.handle(incoming, next))
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.claims.released())
    }
}

impl std::fmt::Debug for PoisonGuard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PoisonGuard")
            .field("handler", &self.claims.handler)
            .field("max_crashes", &self.suspects.max_crashes)
            .finish_non_exhaustive()
    }
}
