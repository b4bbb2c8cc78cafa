//! Circuit breakers, rate limits, and what is handed back untried.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerSettings};
use event_runtime::embedded::{Broker, EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, QueueSettings};
use event_runtime::handler::State;
use event_runtime::layer::{CircuitBreaker, CircuitState, Next, RateLimit, layer_fn_with};
use event_runtime::testing::Harness;
use event_runtime::{
    Attempt, Cancellation, Endpoint, FailureCode, HandlerError, Incoming, ManualClock, MessageRouter,
    Outcome, Producer,
};

use super::idempotency::{eventually, manual_clock};
use super::raw::message;

const OPEN: Duration = Duration::from_secs(60);

/// What the handlers of "a" and "b" need: up, or down.
#[derive(Clone, Default)]
struct Provider(Arc<AtomicBool>);

fn router(provider: &Provider) -> MessageRouter<Provider> {
    async fn ask(State(provider): State<Provider>) -> Result<(), HandlerError> {
        if provider.0.load(Ordering::SeqCst) { Ok(()) } else { Err(HandlerError::retry("down")) }
    }
    async fn free() {}
    MessageRouter::new().with_state(provider.clone()).on_type("a", ask).on_type("b", free)
}

fn breaker(clock: &ManualClock) -> CircuitBreaker {
    CircuitBreaker::new("provider").with_failure_ratio(0.5, 4).with_open_time(OPEN).with_clock(clock.clock())
}

#[tokio::test]
async fn an_open_circuit_hands_back_for_the_rest_of_its_time_and_closes_after_a_probe() {
    let (clock, provider) = (manual_clock(), Provider::default());
    let breaker = breaker(&clock);
    let harness = Harness::new(router(&provider).layer(breaker.clone()));
    for _ in 0..4 {
        harness.deliver(message("a")).await.assert_retried();
    }
    assert_eq!(breaker.state("a"), CircuitState::Open);
    clock.advance(OPEN / 4);
    let delivered = harness.deliver(message("b")).await.assert_deferred();
    assert!(matches!(delivered.outcome(), Outcome::Defer { after, .. } if *after == OPEN / 4 * 3));
    clock.advance(OPEN);
    assert_eq!(breaker.state("a"), CircuitState::HalfOpen);
    harness.deliver(message("a")).await.assert_retried();
    harness.deliver(message("a")).await.assert_deferred();
    clock.advance(OPEN);
    provider.0.store(true, Ordering::SeqCst);
    harness.deliver(message("a")).await.assert_acked();
    assert_eq!(breaker.state("a"), CircuitState::Closed);
}

#[tokio::test]
async fn circuits_by_payload_type_are_apart() {
    let (clock, provider) = (manual_clock(), Provider::default());
    let breaker = breaker(&clock).per_payload_type();
    let harness = Harness::new(router(&provider).layer(breaker.clone()));
    for _ in 0..4 {
        harness.deliver(message("a")).await.assert_retried();
        harness.deliver(message("b")).await.assert_acked();
        harness.deliver(message("forged")).await.assert_dead_lettered(FailureCode::UnknownPayloadType);
    }
    assert_eq!((breaker.state("a"), breaker.state("b")), (CircuitState::Open, CircuitState::Closed));
    harness.deliver(message("a")).await.assert_deferred();
    harness.deliver(message("b")).await.assert_acked();
}

#[tokio::test]
async fn only_the_failures_that_count_open_a_circuit() {
    let (clock, provider) = (manual_clock(), Provider::default());
    let breaker = breaker(&clock).counting(|failure| failure.code == FailureCode::TimedOut);
    let harness = Harness::new(router(&provider).layer(breaker.clone()));
    for _ in 0..10 {
        harness.deliver(message("a")).await.assert_retried();
    }
    assert_eq!(breaker.state("a"), CircuitState::Closed);
}

