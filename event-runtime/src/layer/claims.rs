//! Handling under a claim, for the layers that ask an [`IdempotencyStore`](crate::idempotency::IdempotencyStore): it
//! is asked for, kept alive while the handler runs, and given back whatever happens to the handler.

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use metrics::Counter;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::clock::{Clock, after, until};
use crate::envelope::Message;
use crate::handler::Incoming;
use crate::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, DynIdempotencyStore, IdempotencyError, IdempotencyErrorKind,
    PayloadDigest,
};
use crate::layer::Next;
use crate::outcome::Outcome;

/// What the layers over claims can be told about them.
macro_rules! claim_settings {
    (retention: $retention:literal) => {
        /// How long a claim holds unless it is renewed, at least a millisecond, and 30 seconds unless set: after the death of a
        /// process, its messages are handled again when this has passed and their leases have ended.
        #[must_use]
        pub fn with_claim(mut self, ttl: Duration) -> Self {
            self.claims.ttl = ttl.max(Duration::from_millis(1));
            self
        }

        #[doc = $retention]
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

        /// How many times a message may end the process before it is a dead letter, at least once; 3 unless set.
        #[must_use]
        pub fn with_max_crashes(mut self, crashes: u32) -> Self {
            self.suspects.max_crashes = Some(crashes.max(1));
            self
        }
    };
}

pub(super) use claim_settings;

/// How long a claim holds where nothing else is set.
pub(super) const CLAIM: Duration = Duration::from_secs(30);

/// How long records are kept where nothing else is set.
pub(super) const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

/// A claim is renewed each time this part of its time has passed.
const RENEWALS: u32 = 3;

/// A call that failed is repeated after this part of the claim's time.
const REPEATS: u32 = 12;

/// How long a message is handed back for while its store can't be asked.
pub(super) const UNAVAILABLE: Duration = Duration::from_secs(5);

pub(super) type KeyFunction = Arc<dyn Fn(&Message) -> String + Send + Sync>;

/// What a layer claims with; a clone shares the store and the releases under way.
#[derive(Clone)]
pub(super) struct Claims {
    pub(super) store: Arc<dyn DynIdempotencyStore>,
    pub(super) handler: Arc<str>,
    pub(super) clock: Clock,
    pub(super) ttl: Duration,
    pub(super) retention: Duration,
    pub(super) key: Option<KeyFunction>,
    releases: Releases,
}

/// How a handling under a claim ended.
pub(super) enum Handled {
    Outcome(Outcome),
    /// The claim ended while the handler ran.
    ClaimLost(Option<Outcome>),
}

/// What becomes of the handler when its claim is lost.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum OnLost {
    /// It is told and dropped: somebody else may be handling the message.
    Stop,
    /// It runs on: the claim says only that it has started.
    RunOn,
}

impl Claims {
    pub(super) fn new(store: Arc<dyn DynIdempotencyStore>, handler: Arc<str>) -> Self {
        let (clock, releases) = (Clock::system(), Releases::default());
        Self { store, handler, clock, ttl: CLAIM, retention: RETENTION, key: None, releases }
    }

    fn key_of(&self, message: &Message) -> String {
        match &self.key {
            Some(key) => key(message),
            None => message.metadata().id.to_string(),
        }
    }

    /// Asks for the claim of a message. Where it was or may have been granted, the guard gives it back when dropped.
    pub(super) async fn claim(
        &self,
        message: &Message,
    ) -> (Result<ClaimOutcome, IdempotencyError>, Option<Held<'_>>) {
        let request = ClaimRequest {
            claim: Claim::new(self.handler.clone(), self.key_of(message)),
            digest: PayloadDigest::of(message),
            generation: message.hops(),
            ttl: self.ttl,
            retention: self.retention,
        };
        // Counted from before the call: the store's own count begins later, so this one ends first.
        let ends = after(self.clock.steady(), self.ttl);
        let mut held = Held { claims: self, claim: Some(request.claim.clone()), ends };
        let outcome = self.within(self.store.claim(&request)).await;
        match outcome {
            Ok(ClaimOutcome::Claimed { .. }) | Err(_) => (outcome, Some(held)),
            Ok(_) => {
                held.claim = None;
                (outcome, None)
            }
        }
    }

    /// Waits for the claims that are being given back for handlers that were dropped. Nothing is given up where the wait is.
    pub(super) async fn released(&self) {
        while poll_fn(|context| self.releases.tasks().poll_join_next(context)).await.is_some() {}
    }

    async fn within<T>(
        &self,
        call: impl Future<Output = Result<T, IdempotencyError>>,
    ) -> Result<T, IdempotencyError> {
        within(&self.clock, self.ttl, call).await
    }

    fn sleep_for(&self, part: u32, ends: Timestamp) -> crate::clock::Sleep {
        self.clock.sleep((self.ttl / part).min(until(self.clock.steady(), ends)))
    }
}

/// A claim that is or may be held. Dropped, it is given back in the background.
pub(super) struct Held<'a> {
    claims: &'a Claims,
    claim: Option<Claim>,
    ends: Timestamp,
}

