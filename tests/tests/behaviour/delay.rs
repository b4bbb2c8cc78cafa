//! Delayed retries over a source that can't delay.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::repair::DeadLetters;
use event_runtime::consumer::{Consumer, ConsumerSettings};
use event_runtime::delay::{DelayRelay, DelayedRetries};
use event_runtime::delivery::{Delivery, Lease, SettleAction, Settlement, attribute};
use event_runtime::embedded::{
    Broker, EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, Queue, QueueSettings,
};
use event_runtime::handler::State;
use event_runtime::transport::{
    DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError, ProduceErrorKind, SettleError, SourceError,
    SourceErrorKind, SourceInfo,
};
use event_runtime::{Attempt, HandlerError, ManualClock, Message, MessageRouter, Outcome, Producer, Source};

use jiff::{SignedDuration, Timestamp};

use super::idempotency::{eventually, manual_clock};
use super::raw::message;

const LATER: Duration = Duration::from_secs(300);

/// An embedded queue on a broker that can't delay, and that may refuse to settle.
#[derive(Clone)]
struct NoDelay {
    source: EmbeddedSource,
    /// So many settle calls fail.
    faults: Arc<Mutex<usize>>,
}

impl NoDelay {
    fn new(queue: &Queue) -> Self {
        Self { source: EmbeddedSource::new(queue.clone()), faults: Arc::default() }
    }
}

impl Source for NoDelay {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        let mut info = self.source.describe().await?;
        info.max_release_delay = Duration::ZERO;
        Ok(info)
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        self.source.receive(max, wait).await
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        for settlement in batch {
            match settlement.action {
                SettleAction::Remove => {}
                SettleAction::Release { after } | SettleAction::HandBack { after } => {
                    assert!(after.is_zero(), "this broker can't delay");
                }
            }
        }
        {
            let mut faults = self.faults.lock().unwrap();
            if *faults > 0 {
                *faults -= 1;
                return batch.iter().map(|_| Err(SettleError::Transient("not now".into()))).collect();
            }
        }
        self.source.settle(batch).await
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        self.source.extend(leases, lease).await
    }
}

struct Fixture {
    clock: ManualClock,
    orders: Queue,
    later: Queue,
    dead: Queue,
}

impl Fixture {
    fn new() -> Self {
        let clock = manual_clock();
        let broker = Broker::builder().clock(clock.clock()).build();
        let queue = |name| broker.create_queue(name, QueueSettings::new()).unwrap();
        Self { orders: queue("orders"), later: queue("later"), dead: queue("dead"), clock }
    }

    fn source(&self) -> DelayedRetries<NoDelay> {
        DelayedRetries::new(NoDelay::new(&self.orders), EmbeddedDeadLetters::new(self.later.clone()))
            .with_clock(self.clock.clock())
    }

    fn relay(&self) -> DelayRelay {
        DelayRelay::new(
            EmbeddedSource::new(self.later.clone()),
            EmbeddedDeadLetters::new(self.orders.clone()),
        )
        .with_clock(self.clock.clock())
        .with_wait(Duration::ZERO)
    }

    async fn send(&self, message: &Message) {
        EmbeddedProducer::new("orders", self.orders.clone()).produce(message).await.unwrap();
    }

    /// One delivery of the source, described first as a consumer does.
    async fn receive(&self, source: &impl Source) -> Delivery {
        source.describe().await.unwrap();
        source.receive(1, Duration::ZERO).await.unwrap().pop().expect("a message")
    }
}

fn all(queue: &Queue) -> usize {
    let counts = queue.counts().unwrap();
    counts.visible + counts.in_flight + counts.delayed
}

