//! The engine's promises over a broker that leases, redelivers, groups and redrives by itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Backoff, Consumer, ConsumerSettings, ScopeDenied, unwrap};
use event_runtime::delivery::{Attributes, attribute};
use event_runtime::embedded::{
    Broker, EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, Queue, QueueSettings, ReceiveRequest,
    RedrivePolicy,
};
use event_runtime::transport::{BoxFuture, Producer as _};
use event_runtime::{
    Codec, Endpoint, Failure, FailureCode, HandlerError, Incoming, ManualClock, Message, Metadata, Outcome,
};
use serde_json::Value;

use super::{Running, advancing, eventually, manual_clock};

/// A queue, its dead-letter queue, and the clock that both go by.
pub(super) struct Queues {
    pub clock: ManualClock,
    pub broker: Broker,
    pub queue: Queue,
    pub dead: Queue,
}

impl Queues {
    pub fn new(fifo: bool, max_receive_count: u32) -> Self {
        let clock = manual_clock();
        let broker = Broker::builder().clock(clock.clock()).build();
        let (settings, suffix) =
            if fifo { (QueueSettings::fifo(), ".fifo") } else { (QueueSettings::new(), "") };
        let dead = broker.create_queue(&format!("dead{suffix}"), settings.clone()).unwrap();
        let settings = settings.redrive(RedrivePolicy::new(dead.name(), max_receive_count));
        let queue = broker.create_queue(&format!("orders{suffix}"), settings).unwrap();
        Self { clock, broker, queue, dead }
    }

    pub fn consumer(&self) -> Consumer {
        Consumer::new(EmbeddedSource::new(self.queue.clone()))
            .with_clock(self.clock.clock())
            .with_settings(settings())
    }

    pub async fn send(&self, message: &Message) {
        EmbeddedProducer::new("p", self.queue.clone()).produce(message).await.unwrap();
    }

    /// Whether nothing is left in the queue, visible or not.
    pub fn is_empty(&self) -> bool {
        let counts = self.queue.counts().unwrap();
        counts.visible + counts.in_flight + counts.delayed == 0
    }

    /// Takes all dead letters out: their bodies and records.
    pub fn dead_letters(&self) -> Vec<(Vec<u8>, Option<Value>)> {
        let mut letters = Vec::new();
        loop {
            let received = self.dead.try_receive(&ReceiveRequest::new().max(10)).unwrap();
            if received.is_empty() {
                return letters;
            }
            for message in received {
                let attributes: Attributes = message
                    .attributes()
                    .iter()
                    .filter_map(|attribute| {
                        Some((attribute.name().to_string(), attribute.text()?.to_string()))
                    })
                    .collect();
                let original = unwrap(message.body().clone(), attributes);
                letters.push((original.body.to_vec(), original.record));
                self.dead.delete(message.receipt()).unwrap();
            }
        }
    }
}

pub(super) fn settings() -> ConsumerSettings {
    ConsumerSettings {
        backoff: Backoff { base: Duration::from_secs(1), max: Duration::from_secs(20) },
        ..super::settings()
    }
}

pub(super) fn event(id: &str, key: &str) -> Message {
    let mut metadata = Metadata::new("test.event", 1);
    metadata.id = id.into();
    metadata.partition_key = Some(key.into());
    Codec::Native.encode_raw(metadata, "{}", None).unwrap()
}

/// Hands what arrives to a function, with its attempt.
struct Each<F>(F);

impl<F: Fn(Incoming) -> BoxFuture<'static, Outcome> + Send + Sync + 'static> Endpoint for Each<F> {
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        (self.0)(incoming)
    }
}

/// What was tried, in order: id and attempt.
type Tried = Arc<Mutex<Vec<(String, u32)>>>;

/// Notes every attempt, and fails those before attempt number `succeeds_at`.
fn failing_until(succeeds_at: u32) -> (Tried, impl Endpoint) {
    let tried = Tried::default();
    let noted = tried.clone();
    let endpoint = Each(move |incoming: Incoming| -> BoxFuture<'static, Outcome> {
        noted.lock().unwrap().push((incoming.message().metadata().id.to_string(), incoming.attempt()));
        let outcome = if incoming.attempt() < succeeds_at {
            Outcome::retry(Failure::new(FailureCode::HandlerFailed, "not yet"))
        } else {
            Outcome::Ack
        };
        Box::pin(std::future::ready(outcome))
    });
    (tried, endpoint)
}

async fn end(queues: &Queues, running: Running) -> event_runtime::consumer::RunReport {
    advancing(&queues.clock, running.end()).await
}