impl Held<'_> {
    /// Runs the rest of the chain, and renews the claim as long as that takes.
    pub(super) async fn run(&mut self, incoming: Incoming, next: Next<'_>, on_lost: OnLost) -> Handled {
        let cancellation = incoming.cancellation().token();
        let mut handling = next.run(incoming.with_cancellation(cancellation.clone()));
        let kept = async {
            self.keep().await;
            if on_lost == OnLost::RunOn {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            outcome = &mut handling => return Handled::Outcome(outcome),
            () = kept => {}
        }
        // Told first, so that what it started elsewhere ends too; then dropped, unless it has come to its end.
        cancellation.cancel();
        let last = poll_fn(|context| {
            Poll::Ready(match handling.as_mut().poll(context) {
                Poll::Ready(outcome) => Some(outcome),
                Poll::Pending => None,
            })
        });
        Handled::ClaimLost(last.await)
    }

    /// Renews until the claim is lost.
    async fn keep(&mut self) {
        let claims = self.claims;
        let Some(claim) = self.claim.clone() else { return };
        let mut part = RENEWALS;
        loop {
            claims.sleep_for(part, self.ends).await;
            let asked = claims.clock.steady();
            if asked >= self.ends {
                return;
            }
            let renewed = tokio::select! {
                biased;
                renewed = claims.store.renew(&claim, claims.ttl) => renewed,
                () = claims.clock.sleep(until(claims.clock.steady(), self.ends)) => return,
            };
            part = match renewed {
                Ok(()) => {
                    self.ends = after(asked, claims.ttl);
                    RENEWALS
                }
                Err(error) if error.kind() == IdempotencyErrorKind::ClaimLost => return,
                Err(error) => {
                    tracing::warn!(handler = %claim.handler, key = %claim.key, %error, "claim not renewed; trying again");
                    REPEATS
                }
            };
        }
    }

    /// Records that the message was handled; repeated for as long as the claim holds.
    pub(super) async fn complete(mut self) -> Result<(), IdempotencyError> {
        let claims = self.claims;
        // From here on the message counts as handled, also where this future is dropped: the claim is not given back.
        let Some(claim) = self.claim.take() else { return Ok(()) };
        loop {
            let completed = claims.within(claims.store.complete(&claim, claims.retention)).await;
            let Err(error) = completed else { return Ok(()) };
            let lost = error.kind() == IdempotencyErrorKind::ClaimLost;
            if lost || claims.clock.steady() >= self.ends {
                return Err(error);
            }
            claims.sleep_for(REPEATS, self.ends).await;
        }
    }

    /// Gives the claim back, so that the next attempt need not wait for its end.
    pub(super) async fn release(mut self) {
        let Some(claim) = self.claim.clone() else { return };
        let Claims { store, clock, ttl, .. } = self.claims;
        give_back(store.as_ref(), clock, *ttl, &claim).await;
        self.claim = None;
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            self.claims.releases.start(self.claims, claim);
        }
    }
}

async fn give_back(store: &dyn DynIdempotencyStore, clock: &Clock, ttl: Duration, claim: &Claim) {
    if let Err(error) = within(clock, ttl, store.release(claim)).await
        && error.kind() != IdempotencyErrorKind::ClaimLost
    {
        tracing::warn!(handler = %claim.handler, key = %claim.key, %error, "claim not released; it ends by itself");
    }
}

/// Waits for the store, and no longer than a claim holds.
async fn within<T>(
    clock: &Clock,
    ttl: Duration,
    call: impl Future<Output = Result<T, IdempotencyError>>,
) -> Result<T, IdempotencyError> {
    tokio::select! {
        biased;
        result = call => result,
        () = async { clock.sleep(ttl).await } => {
            let text = format!("the idempotency store did not answer within {ttl:?}");
            Err(IdempotencyError::new(IdempotencyErrorKind::Unavailable, text))
        }
    }
}

/// Claims that are given back in the background; the tasks end with the last clone of the layer.
#[derive(Clone, Default)]
struct Releases(Arc<Mutex<JoinSet<()>>>);

impl Releases {
    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, claims: &Claims, claim: Claim) {
        // Without a runtime nothing can wait for the store: the claim ends by itself.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut tasks = self.tasks();
        while tasks.try_join_next().is_some() {}
        // Not the claims as a whole: a task must not keep the set alive that it is in.
        let (store, clock, ttl) = (claims.store.clone(), claims.clock.clone(), claims.ttl);
        tasks.spawn_on(async move { give_back(store.as_ref(), &clock, ttl, &claim).await }, &runtime);
    }
}

/// One counter by a `result` label, each registered when it is first needed.
#[derive(Clone)]
pub(super) struct Results<const N: usize> {
    name: &'static str,
    handler: Arc<str>,
    labels: [&'static str; N],
    counters: Arc<[OnceLock<Counter>; N]>,
}

impl<const N: usize> Results<N> {
    pub(super) fn new(name: &'static str, handler: Arc<str>, labels: [&'static str; N]) -> Self {
        Self { name, handler, labels, counters: Arc::new(std::array::from_fn(|_| OnceLock::new())) }
    }

    pub(super) fn count(&self, index: usize) {
        let (Some(counter), Some(label)) = (self.counters.get(index), self.labels.get(index)) else { return };
        let counter = counter.get_or_init(
            || metrics::counter!(self.name, "handler" => self.handler.to_string(), "result" => *label),
        );
        counter.increment(1);
    }
}