#[tokio::test]
async fn a_failed_message_comes_back_when_it_is_due_with_its_attempts() {
    type Seen = Arc<Mutex<Vec<(u32, Timestamp)>>>;
    async fn fail(Attempt(attempt): Attempt, State((seen, clock)): State<(Seen, ManualClock)>) -> Outcome {
        seen.lock().unwrap().push((attempt, clock.now()));
        HandlerError::retry_after(LATER, "not now").into_outcome()
    }
    let fixture = Fixture::new();
    fixture.send(&message("a")).await;
    let seen = Seen::default();
    let router = MessageRouter::new().with_state((seen.clone(), fixture.clock.clone())).on_type("a", fail);
    let settings = ConsumerSettings {
        max_attempts: 3,
        wait: Duration::ZERO,
        settle_linger: Duration::ZERO,
        ..ConsumerSettings::default()
    };
    let consumer = Consumer::new(fixture.source())
        .with_settings(settings)
        .with_clock(fixture.clock.clock())
        .with_dead_letters(EmbeddedDeadLetters::new(fixture.dead.clone()));
    let relay = fixture.relay();
    let dead = || fixture.dead.counts().unwrap().visible == 1;
    let clock = &fixture.clock;
    // Time goes on while a test waits: consumer and relay look for messages every now and then.
    let meanwhile = async |condition: &dyn Fn() -> bool| {
        while !condition() {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            clock.advance(Duration::from_millis(100));
        }
    };
    let advance = async {
        for attempts in 1..3 {
            meanwhile(&|| seen.lock().unwrap().len() == attempts && all(&fixture.orders) == 0).await;
            let due = seen.lock().unwrap()[attempts - 1].1 + SignedDuration::from_secs(300);
            clock.advance((due - SignedDuration::from_secs(1)).duration_since(clock.now()).unsigned_abs());
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert_eq!(seen.lock().unwrap().len(), attempts, "not before it is due");
        }
        meanwhile(&dead).await;
    };
    let (report, relayed, ()) =
        tokio::join!(consumer.run(router, eventually(dead)), relay.run(eventually(dead)), advance);
    let attempts: Vec<u32> = seen.lock().unwrap().iter().map(|(attempt, _)| *attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
    assert_eq!((report.unwrap().retried, relayed.unwrap().forwarded), (2, 2));
    assert_eq!((all(&fixture.orders), all(&fixture.later)), (0, 0));
    // The dead letter says how often it was tried, and does not bring the count along when it is redriven.
    let letters =
        DeadLetters::new(EmbeddedSource::new(fixture.dead.clone())).with_clock(fixture.clock.clock());
    let letters = letters.list().await.unwrap().0;
    assert_eq!(letters[0].attempts(), Some(3));
    assert_eq!(letters[0].attributes().get(attribute::ATTEMPTS), None);
}

#[tokio::test]
async fn it_is_stored_before_it_is_removed_and_once_however_often_the_removal_is_repeated() {
    let fixture = Fixture::new();
    fixture.send(&message("a")).await;
    let inner = NoDelay::new(&fixture.orders);
    let source = DelayedRetries::new(inner.clone(), EmbeddedDeadLetters::new(fixture.later.clone()))
        .with_clock(fixture.clock.clock());
    let delivery = fixture.receive(&source).await;
    *inner.faults.lock().unwrap() = 2;
    let settle = [Settlement { lease: delivery.lease, action: SettleAction::Release { after: LATER } }];
    for _ in 0..2 {
        assert!(matches!(source.settle(&settle).await[..], [Err(SettleError::Transient(_))]));
        assert_eq!((all(&fixture.orders), all(&fixture.later)), (1, 1));
    }
    assert_eq!(source.settle(&settle).await, [Ok(())]);
    assert_eq!((all(&fixture.orders), all(&fixture.later)), (0, 1));
}

#[tokio::test]
async fn what_can_t_be_stored_comes_again_sooner() {
    struct Down;
    impl DeadLetterSink for Down {
        fn name(&self) -> &str {
            "down"
        }
        fn limits(&self) -> DeadLetterLimits {
            DeadLetterLimits { max_bytes: 1 << 18, max_attributes: 10 }
        }
        async fn store(&self, _: DeadLetter) -> Result<(), ProduceError> {
            Err(ProduceError::new(ProduceErrorKind::Unavailable, "down"))
        }
    }
    let fixture = Fixture::new();
    fixture.send(&message("a")).await;
    let source = DelayedRetries::new(NoDelay::new(&fixture.orders), Down).with_clock(fixture.clock.clock());
    let delivery = fixture.receive(&source).await;
    let settle = [Settlement { lease: delivery.lease, action: SettleAction::Release { after: LATER } }];
    assert_eq!(source.settle(&settle).await, [Ok(())]);
    assert_eq!(fixture.receive(&source).await.receive_count, Some(2));
}

#[tokio::test]
async fn what_was_handed_back_is_no_attempt() {
    let fixture = Fixture::new();
    fixture.send(&message("a")).await;
    let (source, relay) = (fixture.source(), fixture.relay());
    for (action, attempts) in [
        (SettleAction::HandBack { after: LATER }, 1),
        (SettleAction::Release { after: LATER }, 1),
        (SettleAction::Release { after: LATER }, 2),
        (SettleAction::Remove, 3),
    ] {
        let delivery = fixture.receive(&source).await;
        assert_eq!(delivery.receive_count, Some(attempts));
        // A delay is no new sending: what a poison guard counts goes on after it.
        assert_eq!(delivery.attributes.get(attribute::HOPS), None);
        let settle = [Settlement { lease: delivery.lease, action }];
        assert_eq!(source.settle(&settle).await, [Ok(())]);
        fixture.clock.advance(LATER);
        let back = || fixture.orders.counts().unwrap().visible == 1 || action == SettleAction::Remove;
        relay.run(eventually(back)).await.unwrap();
    }
    assert_eq!((all(&fixture.orders), all(&fixture.later)), (0, 0));
}

#[tokio::test]
async fn a_relay_that_ends_gives_back_what_it_holds_and_keeps_it_leased_until_then() {
    let fixture = Fixture::new();
    fixture.send(&message("a")).await;
    let source = fixture.source();
    let delivery = fixture.receive(&source).await;
    let settle = [Settlement { lease: delivery.lease, action: SettleAction::Release { after: LATER } }];
    assert_eq!(source.settle(&settle).await, [Ok(())]);
    let relay = fixture.relay();
    let leases = async {
        // Several times the 30 seconds that one lease lasts.
        for _ in 0..20 {
            eventually(|| fixture.later.counts().unwrap().in_flight == 1).await;
            fixture.clock.advance(Duration::from_secs(10));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    };
    let report = relay.run(leases).await.unwrap();
    assert_eq!((report.forwarded, report.handed_back), (0, 1));
    // Handed back until it is due, by a queue that can.
    assert_eq!(fixture.later.counts().unwrap().visible, 0);
    fixture.clock.advance(LATER);
    relay.run(eventually(|| fixture.orders.counts().unwrap().visible == 1)).await.unwrap();
    assert_eq!((all(&fixture.orders), all(&fixture.later)), (1, 0));
}

#[tokio::test]
async fn a_queue_that_keeps_order_is_refused() {
    let broker = Broker::new();
    let ordered = broker.create_queue("orders.fifo", QueueSettings::fifo()).unwrap();
    let later = broker.create_queue("later", QueueSettings::new()).unwrap();
    let source = DelayedRetries::new(EmbeddedSource::new(ordered), EmbeddedDeadLetters::new(later));
    assert_eq!(source.describe().await.unwrap_err().kind(), SourceErrorKind::Refused);
}
