//! The suite that every [`IdempotencyStore`] passes; for those who write one.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, IdempotencyError, IdempotencyErrorKind, IdempotencyStore,
    PayloadDigest,
};

/// A claim that does not end while the suite runs.
const LONG: Duration = Duration::from_secs(3600);

/// A claim, or a record, whose end the suite waits for.
const SHORT: Duration = Duration::from_millis(40);

/// How many claim one key at the same time.
const RACERS: usize = 32;

/// Asserts that a store keeps what [`IdempotencyStore`] promises.
///
/// `pass` lets time pass for the store: it advances the clock that the store was given, or sleeps where the store goes
/// by a server's clock. It is asked for less than a second in all. The suite writes under handler names that nobody
/// else uses, and can run against a store that is in use.
///
/// # Panics
/// Where the store breaks a promise, or fails.
///
/// ```
/// use event_runtime::ManualClock;
/// use event_runtime::idempotency::InMemoryIdempotencyStore;
/// use event_runtime::testing::idempotency::assert_keeps_promises;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
/// let store = InMemoryIdempotencyStore::new(1000).with_clock(clock.clock());
/// assert_keeps_promises(store, async |time| clock.advance(time)).await;
/// # }
/// ```
pub async fn assert_keeps_promises<S: IdempotencyStore>(store: S, pass: impl AsyncFn(Duration)) {
    let suite = Suite { store: Arc::new(store), run: uuid::Uuid::now_v7().to_string() };
    suite.a_key_is_handled_once().await;
    suite.handlers_and_keys_are_apart().await;
    suite.of_many_claims_one_is_granted().await;
    suite.a_call_whose_answer_was_lost_can_be_repeated().await;
    suite.a_released_key_is_free_at_once().await;
    suite.another_payload_is_reported().await;
    suite.an_ended_claim_is_free_and_counts_as_abandoned(&pass).await;
    suite.another_sending_or_payload_counts_anew(&pass).await;
    suite.who_finishes_too_late_changes_nothing(&pass).await;
    suite.a_late_finisher_without_a_successor_is_in_time(&pass).await;
    suite.a_renewed_claim_holds(&pass).await;
    suite.records_end(&pass).await;
}

struct Suite<S> {
    store: Arc<S>,
    run: String,
}

impl<S: IdempotencyStore> Suite<S> {
    fn request(&self, key: &str, ttl: Duration) -> ClaimRequest {
        ClaimRequest {
            claim: Claim::new(self.run.as_str(), key),
            digest: PayloadDigest::of_parts("order.paid", 1, b"{}"),
            generation: 0,
            ttl,
            retention: LONG,
        }
    }

    async fn claim(&self, request: &ClaimRequest) -> ClaimOutcome {
        done("claim", self.store.claim(request).await)
    }

    /// Claims and expects to be granted it, after so many abandoned claims.
    async fn granted(&self, key: &str, ttl: Duration, abandoned: u32) -> Claim {
        let request = self.request(key, ttl);
        assert_eq!(self.claim(&request).await, ClaimOutcome::Claimed { abandoned }, "{key}");
        request.claim
    }

    async fn a_key_is_handled_once(&self) {
        let first = self.granted("once", LONG, 0).await;
        match self.claim(&self.request("once", LONG)).await {
            ClaimOutcome::InProgress { remaining } => {
                assert!(!remaining.is_zero() && remaining <= LONG, "{remaining:?}");
            }
            other => panic!("claimed twice: {other:?}"),
        }
        done("complete", self.store.complete(&first, LONG).await);
        assert_eq!(self.claim(&self.request("once", LONG)).await, ClaimOutcome::Completed);
        lost("renew a completed claim", self.store.renew(&first, LONG).await);
    }

    async fn handlers_and_keys_are_apart(&self) {
        // Parts that read the same when put together.
        for (handler, key) in [("a", "b:c"), ("a:b", "c"), ("a", "b\u{1f}c"), ("ä", "größe 'x' \\ {y}")] {
            let mut request = self.request(key, LONG);
            request.claim.handler = format!("{}{handler}", self.run).into();
            assert_eq!(self.claim(&request).await, ClaimOutcome::Claimed { abandoned: 0 }, "{handler} {key}");
        }
        self.granted(&"long".repeat(200), LONG, 0).await;
    }

    async fn of_many_claims_one_is_granted(&self) {
        let mut racers = JoinSet::new();
        for _ in 0..RACERS {
            let (store, request) = (self.store.clone(), self.request("race", LONG));
            racers.spawn(async move { (store.claim(&request).await, request.claim) });
        }
        let mut winners = Vec::new();
        while let Some(racer) = racers.join_next().await {
            let (outcome, claim) = done("a racer", racer);
            match done("claim", outcome) {
                ClaimOutcome::Claimed { abandoned: 0 } => winners.push(claim),
                ClaimOutcome::InProgress { .. } => {}
                other => panic!("a racer found {other:?}"),
            }
        }
        assert_eq!(winners.len(), 1, "so many of {RACERS} were granted the same key");
        done("complete", self.store.complete(&winners[0], LONG).await);
    }

