//! Messages handled once, and messages that end the process.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerSettings};
use event_runtime::embedded::{Broker, EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, QueueSettings};
use event_runtime::handler::State;
use event_runtime::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, IdempotencyError, IdempotencyErrorKind, IdempotencyStore,
    InMemoryIdempotencyStore, PayloadDigest,
};
use event_runtime::layer::{Idempotent, Layer, PoisonGuard, Timeout};
use event_runtime::testing::Harness;
use event_runtime::testing::idempotency::assert_keeps_promises;
use event_runtime::{
    Cancellation, Codec, FailureCode, HandlerError, ManualClock, Message, MessageRouter, Outcome, Producer,
};
use tokio::sync::Semaphore;

use super::raw::{message, with_metadata};

const CLAIM: Duration = Duration::from_secs(30);

pub(super) fn manual_clock() -> ManualClock {
    ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap())
}

/// Waits until `condition` holds, letting other tasks run.
pub(super) async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

fn memory(clock: &ManualClock) -> InMemoryIdempotencyStore {
    InMemoryIdempotencyStore::new(100).with_clock(clock.clock())
}

fn idempotent(store: impl IdempotencyStore, clock: &ManualClock) -> Idempotent {
    Idempotent::new(store, "billing").with_claim(CLAIM).with_clock(clock.clock())
}

type Runs = Arc<AtomicUsize>;
type Given = (Runs, Arc<dyn Fn(usize) -> Outcome + Send + Sync>);

/// A router that counts its runs, and ends them as `outcome` says for each.
fn counting(runs: &Runs, outcome: impl Fn(usize) -> Outcome + Send + Sync + 'static) -> MessageRouter<Given> {
    async fn run(State((runs, outcome)): State<Given>) -> Outcome {
        outcome(runs.fetch_add(1, Ordering::SeqCst))
    }
    let given: Given = (runs.clone(), Arc::new(outcome));
    MessageRouter::new().with_state(given).on_type("a", run)
}

/// A handler that says that it has begun, and goes on when it is let.
#[derive(Clone)]
struct Gate {
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
    cancelled: Arc<AtomicUsize>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn new() -> Self {
        let count = Arc::<AtomicUsize>::default;
        Self { begun: count(), dropped: count(), cancelled: count(), open: Arc::new(Semaphore::new(0)) }
    }