#[tokio::test]
async fn what_is_handed_back_untried_is_no_attempt() {
    async fn record(Attempt(attempt): Attempt, State(attempts): State<Arc<Mutex<Vec<u32>>>>) -> Outcome {
        attempts.lock().unwrap().push(attempt);
        HandlerError::retry_after(Duration::ZERO, "no").into_outcome()
    }
    let (attempts, deferred) = (Arc::<Mutex<Vec<u32>>>::default(), Arc::new(AtomicUsize::new(0)));
    let defer = {
        async fn defer(deferred: &Arc<AtomicUsize>, incoming: Incoming, next: Next<'_>) -> Outcome {
            match deferred.fetch_add(1, Ordering::SeqCst) {
                0..5 => Outcome::defer(Duration::ZERO, "not yet"),
                _ => next.run(incoming).await,
            }
        }
        layer_fn_with(deferred.clone(), defer)
    };
    let broker = Broker::new();
    let queue = broker.create_queue("orders", QueueSettings::new()).unwrap();
    let dead = broker.create_queue("dead", QueueSettings::new()).unwrap();
    EmbeddedProducer::new("orders", queue.clone()).produce(&message("a")).await.unwrap();
    let settings = ConsumerSettings { max_attempts: 2, wait: Duration::ZERO, ..ConsumerSettings::default() };
    let consumer = Consumer::new(EmbeddedSource::new(queue))
        .with_settings(settings)
        .with_dead_letters(EmbeddedDeadLetters::new(dead.clone()));
    let router = MessageRouter::new().with_state(attempts.clone()).on_type("a", record).layer(defer);
    let report = consumer.run(router, eventually(|| dead.counts().unwrap().visible == 1)).await.unwrap();
    assert_eq!(*attempts.lock().unwrap(), [1, 2]);
    assert_eq!((report.retried, report.dead_lettered, report.handed_back), (1, 1, 5));
}

#[tokio::test]
async fn messages_over_the_rate_wait_for_their_turn() {
    let (clock, provider) = (manual_clock(), Provider::default());
    provider.0.store(true, Ordering::SeqCst);
    let limit = RateLimit::new(2, Duration::from_secs(1)).with_clock(clock.clock());
    let router = router(&provider).layer(limit);
    for _ in 0..2 {
        assert_eq!(router.handle(message("a")).await, Outcome::Ack);
    }
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let router = router.clone();
            tokio::spawn(async move { router.handle(message("a")).await })
        })
        .collect();
    eventually(|| clock.sleepers() == 2).await;
    clock.advance(Duration::from_millis(499));
    tokio::task::yield_now().await;
    assert!(waiting.iter().all(|task| !task.is_finished()));
    clock.advance(Duration::from_millis(1));
    eventually(|| waiting.iter().any(|task| task.is_finished())).await;
    assert_eq!(clock.sleepers(), 1);
    clock.advance(Duration::from_millis(500));
    for task in waiting {
        assert_eq!(task.await.unwrap(), Outcome::Ack);
    }
}

#[tokio::test]
async fn a_turn_too_far_away_and_a_cancelled_wait_are_handed_back_without_a_token() {
    let (clock, provider) = (manual_clock(), Provider::default());
    provider.0.store(true, Ordering::SeqCst);
    let limit = RateLimit::new(1, Duration::from_secs(10))
        .per_key(|message| message.metadata().header("tenant").map(str::to_owned))
        .with_max_wait(Duration::from_secs(15))
        .with_clock(clock.clock());
    let router = router(&provider).layer(limit);
    let of = |tenant: &str| {
        super::raw::with_metadata("a", |metadata| {
            metadata.headers.insert("tenant".into(), tenant.into());
        })
    };
    assert_eq!(router.handle(of("x")).await, Outcome::Ack);
    // Another key, and none.
    assert_eq!(router.handle(of("y")).await, Outcome::Ack);
    for _ in 0..3 {
        assert_eq!(router.handle(message("a")).await, Outcome::Ack);
    }
    let token = Cancellation::never().token();
    let waiting = tokio::spawn({
        let (router, incoming) = (router.clone(), Incoming::new(of("x")).with_cancellation(token.clone()));
        async move { router.handle(incoming).await }
    });
    eventually(|| clock.sleepers() == 1).await;
    let later = router.handle(of("x")).await;
    assert!(matches!(later, Outcome::Defer { after, .. } if after == Duration::from_secs(20)), "{later:?}");
    token.cancel();
    assert_eq!(waiting.await.unwrap().label(), "defer");
    clock.advance(Duration::from_secs(10));
    // Its token went back.
    assert_eq!(Endpoint::handle(&router, Incoming::new(of("x"))).await, Outcome::Ack);
}
