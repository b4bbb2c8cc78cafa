//! A shutdown loses nothing and ends in its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_runtime::consumer::{ConsumerSettings, Status};
use event_runtime::delivery::{SettleAction, attribute};
use event_runtime::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, IdempotencyError, IdempotencyStore, InMemoryIdempotencyStore,
};
use event_runtime::layer::{Idempotent, Layered};
use event_runtime::transport::BoxFuture;
use event_runtime::{HandlerError, Incoming, Layer, Message, Next, Outcome};
use tokio::sync::{Semaphore, mpsc, watch};

use super::fake::{FakeSource, Letters, body, delivery, info};
use super::{Running, advancing, consumer, eventually, manual_clock, settings};

const HANDED_BACK: SettleAction = SettleAction::HandBack { after: Duration::ZERO };

#[tokio::test]
async fn a_receive_in_flight_is_awaited_and_its_messages_handed_back() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    eventually(|| source.asked().len() == 1).await;
    let watched = running.consumer.clone();
    let stop = tokio::spawn(running.end());
    eventually(|| watched.health().status == Status::Draining).await;
    source.deliver([delivery(body("1")), delivery(body("2"))]);
    let report = stop.await.unwrap();
    assert_eq!(source.settled(), [(0, HANDED_BACK), (1, HANDED_BACK)]);
    assert_eq!((report.handed_back, report.acknowledged, report.unsettled), (2, 0, 0));
}

#[tokio::test]
async fn what_runs_finishes_and_what_waits_is_handed_back() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let settings = ConsumerSettings { concurrency: 1, ..settings() };
    let consumer = consumer(&source, &letters).with_settings(settings);
    let (started, mut starts) = mpsc::unbounded_channel();
    let (gate, opened) = watch::channel(false);
    let running = Running::start(consumer, move |_: Message| {
        let (started, mut opened) = (started.clone(), opened.clone());
        async move {
            started.send(()).unwrap();
            drop(opened.wait_for(|open| *open).await);
        }
    });
    source.deliver([delivery(body("runs")), delivery(body("waits"))]);
    starts.recv().await.unwrap();
    let stop = tokio::spawn(running.end());
    assert_eq!(source.settlements(1).await, [(1, HANDED_BACK)]);
    gate.send(true).unwrap();
    source.finish();
    let report = stop.await.unwrap();
    assert_eq!(source.settled()[1], (0, SettleAction::Remove));
    assert_eq!((report.acknowledged, report.handed_back, report.cut_off), (1, 1, 0));
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_told_then_cut_off_and_its_message_released() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let (started, mut starts) = mpsc::unbounded_channel();
    let running = Running::start(consumer, move |_: Message| {
        started.send(()).unwrap();
        std::future::pending::<()>()
    });
    source.deliver([delivery(body("1"))]);
    starts.recv().await.unwrap();
    let begin = clock.now();
    let report = advancing(&clock, running.stop(&source)).await;
    assert_eq!(source.settled(), [(0, SettleAction::Release { after: Duration::ZERO })]);
    assert_eq!((report.cut_off, report.unsettled), (1, 0));
    assert!(clock.now().duration_since(begin).unsigned_abs() <= Duration::from_secs(10));
}

#[tokio::test]
async fn a_broker_that_confirms_nothing_does_not_keep_the_process_from_ending() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    source.fault_settle(std::iter::repeat_n(super::fake::Fault::Transient, 10_000));
    let consumer = consumer(&source, &letters).with_clock(clock.clock());
    let running = Running::start(consumer, |_: Message| async {});
    source.deliver([delivery(body("1"))]);
    let watched = running.consumer.clone();
    eventually(|| watched.health().in_flight == 1 && source.asked().len() == 2).await;
    let report = advancing(&clock, running.stop(&source)).await;
    assert_eq!((report.acknowledged, report.unsettled), (1, 1));
}

