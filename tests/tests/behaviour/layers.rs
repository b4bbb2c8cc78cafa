//! Layers around handlers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::handler::State;
use event_runtime::layer::{CatchPanic, ConcurrencyLimit, Layered, Next, Timeout, layer_fn, layer_fn_with};
use event_runtime::testing::{Harness, ManualClock};
use event_runtime::{Context, Endpoint, FailureCode, Incoming, Message, MessageRouter, Outcome};
use serde_json::json;
use tokio::sync::Semaphore;

use super::raw::message;

const LIMIT: Duration = Duration::from_secs(30);

/// Ends when the test is over, never before.
async fn hang() {
    std::future::pending::<()>().await;
}

type Log = Arc<Mutex<Vec<String>>>;

#[tokio::test]
async fn the_first_layer_stands_outermost() {
    let log = Log::default();
    let noting = |name: &'static str| {
        let state = (name, Arc::clone(&log));
        layer_fn_with(state, async |(name, log): &(&str, Log), incoming: Incoming, next: Next<'_>| {
            log.lock().unwrap().push(format!("{name} in"));
            let outcome = next.run(incoming).await;
            log.lock().unwrap().push(format!("{name} out"));
            outcome
        })
    };
    // Where a layer stands among the handlers makes no difference.
    let router = MessageRouter::new()
        .layer(noting("first"))
        .with_state(Arc::clone(&log))
        .on_type("a", async |State(log): State<Log>| log.lock().unwrap().push("handler".to_owned()))
        .layer(noting("second"));
    assert_eq!(router.handle(message("a")).await, Outcome::Ack);
    assert_eq!(*log.lock().unwrap(), ["first in", "second in", "handler", "second out", "first out"]);
}

#[tokio::test]
async fn the_router_s_own_dead_letters_pass_through_layers() {
    async fn forgiving(incoming: Incoming, next: Next<'_>) -> Outcome {
        match next.run(incoming).await {
            Outcome::DeadLetter { failure } => Outcome::discard(failure.code.as_str()),
            other => other,
        }
    }
    let router = MessageRouter::new().layer(layer_fn(forgiving));
    assert_eq!(router.handle(message("a")).await, Outcome::discard("UNKNOWN_PAYLOAD_TYPE"));
}

#[tokio::test]
async fn a_layer_may_answer_by_itself_or_ask_more_than_once() {
    async fn twice(incoming: Incoming, next: Next<'_>) -> Outcome {
        match next.run(incoming.clone()).await {
            Outcome::Retry { .. } => next.run(incoming).await,
            other => other,
        }
    }
    async fn refuse(_: Incoming, _: Next<'_>) -> Outcome {
        Outcome::discard("closed")
    }
    let calls = Arc::new(AtomicUsize::new(0));
    let router = MessageRouter::new().with_state(Arc::clone(&calls)).on_type(
        "a",
        async |State(calls): State<Arc<AtomicUsize>>| match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(std::io::Error::other("first time")),
            _ => Ok(()),
        },
    );
    assert_eq!(router.clone().layer(layer_fn(twice)).handle(message("a")).await, Outcome::Ack);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    assert_eq!(router.layer(layer_fn(refuse)).handle(message("a")).await, Outcome::discard("closed"));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn layers_run_in_the_message_s_context_too() {
    async fn cause(_: Incoming, _: Next<'_>) -> Outcome {
        Outcome::discard(Context::current().unwrap().message().metadata().id.to_string())
    }
    let message = message("a");
    let expected = Outcome::discard(message.metadata().id.to_string());
    let router = MessageRouter::new().layer(layer_fn(cause));
    assert_eq!(router.handle(message.clone()).await, expected);
    let layered = Layered::new(async |_: Message| {}).layer(layer_fn(cause));
    assert_eq!(layered.handle(Incoming::new(message)).await, expected);
}