#[tokio::test]
async fn a_failed_message_is_tried_again_over_the_broker_until_it_succeeds() {
    for fifo in [false, true] {
        let queues = Queues::new(fifo, 6);
        queues.send(&event("a", "k")).await;
        let (tried, endpoint) = failing_until(4);
        let running = Running::start(queues.consumer(), endpoint);
        advancing(&queues.clock, eventually(|| queues.is_empty())).await;
        end(&queues, running).await;
        let expected: Vec<_> = (1..=4).map(|attempt| ("a".to_owned(), attempt)).collect();
        assert_eq!(*tried.lock().unwrap(), expected, "fifo: {fifo}");
    }
}

#[tokio::test]
async fn the_last_attempt_is_stored_once_although_the_queue_has_a_policy_of_its_own() {
    for fifo in [false, true] {
        let queues = Queues::new(fifo, 6);
        let sent = event("a", "k");
        queues.send(&sent).await;
        let (tried, endpoint) = failing_until(u32::MAX);
        let running = Running::start(queues.consumer(), endpoint);
        advancing(&queues.clock, eventually(|| queues.is_empty())).await;
        end(&queues, running).await;
        assert_eq!(tried.lock().unwrap().len(), 6, "fifo: {fifo}");
        let letters = queues.dead_letters();
        let [(body, Some(record))] = &letters[..] else { panic!("{letters:?}") };
        assert_eq!(body, sent.body().as_bytes());
        assert_eq!((&record["error"]["code"], &record["attempts"]), (&"HANDLER_FAILED".into(), &6.into()));
    }
}

#[tokio::test]
async fn a_message_that_is_redriven_at_once_and_fails_again_is_kept_again() {
    for fifo in [false, true] {
        let queues = Queues::new(fifo, 6);
        queues.send(&event("a", "k")).await;
        let running = Running::start(queues.consumer(), |_: Message| async {
            Err::<(), _>(HandlerError::dead_letter("never"))
        });
        advancing(&queues.clock, eventually(|| queues.dead.counts().unwrap().visible == 1)).await;
        queues.broker.start_message_move_task(queues.dead.name(), Some(queues.queue.name()), None).unwrap();
        let report = || queues.is_empty() && queues.dead.counts().unwrap().in_flight == 0;
        advancing(&queues.clock, eventually(report)).await;
        assert_eq!(end(&queues, running).await.dead_lettered, 2);
        assert_eq!(queues.dead_letters().len(), 1, "fifo: {fifo}: stored, and dropped as a duplicate");
    }
}

#[tokio::test]
async fn a_redriven_dead_letter_is_handled_from_its_first_attempt_on() {
    let queues = Queues::new(true, 6);
    queues.send(&event("a", "k")).await;
    let (tried, endpoint) = failing_until(u32::MAX);
    let running = Running::start(queues.consumer(), endpoint);
    advancing(&queues.clock, eventually(|| queues.dead.counts().unwrap().visible == 1)).await;
    end(&queues, running).await;
    assert_eq!(tried.lock().unwrap().len(), 6);
    queues.broker.start_message_move_task(queues.dead.name(), Some(queues.queue.name()), None).unwrap();
    let (tried, endpoint) = failing_until(1);
    let running = Running::start(queues.consumer(), endpoint);
    advancing(&queues.clock, eventually(|| queues.is_empty())).await;
    end(&queues, running).await;
    assert_eq!(*tried.lock().unwrap(), [("a".to_owned(), 1)]);
}

#[tokio::test]
async fn a_delay_beyond_what_the_queue_can_keep_is_kept_and_is_no_attempt() {
    for (fifo, delay) in [(false, 3600 * 14), (false, 1800), (true, 300), (true, 3600 * 14)] {
        let queues = Queues::new(fifo, 6);
        let begin = queues.clock.now();
        queues.send(&event("a", "k").with_delay(Duration::from_secs(delay))).await;
        queues.send(&event("b", "k")).await;
        let (tried, endpoint) = failing_until(1);
        let running = Running::start(queues.consumer(), endpoint);
        advancing(&queues.clock, eventually(|| queues.is_empty())).await;
        let waited = queues.clock.now().duration_since(begin).as_secs();
        let late = waited - delay as i64;
        assert!((0..=60).contains(&late), "fifo {fifo}, {delay}: {waited}");
        end(&queues, running).await;
        let order = if fifo { ["a", "b"] } else { ["b", "a"] };
        assert_eq!(*tried.lock().unwrap(), order.map(|id| (id.to_owned(), 1)), "fifo {fifo}, {delay}");
    }
}