#[tokio::test]
async fn a_failure_during_the_drain_goes_back_to_the_broker() {
    let mut ordered = info();
    ordered.ordered = true;
    let (source, letters) = (FakeSource::new(ordered), Letters::default());
    let (started, mut starts) = mpsc::unbounded_channel();
    let (gate, opened) = watch::channel(false);
    let running = Running::start(consumer(&source, &letters), move |_: Message| {
        let (started, mut opened) = (started.clone(), opened.clone());
        async move {
            started.send(()).unwrap();
            drop(opened.wait_for(|open| *open).await);
            Err::<(), _>(HandlerError::retry("not now"))
        }
    });
    let mut grouped = delivery(body("1"));
    grouped.group = Some("a".into());
    source.deliver([grouped]);
    starts.recv().await.unwrap();
    let watched = running.consumer.clone();
    let stop = tokio::spawn(running.end());
    eventually(|| watched.health().status == Status::Draining).await;
    gate.send(true).unwrap();
    source.finish();
    stop.await.unwrap();
    assert_eq!(source.settled(), [(0, SettleAction::Release { after: Duration::ZERO })]);
}

#[tokio::test]
async fn a_delayed_message_that_waits_for_its_time_was_no_attempt() {
    let mut ordered = info();
    ordered.ordered = true;
    let (source, letters, clock) = (FakeSource::new(ordered), Letters::default(), manual_clock());
    let running =
        Running::start(consumer(&source, &letters).with_clock(clock.clock()), |_: Message| async {});
    let mut delayed = delivery(body("1"));
    delayed.group = Some("a".into());
    delayed.attributes.set(attribute::DELAYED_UNTIL, "2026-01-01T00:01:00Z");
    source.deliver([delayed]);
    // The timer of its backoff, beside the lease keeper's.
    eventually(|| clock.sleepers() == 2).await;
    running.stop(&source).await;
    assert_eq!(source.settled(), [(0, SettleAction::HandBack { after: Duration::from_secs(60) })]);
}

#[tokio::test]
async fn a_receive_that_ends_just_within_the_deadline_is_awaited() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let running = Running::start(consumer, |_: Message| async {});
    eventually(|| source.asked().len() == 1).await;
    let watched = running.consumer.clone();
    let stop = tokio::spawn(running.end());
    eventually(|| watched.health().status == Status::Draining).await;
    for _ in 0..19 {
        clock.advance(Duration::from_millis(500));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    source.deliver([delivery(body("1"))]);
    stop.await.unwrap();
    assert_eq!(source.settled(), [(0, HANDED_BACK)]);
}

#[tokio::test]
async fn a_receive_that_does_not_end_holds_up_the_drain_to_its_deadline_and_no_longer() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let running = Running::start(consumer, |_: Message| async {});
    eventually(|| source.asked().len() == 1).await;
    let begin = clock.now();
    advancing(&clock, running.end()).await;
    assert_eq!(clock.now().duration_since(begin).as_secs(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_blocks_its_thread_does_not_hold_up_the_drain() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let (started, mut starts) = mpsc::unbounded_channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let running = Running::start(consumer, move |_: Message| {
        started.send(()).unwrap();
        let _ = released.lock().unwrap().recv();
        async {}
    });
    source.deliver([delivery(body("1"))]);
    starts.recv().await.unwrap();
    let stop = tokio::spawn({
        let source = source.clone();
        async move { running.stop(&source).await }
    });
    // The four moments of the drain, beside the lease keeper's.
    eventually(|| clock.sleepers() >= 5).await;
    clock.advance(Duration::from_millis(9_500));
    assert_eq!(source.settlements(1).await, [(0, SettleAction::Release { after: Duration::ZERO })]);
    let report = stop.await.unwrap();
    drop(release);
    assert_eq!((report.cut_off, report.acknowledged), (1, 0));
}

/// A layer that has something left to do: it says when it is asked for it, and waits for `done`.
struct Leftover {
    asked: mpsc::UnboundedSender<()>,
    done: Arc<Semaphore>,
}

impl Layer for Leftover {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        next.run(incoming)
    }

    fn drained(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.asked.send(()).unwrap();
            drop(self.done.acquire().await);
        })
    }
}