    fn router(&self) -> MessageRouter<Self> {
        struct Dropped(Arc<AtomicUsize>);
        impl Drop for Dropped {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        async fn run(State(gate): State<Gate>, cancellation: Cancellation) {
            gate.begun.fetch_add(1, Ordering::SeqCst);
            let watched = gate.clone();
            tokio::spawn(async move {
                cancellation.cancelled().await;
                watched.cancelled.fetch_add(1, Ordering::SeqCst);
            });
            let _dropped = Dropped(gate.dropped.clone());
            drop(gate.open.acquire().await);
        }
        MessageRouter::new().with_state(self.clone()).on_type("a", run)
    }

    async fn begun(&self, count: usize) {
        eventually(|| self.begun.load(Ordering::SeqCst) == count).await;
    }
}

#[tokio::test]
async fn the_store_in_memory_keeps_the_promises_of_a_store() {
    let clock = manual_clock();
    assert_keeps_promises(memory(&clock), async |time| clock.advance(time)).await;
}

#[tokio::test]
async fn a_full_store_forgets_what_was_completed_and_never_what_is_claimed() {
    let clock = manual_clock();
    let store = InMemoryIdempotencyStore::new(2).with_clock(clock.clock());
    let request = |key: &str| ClaimRequest {
        claim: Claim::new("billing", key),
        digest: PayloadDigest::of_parts("a", 1, b"{}"),
        generation: 0,
        ttl: CLAIM,
        retention: CLAIM * 100,
    };
    let claimed = Ok(ClaimOutcome::Claimed { abandoned: 0 });
    let (first, second) = (request("1"), request("2"));
    for request in [&first, &second] {
        assert_eq!(store.claim(request).await.map_err(|error| error.kind()), claimed);
    }
    let full = store.claim(&request("3")).await.unwrap_err();
    assert_eq!((full.kind(), full.is_retryable()), (IdempotencyErrorKind::Full, true));
    store.complete(&second.claim, CLAIM * 100).await.unwrap();
    assert_eq!(store.claim(&request("3")).await.map_err(|error| error.kind()), claimed);
    assert_eq!(store.len(), 2);
    assert!(matches!(store.claim(&request("1")).await.unwrap(), ClaimOutcome::InProgress { .. }));
    // What has ended makes room by itself.
    clock.advance(CLAIM * 200);
    assert_eq!(store.claim(&request("4")).await.map_err(|error| error.kind()), claimed);
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn a_duplicate_is_acknowledged_and_not_handled() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let store = memory(&clock);
    let harness = Harness::new(counting(&runs, |_| Outcome::Ack).layer(idempotent(store.clone(), &clock)));
    let first = message("a");
    for _ in 0..3 {
        harness.deliver(first.clone()).await.assert_acked();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    // Another message, and another consumer of the same one.
    harness.deliver(message("a")).await.assert_acked();
    let other = Idempotent::new(store, "shipping").with_clock(clock.clock());
    Harness::new(counting(&runs, |_| Outcome::Ack).layer(other)).deliver(first).await.assert_acked();
    assert_eq!(runs.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn what_is_not_done_is_tried_again_at_once() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let router = counting(&runs, |run| match run {
        0 => HandlerError::retry("not now").into_outcome(),
        1 => HandlerError::dead_letter("never").into_outcome(),
        2 => Outcome::defer(CLAIM, "not yet"),
        _ => Outcome::discard("not wanted"),
    });
    let harness = Harness::new(router.layer(idempotent(memory(&clock), &clock)));
    let message = message("a");
    harness.deliver(message.clone()).await.assert_retried();
    // A dead letter that somebody redrives is handled, too.
    harness.deliver(message.clone()).await.assert_dead_lettered(FailureCode::HandlerFailed);
    harness.deliver(message.clone()).await.assert_deferred();
    harness.deliver(message.clone()).await.assert_discarded();
    // What was discarded is done.
    harness.deliver(message).await.assert_acked();
    assert_eq!(runs.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn another_payload_under_a_known_id_is_a_dead_letter() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let harness = Harness::new(counting(&runs, |_| Outcome::Ack).layer(idempotent(memory(&clock), &clock)));
    let original = message("a");
    harness.deliver(original.clone()).await.assert_acked();
    let tampered = Codec::Native.encode_raw(original.metadata().clone(), r#"{"amount":1000}"#, None).unwrap();
    harness.deliver(tampered).await.assert_dead_lettered(FailureCode::PayloadMismatch);
    // The same payload with other metadata is the same message.
    let mut metadata = original.metadata().clone();
    metadata.headers.insert("hop".into(), "2".into());
    harness.deliver(Codec::Native.encode_raw(metadata, "{}", None).unwrap()).await.assert_acked();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_key_of_one_s_own_tells_messages_apart() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let layer = idempotent(memory(&clock), &clock)
        .with_key(|message| message.metadata().header("transaction").unwrap_or_default().to_owned());
    let harness = Harness::new(counting(&runs, |_| Outcome::Ack).layer(layer));
    for transaction in ["1", "1", "2"] {
        let message = with_metadata("a", |metadata| {
            metadata.headers.insert("transaction".into(), transaction.into());
        });
        harness.deliver(message).await.assert_acked();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn of_many_deliveries_of_one_message_one_runs() {
    let (clock, gate) = (manual_clock(), Gate::new());
    let router = gate.router().layer(idempotent(memory(&clock), &clock));
    let message = message("a");
    let deliveries: Vec<_> = (0..32)
        .map(|_| {
            let (router, message) = (router.clone(), message.clone());
            tokio::spawn(async move { router.handle(message).await })
        })
        .collect();
    eventually(|| deliveries.iter().filter(|delivery| delivery.is_finished()).count() == 31).await;
    assert_eq!(gate.begun.load(Ordering::SeqCst), 1);
    gate.open.add_permits(1);
    let mut acknowledged = 0;
    for delivery in deliveries {
        match delivery.await.unwrap() {
            Outcome::Ack => acknowledged += 1,
            Outcome::Defer { after, .. } => assert_eq!(after, CLAIM),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(acknowledged, 1);
}

#[tokio::test]
async fn a_claim_is_renewed_while_the_handler_runs() {
    let (clock, gate) = (manual_clock(), Gate::new());
    let store = memory(&clock);
    let router = gate.router().layer(idempotent(store.clone(), &clock));
    let message = message("a");
    let running = tokio::spawn({
        let (router, message) = (router.clone(), message.clone());
        async move { router.handle(message).await }
    });
    gate.begun(1).await;
    for _ in 0..9 {
        eventually(|| clock.sleepers() > 0).await;
        clock.advance(CLAIM / 3);
        // The renewal is done when the next one is waited for.
        eventually(|| clock.sleepers() > 0).await;
    }
    // Three times as long as a claim holds.
    assert!(matches!(router.handle(message.clone()).await, Outcome::Defer { .. }));
    gate.open.add_permits(1);
    assert_eq!(running.await.unwrap(), Outcome::Ack);
    assert_eq!((gate.begun.load(Ordering::SeqCst), gate.cancelled.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(router.handle(message).await, Outcome::Ack);
}

/// A store that fails when it is told to.
#[derive(Clone)]
struct Faulty {
    store: InMemoryIdempotencyStore,
    /// How many calls of each kind fail from now on: claim, renew, complete, release.
    faults: Arc<[AtomicU32; 4]>,
    calls: Arc<[AtomicU32; 4]>,
}

impl Faulty {
    fn new(clock: &ManualClock) -> Self {
        Self { store: memory(clock), faults: Arc::default(), calls: Arc::default() }
    }

    fn fail(&self, call: usize, times: u32) {
        self.faults[call].store(times, Ordering::SeqCst);
    }

    fn meet(&self, call: usize) -> Result<(), IdempotencyError> {
        self.calls[call].fetch_add(1, Ordering::SeqCst);
        let failing = |left: u32| left.checked_sub(1);
        match self.faults[call].fetch_update(Ordering::SeqCst, Ordering::SeqCst, failing) {
            Ok(_) => Err(IdempotencyError::new(IdempotencyErrorKind::Unavailable, "down")),
            Err(_) => Ok(()),
        }
    }
}

impl IdempotencyStore for Faulty {
    async fn claim(&self, request: &ClaimRequest) -> Result<ClaimOutcome, IdempotencyError> {
        self.meet(0)?;
        IdempotencyStore::claim(&self.store, request).await
    }

    async fn renew(&self, claim: &Claim, ttl: Duration) -> Result<(), IdempotencyError> {
        self.meet(1)?;
        IdempotencyStore::renew(&self.store, claim, ttl).await
    }

    async fn complete(&self, claim: &Claim, retention: Duration) -> Result<(), IdempotencyError> {
        self.meet(2)?;
        IdempotencyStore::complete(&self.store, claim, retention).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), IdempotencyError> {
        self.meet(3)?;
        IdempotencyStore::release(&self.store, claim).await
    }
}

#[tokio::test]
async fn without_its_store_nothing_is_handled() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let store = Faulty::new(&clock);
    let harness = Harness::new(counting(&runs, |_| Outcome::Ack).layer(idempotent(store.clone(), &clock)));
    store.fail(0, 2);
    let message = message("a");
    for _ in 0..2 {
        harness.deliver(message.clone()).await.assert_deferred();
    }
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    harness.deliver(message).await.assert_acked();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_handler_whose_claim_can_t_be_renewed_is_stopped() {
    let (clock, gate) = (manual_clock(), Gate::new());
    let store = Faulty::new(&clock);
    store.fail(1, u32::MAX);
    let router = gate.router().layer(idempotent(store.clone(), &clock));
    let running = tokio::spawn({
        let router = router.clone();
        async move { router.handle(message("a")).await }
    });
    gate.begun(1).await;
    while !running.is_finished() {
        eventually(|| clock.sleepers() > 0 || running.is_finished()).await;
        clock.advance_to_next();
        tokio::task::yield_now().await;
    }
    let outcome = running.await.unwrap();
    assert_eq!(outcome.label(), "retry");
    assert_eq!(outcome.failure().map(|failure| failure.code), Some(FailureCode::TimedOut));
    eventually(|| gate.cancelled.load(Ordering::SeqCst) == 1).await;
    assert_eq!(gate.dropped.load(Ordering::SeqCst), 1);
    // Not given up at the first failure.
    assert!(store.calls[1].load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn a_success_is_recorded_when_the_store_is_back() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let store = Faulty::new(&clock);
    let router = counting(&runs, |_| Outcome::Ack).layer(idempotent(store.clone(), &clock));
    let message = message("a");
    for (faults, calls) in [(2, 3), (u32::MAX, 2)] {
        store.fail(2, faults);
        let before = store.calls[2].load(Ordering::SeqCst);
        let running = tokio::spawn({
            let (router, message) = (router.clone(), message.clone());
            async move { router.handle(message).await }
        });
        while !running.is_finished() {
            clock.advance_to_next();
            tokio::task::yield_now().await;
        }
        // Acknowledged also where it could not be recorded: handling it again would be a duplicate for certain.
        assert_eq!(running.await.unwrap(), Outcome::Ack);
        if faults == 2 {
            assert_eq!(store.calls[2].load(Ordering::SeqCst) - before, calls);
            assert_eq!(router.handle(message.clone()).await, Outcome::Ack);
            assert_eq!(runs.load(Ordering::SeqCst), 1);
            break;
        }
    }
    store.fail(2, u32::MAX);
    let running = tokio::spawn({
        let router = router.clone();
        async move { router.handle(super::raw::message("a")).await }
    });
    while !running.is_finished() {
        clock.advance_to_next();
        tokio::task::yield_now().await;
    }
    assert_eq!(running.await.unwrap(), Outcome::Ack);
}

#[tokio::test]
async fn a_handler_that_is_dropped_gives_its_claim_back() {
    let (clock, gate) = (manual_clock(), Gate::new());
    let layer = idempotent(memory(&clock), &clock);
    let router = gate
        .router()
        .layer(Timeout::new(Duration::from_secs(5)).with_clock(clock.clock()))
        .layer(layer.clone());
    let message = message("a");
    let running = tokio::spawn({
        let (router, message) = (router.clone(), message.clone());
        async move { router.handle(message).await }
    });
    gate.begun(1).await;
    eventually(|| clock.sleepers() > 1).await;
    clock.advance(Duration::from_secs(5));
    assert_eq!(running.await.unwrap().label(), "retry");
    layer.drained().await;
    gate.open.add_permits(1);
    // At once, and not when the claim would have ended.
    assert_eq!(router.handle(message).await, Outcome::Ack);
    assert_eq!(gate.begun.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_message_that_is_sent_twice_is_handled_once_and_leaves_the_queue() {
    let (broker, runs) = (Broker::new(), Runs::default());
    let queue = broker.create_queue("orders", QueueSettings::new()).unwrap();
    let dead = broker.create_queue("dead", QueueSettings::new()).unwrap();
    let producer = EmbeddedProducer::new("orders", queue.clone());
    let twice = message("a");
    for message in [twice.clone(), twice, message("a")] {
        producer.produce(&message).await.unwrap();
    }
    let router = counting(&runs, |_| Outcome::Ack).layer(
        Idempotent::new(InMemoryIdempotencyStore::new(100), "billing").with_claim(Duration::from_millis(50)),
    );
    let settings = ConsumerSettings { wait: Duration::ZERO, ..ConsumerSettings::default() };
    let consumer = Consumer::new(EmbeddedSource::new(queue.clone()))
        .with_settings(settings)
        .with_dead_letters(EmbeddedDeadLetters::new(dead));
    let empty = eventually(|| {
        let counts = queue.counts().unwrap();
        counts.visible + counts.in_flight + counts.delayed == 0
    });
    let report = consumer.run(router, empty).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!((report.acknowledged, report.retried, report.dead_lettered), (3, 0, 0));
}

/// What a process that dies leaves in the store.
async fn crash(store: &impl IdempotencyStore, clock: &ManualClock, handler: &str, message: &Message) {
    let request = ClaimRequest {
        claim: Claim::new(handler, &*message.metadata().id),
        digest: PayloadDigest::of(message),
        generation: message.hops(),
        ttl: CLAIM,
        retention: CLAIM * 100,
    };
    assert!(matches!(store.claim(&request).await.unwrap(), ClaimOutcome::Claimed { .. }));
    clock.advance(CLAIM);
}

#[tokio::test]
async fn a_message_that_ends_the_process_too_often_is_quarantined() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let store = memory(&clock);
    let idempotent = idempotent(store.clone(), &clock).with_max_crashes(2);
    let guard = PoisonGuard::new(store.clone(), "starts").with_max_crashes(2).with_clock(clock.clock());
    let routers = [
        ("billing", counting(&runs, |_| Outcome::Ack).layer(idempotent)),
        ("starts", counting(&runs, |_| Outcome::Ack).layer(guard)),
    ];
    for (handler, router) in routers {
        runs.store(0, Ordering::SeqCst);
        let (killer, survivor) = (message("a"), message("a"));
        crash(&store, &clock, handler, &survivor).await;
        assert_eq!(router.handle(survivor).await, Outcome::Ack);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        crash(&store, &clock, handler, &killer).await;
        crash(&store, &clock, handler, &killer).await;
        // Also when the dead letter could not be stored, and the message comes again.
        for _ in 0..2 {
            let outcome = router.handle(killer.clone()).await;
            assert_eq!(
                outcome.failure().map(|failure| failure.code),
                Some(FailureCode::Poisoned),
                "{handler}"
            );
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        // Redriven, it is one hop further, and starts anew.
        assert_eq!(router.handle(killer.with_hops(1)).await, Outcome::Ack);
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test]
async fn suspects_are_handled_one_at_a_time() {
    let (clock, gate) = (manual_clock(), Gate::new());
    let store = memory(&clock);
    let guard = PoisonGuard::new(store.clone(), "starts").with_clock(clock.clock());
    let router = gate.router().layer(guard);
    let (first, second) = (message("a"), message("a"));
    for suspect in [&first, &second] {
        crash(&store, &clock, "starts", suspect).await;
    }
    let running = tokio::spawn({
        let (router, first) = (router.clone(), first.clone());
        async move { router.handle(first).await }
    });
    gate.begun(1).await;
    assert!(matches!(router.handle(second.clone()).await, Outcome::Defer { .. }));
    gate.open.add_permits(8);
    assert_eq!(running.await.unwrap(), Outcome::Ack);
    assert_eq!(router.handle(second).await, Outcome::Ack);
}

#[tokio::test]
async fn a_guarded_handler_runs_on_where_its_start_can_t_be_renewed() {
    let (clock, gate) = (manual_clock(), Gate::new());
    let store = Faulty::new(&clock);
    store.fail(1, u32::MAX);
    let router = gate.router().layer(PoisonGuard::new(store, "starts").with_clock(clock.clock()));
    let running = tokio::spawn(async move { router.handle(message("a")).await });
    gate.begun(1).await;
    for _ in 0..20 {
        tokio::task::yield_now().await;
        clock.advance(CLAIM);
    }
    gate.open.add_permits(1);
    assert_eq!(running.await.unwrap(), Outcome::Ack);
    assert_eq!(gate.cancelled.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_panic_gives_the_claim_back_and_counts_as_no_crash() {
    let (clock, runs) = (manual_clock(), Runs::default());
    let layer = idempotent(memory(&clock), &clock).with_max_crashes(1);
    let router = counting(&runs, |run| if run < 3 { panic!("boom") } else { Outcome::Ack });
    let harness = Harness::new(router.layer(layer.clone()));
    let message = message("a");
    for _ in 0..3 {
        harness.deliver(message.clone()).await.assert_failed_with(FailureCode::HandlerPanicked);
        layer.drained().await;
    }
    harness.deliver(message).await.assert_acked();
    let seen = Mutex::new(runs.load(Ordering::SeqCst));
    assert_eq!(*seen.lock().unwrap(), 4);
}