#[tokio::test]
async fn restarts_while_a_message_waits_are_no_attempts() {
    // A delayed message is hidden after its first restart already; one that is tried each time is not.
    for (delay, restarts, attempt) in [(Duration::from_secs(600), 1, 1), (Duration::ZERO, 5, 6)] {
        let queues = Queues::new(true, 6);
        queues.send(&event("a", "k").with_delay(delay)).await;
        queues.send(&event("b", "k")).await;
        for _ in 0..restarts {
            let running = Running::start(queues.consumer(), |message: Message| async move {
                assert_ne!(message.metadata().id, "b", "it waits");
                std::future::pending::<()>().await;
            });
            eventually(|| running.consumer.health().in_flight == 2).await;
            // The receive that goes on, the lease keeper, and the timer of what is delayed.
            let sleepers = if delay.is_zero() { 2 } else { 3 };
            eventually(|| queues.clock.sleepers() >= sleepers).await;
            let report = end(&queues, running).await;
            assert_eq!((report.handed_back, report.cut_off), if delay.is_zero() { (1, 1) } else { (2, 0) });
        }
        let (tried, endpoint) = failing_until(1);
        let running = Running::start(queues.consumer(), endpoint);
        advancing(&queues.clock, eventually(|| queues.is_empty())).await;
        end(&queues, running).await;
        assert_eq!(*tried.lock().unwrap(), [("a".to_owned(), attempt), ("b".to_owned(), 1)]);
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_end_of_a_long_poll() {
    let queues = Queues::new(false, 6);
    let running = Running::start(queues.consumer(), |_: Message| async {});
    eventually(|| queues.clock.sleepers() > 0).await;
    // The clock stands still: the poll would never end, and neither would the time to drain.
    let report = tokio::time::timeout(Duration::from_secs(30), running.end()).await.expect("it stops");
    assert_eq!((report.handed_back, report.unsettled), (0, 0));
    queues.send(&event("a", "k")).await;
    assert_eq!(queues.queue.counts().unwrap().visible, 1, "nobody has it");
}

#[tokio::test]
async fn a_long_handler_keeps_its_message_from_a_second_consumer() {
    let queues = Queues::new(false, 6);
    queues.send(&event("a", "k")).await;
    let tried = Tried::default();
    let start = || {
        let (tried, clock) = (tried.clone(), queues.clock.clock());
        Running::start(queues.consumer(), move |message: Message| {
            tried.lock().unwrap().push((message.metadata().id.to_string(), 1));
            clock.sleep(Duration::from_secs(1800))
        })
    };
    let (first, second) = (start(), start());
    advancing(&queues.clock, eventually(|| queues.is_empty())).await;
    let (first, second) = (end(&queues, first).await, end(&queues, second).await);
    assert_eq!(tried.lock().unwrap().len(), 1);
    assert_eq!((first.acknowledged + second.acknowledged, first.leases_lost + second.leases_lost), (1, 0));
}

#[tokio::test]
async fn a_tenant_out_of_scope_is_a_dead_letter() {
    let queues = Queues::new(true, 6);
    for tenant in ["ours", "theirs"] {
        let mut metadata = Metadata::new("test.event", 1);
        metadata.partition_key = Some("k".into());
        metadata.tenant_id = Some(tenant.into());
        queues.send(&Codec::Native.encode_raw(metadata, "{}", None).unwrap()).await;
    }
    let consumer =
        queues.consumer().with_scope(|message: &Message| match message.metadata().tenant_id.as_deref() {
            Some("ours") => Ok(()),
            _ => Err(ScopeDenied("another tenant".into())),
        });
    let running = Running::start(consumer, |_: Message| async {});
    advancing(&queues.clock, eventually(|| queues.is_empty())).await;
    assert_eq!(end(&queues, running).await.acknowledged, 1);
    let letters = queues.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].1.as_ref().unwrap()["error"]["code"], "SCOPE_DENIED");
}

#[tokio::test]
async fn a_letter_that_fills_its_queue_is_kept_without_its_record() {
    let queues = Queues::new(false, 6);
    let letters =
        queues.broker.create_queue("small", QueueSettings::new().maximum_message_size(1024)).unwrap();
    let payload = format!("\"{}\"", "x".repeat(700));
    let mut metadata = Metadata::new("test.event", 1);
    metadata.id = "large".into();
    let message = Codec::Native.encode_raw(metadata, &payload, None).unwrap();
    queues.send(&message).await;
    let consumer = queues.consumer().with_dead_letters(EmbeddedDeadLetters::new(letters.clone()));
    let running = Running::start(consumer, |_: Message| async {
        Err::<(), _>(HandlerError::dead_letter("never ".repeat(1_000)))
    });
    advancing(&queues.clock, eventually(|| queues.is_empty())).await;
    end(&queues, running).await;
    let kept = letters.try_receive(&ReceiveRequest::new()).unwrap();
    assert_eq!(kept[0].body(), message.body().as_bytes());
    assert!(kept[0].attributes().iter().any(|kept| kept.name() == attribute::PAYLOAD_TYPE));
}