#[tokio::test]
async fn what_layers_left_to_do_is_awaited_when_everything_is_settled() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let (asked, mut asks) = mpsc::unbounded_channel();
    let done = Arc::new(Semaphore::new(0));
    let layered =
        |endpoint| Layered::new(endpoint).layer(Leftover { asked: asked.clone(), done: done.clone() });
    // One around the other: the hook reaches endpoints behind layers too.
    let endpoint = layered(Layered::new(|_: Message| async {}));
    let running = Running::start(consumer(&source, &letters), Layered::new(endpoint));
    source.deliver([delivery(body("1"))]);
    assert_eq!(source.settlements(1).await, [(0, SettleAction::Remove)]);
    let watched = running.consumer.clone();
    source.finish();
    let stop = tokio::spawn(running.end());
    asks.recv().await.unwrap();
    assert_eq!((watched.health().status, watched.health().in_flight), (Status::Draining, 0));
    assert!(!stop.is_finished());
    done.add_permits(1);
    assert_eq!(stop.await.unwrap().acknowledged, 1);
}

#[tokio::test]
async fn a_layer_that_has_never_done_does_not_keep_the_process_from_ending() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let (asked, _asks) = mpsc::unbounded_channel();
    let leftover = Leftover { asked, done: Arc::new(Semaphore::new(0)) };
    let running = Running::start(consumer, Layered::new(|_: Message| async {}).layer(leftover));
    eventually(|| source.asked().len() == 1).await;
    let begin = clock.now();
    advancing(&clock, running.stop(&source)).await;
    assert!(clock.now().duration_since(begin).unsigned_abs() <= Duration::from_secs(10));
}

/// A store that takes its time to give a claim back, once it was told to.
#[derive(Clone)]
struct Slow(InMemoryIdempotencyStore, Arc<AtomicBool>);

impl IdempotencyStore for Slow {
    async fn claim(&self, request: &ClaimRequest) -> Result<ClaimOutcome, IdempotencyError> {
        IdempotencyStore::claim(&self.0, request).await
    }

    async fn renew(&self, claim: &Claim, ttl: Duration) -> Result<(), IdempotencyError> {
        IdempotencyStore::renew(&self.0, claim, ttl).await
    }

    async fn complete(&self, claim: &Claim, retention: Duration) -> Result<(), IdempotencyError> {
        IdempotencyStore::complete(&self.0, claim, retention).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), IdempotencyError> {
        self.1.store(true, Ordering::SeqCst);
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        IdempotencyStore::release(&self.0, claim).await
    }
}

#[tokio::test]
async fn the_claims_of_handlers_that_were_cut_off_are_given_back_before_a_run_ends() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let store = Slow(InMemoryIdempotencyStore::new(10).with_clock(clock.clock()), Arc::default());
    let (started, mut starts) = mpsc::unbounded_channel();
    let stuck = move |_: Message| {
        started.send(()).unwrap();
        std::future::pending::<()>()
    };
    // By its own clock, which stands still: the store's time limit does not end here.
    let layer = Idempotent::new(store.clone(), "billing").with_clock(manual_clock().clock());
    let running = Running::start(consumer, Layered::new(stuck).layer(layer));
    source.deliver([delivery(body("1"))]);
    starts.recv().await.unwrap();
    source.finish();
    let stop = tokio::spawn(running.end());
    // As far as the handler's end, and no further.
    while !store.1.load(Ordering::SeqCst) {
        clock.advance_to_next();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    let report = stop.await.unwrap();
    assert_eq!((report.cut_off, report.unsettled), (1, 0));
    assert_eq!(store.0.len(), 0, "what is left counts as a crash one day");
}