    async fn a_call_whose_answer_was_lost_can_be_repeated(&self) {
        let request = self.request("again", LONG);
        for _ in 0..2 {
            assert_eq!(self.claim(&request).await, ClaimOutcome::Claimed { abandoned: 0 });
        }
        for _ in 0..2 {
            done("complete", self.store.complete(&request.claim, LONG).await);
        }
        assert_eq!(self.claim(&self.request("again", LONG)).await, ClaimOutcome::Completed);
    }

    async fn a_released_key_is_free_at_once(&self) {
        let first = self.granted("released", LONG, 0).await;
        done("release", self.store.release(&first).await);
        lost("release again", self.store.release(&first).await);
        let second = self.granted("released", LONG, 0).await;
        done("complete", self.store.complete(&second, LONG).await);
        lost("release a completed claim", self.store.release(&second).await);
        assert_eq!(self.claim(&self.request("released", LONG)).await, ClaimOutcome::Completed);
    }

    async fn another_payload_is_reported(&self) {
        let other = PayloadDigest::of_parts("order.paid", 1, b"{\"amount\":1000}");
        let tampered = || ClaimRequest { digest: other, ..self.request("tampered", LONG) };
        let first = self.granted("tampered", LONG, 0).await;
        assert_eq!(self.claim(&tampered()).await, ClaimOutcome::Mismatch);
        done("complete", self.store.complete(&first, LONG).await);
        assert_eq!(self.claim(&tampered()).await, ClaimOutcome::Mismatch);
        assert_eq!(self.claim(&self.request("tampered", LONG)).await, ClaimOutcome::Completed);
    }

    async fn an_ended_claim_is_free_and_counts_as_abandoned(&self, pass: &impl AsyncFn(Duration)) {
        self.granted("crash", SHORT, 0).await;
        pass(SHORT * 2).await;
        self.granted("crash", SHORT, 1).await;
        pass(SHORT * 2).await;
        let third = self.granted("crash", LONG, 2).await;
        done("release", self.store.release(&third).await);
        self.granted("crash", LONG, 2).await;
    }

    async fn another_sending_or_payload_counts_anew(&self, pass: &impl AsyncFn(Duration)) {
        let (mut redriven, mut repaired) = (self.request("redriven", LONG), self.request("repaired", LONG));
        redriven.generation = 1;
        repaired.digest = PayloadDigest::of_parts("order.paid", 1, b"{\"repaired\":true}");
        for request in [redriven, repaired] {
            let key = &request.claim.key;
            self.granted(key, SHORT, 0).await;
            pass(SHORT * 2).await;
            let second = self.granted(key, LONG, 1).await;
            done("release", self.store.release(&second).await);
            assert_eq!(self.claim(&request).await, ClaimOutcome::Claimed { abandoned: 0 }, "{key}");
        }
    }

    async fn who_finishes_too_late_changes_nothing(&self, pass: &impl AsyncFn(Duration)) {
        let late = self.granted("fenced", SHORT, 0).await;
        pass(SHORT * 2).await;
        let second = self.granted("fenced", LONG, 1).await;
        lost("renew", self.store.renew(&late, LONG).await);
        lost("release", self.store.release(&late).await);
        lost("complete", self.store.complete(&late, LONG).await);
        assert!(matches!(self.claim(&self.request("fenced", LONG)).await, ClaimOutcome::InProgress { .. }));
        done("complete", self.store.complete(&second, LONG).await);
        lost("complete after the successor", self.store.complete(&late, LONG).await);
        assert_eq!(self.claim(&self.request("fenced", LONG)).await, ClaimOutcome::Completed);
        lost("complete what nobody claimed", self.store.complete(&Claim::new("nobody", "x"), LONG).await);
    }

    async fn a_late_finisher_without_a_successor_is_in_time(&self, pass: &impl AsyncFn(Duration)) {
        let late = self.granted("late", SHORT, 0).await;
        pass(SHORT * 2).await;
        done("complete", self.store.complete(&late, LONG).await);
        assert_eq!(self.claim(&self.request("late", LONG)).await, ClaimOutcome::Completed);
    }

    async fn a_renewed_claim_holds(&self, pass: &impl AsyncFn(Duration)) {
        let claim = self.granted("renewed", SHORT, 0).await;
        done("renew", self.store.renew(&claim, LONG).await);
        pass(SHORT * 2).await;
        assert!(matches!(self.claim(&self.request("renewed", LONG)).await, ClaimOutcome::InProgress { .. }));
    }

    async fn records_end(&self, pass: &impl AsyncFn(Duration)) {
        let completed = self.granted("ends", LONG, 0).await;
        done("complete", self.store.complete(&completed, SHORT).await);
        let forgotten = ClaimRequest { retention: SHORT, ..self.request("forgotten", SHORT) };
        assert_eq!(self.claim(&forgotten).await, ClaimOutcome::Claimed { abandoned: 0 });
        pass(SHORT * 4).await;
        self.granted("ends", LONG, 0).await;
        self.granted("forgotten", LONG, 0).await;
    }
}

#[track_caller]
fn done<T, E: std::fmt::Debug>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what} failed: {error:?}"),
    }
}

#[track_caller]
fn lost(what: &str, result: Result<(), IdempotencyError>) {
    match result {
        Err(error) if error.kind() == IdempotencyErrorKind::ClaimLost => {}
        other => panic!("{what}: expected the claim to be lost, got {other:?}"),
    }
}
