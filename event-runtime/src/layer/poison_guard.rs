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
use crate::layer::claims::{Claims, Handled, OnLost, Results, UNAVAILABLE};
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
    max_crashes: u32,
    /// One suspect at a time.
    suspects: Arc<Semaphore>,
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
        let (ttl, retention) = (Duration::from_secs(30), Duration::from_secs(7 * 24 * 3600));
        let claims = Claims::new(store, handler.into(), ttl, retention);
        let results = Results::new(Self::TOTAL, claims.handler.clone(), RESULTS);
        let suspects = Arc::new(Semaphore::new(1));
        Self { claims, max_crashes: Self::DEFAULT_MAX_CRASHES, suspects, results }
    }

    /// How many times a message may end the process before it is a dead letter, at least once; 3 unless set.
    #[must_use]
    pub fn with_max_crashes(mut self, crashes: u32) -> Self {
        self.max_crashes = crashes.max(1);
        self
    }

    /// How long the record of a start holds unless it is renewed, at least a millisecond; 30 seconds unless set. After
    /// a crash the message is handled again when this has passed and its lease has ended.
    #[must_use]
    pub fn with_claim(mut self, ttl: Duration) -> Self {
        self.claims.ttl = ttl.max(Duration::from_millis(1));
        self
    }

    /// How long crashes are remembered; 7 days unless set.
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.claims.retention = retention;
        self
    }

    /// The same layer by another clock, for tests; the store has its own.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.claims.clock = clock;
        self
    }

    /// Waits until the records of handlers that were dropped are taken back; call it when the consumer's run has ended,
    /// or they count as crashes.
    ///
    /// # Cancel safety
    /// A dropped call gives up what is under way; those records end by themselves.
    pub async fn released(&self) {
        self.claims.released().await;
    }

    /// Whether a message may run after so many crashes; a suspect's permit is to be kept while it runs.
    pub(super) fn judge(
        &self,
        message: &Message,
        crashes: u32,
    ) -> Result<Option<OwnedSemaphorePermit>, Outcome> {
        if crashes == 0 {
            return Ok(None);
        }
        if crashes < self.max_crashes {
            return self.suspects.clone().try_acquire_owned().map(Some).map_err(|_| {
                Outcome::defer(
                    SUSPECT_WAITS,
                    "another message that was there when the process ended is handled first",
                )
            });
        }
        let id = &message.metadata().id;
        tracing::error!(handler = %self.claims.handler, %id, crashes, "message quarantined: it ended the process");
        let text = format!("the process ended {crashes} times while it handled the message");
        let details = json!({ "crashes": crashes, "handler": &*self.claims.handler });
        Err(Outcome::dead_letter(Failure::new(FailureCode::Poisoned, text).with_details(details)))
    }

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
        let suspect = match self.judge(incoming.message(), abandoned) {
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

impl Layer for PoisonGuard {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.handle(incoming, next))
    }
}

impl std::fmt::Debug for PoisonGuard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PoisonGuard")
            .field("handler", &self.claims.handler)
            .field("max_crashes", &self.max_crashes)
            .finish_non_exhaustive()
    }
}