#[tokio::test]
async fn a_replaced_message_is_the_one_that_is_handled() {
    async fn unwrap(incoming: Incoming, next: Next<'_>) -> Outcome {
        next.run(incoming.with_message(message("inner"))).await
    }
    async fn inner(message: Message) -> Outcome {
        let cause = Context::current().unwrap();
        assert_eq!(cause.message().metadata().id, message.metadata().id);
        Outcome::discard("inner")
    }
    let router = MessageRouter::new().on_type("inner", inner).layer(layer_fn(unwrap));
    assert_eq!(router.handle(message("outer")).await, Outcome::discard("inner"));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_retried_after_the_timeout() {
    let start = tokio::time::Instant::now();
    let harness = Harness::new(MessageRouter::new().on_type("a", hang).layer(Timeout::new(LIMIT)));
    let delivered = harness.deliver(message("a")).await.assert_retried();
    assert_eq!(start.elapsed(), LIMIT);
    let failure = delivered.failure().unwrap();
    assert_eq!(failure.code, FailureCode::TimedOut);
    assert_eq!(failure.details, json!({ "timeout_ms": 30_000 }));
}

#[tokio::test]
async fn a_timeout_follows_its_clock_and_drops_the_handler() {
    struct OnDrop(Arc<AtomicUsize>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let manual = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let dropped = Arc::new(AtomicUsize::new(0));
    let router = MessageRouter::new()
        .with_state(Arc::clone(&dropped))
        .on_type("a", async |State(dropped): State<Arc<AtomicUsize>>| {
            let _guard = OnDrop(dropped);
            hang().await;
        })
        .layer(Timeout::new(LIMIT).with_clock(manual.clock()));
    let task = tokio::spawn(async move { router.handle(message("a")).await });
    while manual.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    manual.advance(LIMIT - Duration::from_millis(1));
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    manual.advance(Duration::from_millis(1));
    assert_eq!(task.await.unwrap().failure().unwrap().code, FailureCode::TimedOut);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_handler_within_its_time_is_left_alone_and_starts_no_timer() {
    let manual = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let router = MessageRouter::new()
        .on_type("a", async || {})
        .layer(Timeout::new(Duration::ZERO).with_clock(manual.clock()));
    assert_eq!(router.handle(message("a")).await, Outcome::Ack);
    assert_eq!(manual.sleepers(), 0);
}

#[tokio::test]
async fn a_panic_is_a_retry_that_quotes_literals_only() {
    async fn literal() {
        panic!("out of cheese")
    }
    async fn formatted(message: Message) {
        panic!("bad card {}", message.payload())
    }
    let router = MessageRouter::new()
        .on_type("literal", literal)
        .on_type("formatted", formatted)
        .layer(CatchPanic::new());
    for (payload_type, message) in
        [("literal", "the handler panicked: out of cheese"), ("formatted", "the handler panicked")]
    {
        let outcome = router.handle(super::raw::message(payload_type)).await;
        assert_eq!(outcome.label(), "retry");
        let failure = outcome.failure().unwrap();
        assert_eq!((failure.code, failure.message.as_str()), (FailureCode::HandlerPanicked, message));
    }
}

/// Handlers that report when they run and wait for a permit to end.
#[derive(Clone)]
struct Gate {
    running: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    leave: Arc<Semaphore>,
}

impl Gate {
    fn new() -> Self {
        Self { running: Arc::default(), most: Arc::default(), leave: Arc::new(Semaphore::new(0)) }
    }

    fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }
}

async fn through(State(gate): State<Gate>) {
    let running = gate.running.fetch_add(1, Ordering::SeqCst) + 1;
    gate.most.fetch_max(running, Ordering::SeqCst);
    gate.leave.acquire().await.unwrap().forget();
    gate.running.fetch_sub(1, Ordering::SeqCst);
}

/// Lets every task run until it waits.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn no_more_handlers_run_at_once_than_the_limit_allows() {
    let gate = Gate::new();
    let router =
        MessageRouter::new().with_state(gate.clone()).on_type("a", through).layer(ConcurrencyLimit::new(2));
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let router = router.clone();
            tokio::spawn(async move { router.handle(message("a")).await })
        })
        .collect();
    settle().await;
    assert_eq!(gate.running(), 2);
    gate.leave.add_permits(5);
    for task in tasks {
        assert_eq!(task.await.unwrap(), Outcome::Ack);
    }
    assert_eq!(gate.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_payload_type_at_its_limit_keeps_no_other_back() {
    let gate = Gate::new();
    let router = MessageRouter::new()
        .with_state(gate.clone())
        .on_type("narrow", through)
        .on_type("wide", async || {})
        .layer(ConcurrencyLimit::new(2).for_payload_type("narrow", 1));
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let router = router.clone();
            tokio::spawn(async move { router.handle(message("narrow")).await })
        })
        .collect();
    settle().await;
    assert_eq!(gate.running(), 1);
    assert_eq!(router.handle(message("wide")).await, Outcome::Ack);
    gate.leave.add_permits(3);
    for task in tasks {
        assert_eq!(task.await.unwrap(), Outcome::Ack);
    }
    assert_eq!(gate.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_limit_of_nothing_is_a_limit_of_one_and_a_dropped_wait_gives_its_turn_back() {
    let gate = Gate::new();
    let router = MessageRouter::new()
        .with_state(gate.clone())
        .on_type("a", through)
        .layer(ConcurrencyLimit::unlimited().for_payload_type("a", 0));
    let spawn = || {
        let router = router.clone();
        tokio::spawn(async move { router.handle(message("a")).await })
    };
    let (running, waiting, last) = (spawn(), spawn(), spawn());
    settle().await;
    assert_eq!(gate.running(), 1);
    waiting.abort();
    running.abort();
    settle().await;
    gate.leave.add_permits(1);
    assert_eq!(last.await.unwrap(), Outcome::Ack);
}
