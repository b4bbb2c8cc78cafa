//! Four ways to take events from their emission to their acknowledgement, on one thread.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use event_benches::cases::end_to_end::broker;
use event_benches::floor::{FlatEnvelope, HandQueue};
use event_benches::measure::{block_on, cpu_time};
use event_benches::sample::placed;
use event_runtime::consumer::{Consumer, ConsumerSettings, OnExhausted};
use event_runtime::embedded::EmbeddedSource;
use event_runtime::{IntoEnvelope, MessageRouter, Payload, Registered};
use omniqueue::backends::InMemoryBackend;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, Semaphore, mpsc};

/// An event that goes through every way, with or without the runtime.
pub trait Sample: Registered + Clone + Serialize + DeserializeOwned {}

impl<E: Registered + Clone + Serialize + DeserializeOwned> Sample for E {}

/// How long a sleeping handler sleeps.
const SLEEP: Duration = Duration::from_millis(10);

/// How much goes through a way.
#[derive(Clone, Copy)]
pub struct Load {
    pub events: u64,
    /// So many are emitted before the first of them is handled, and handled at once where a way can.
    pub at_once: usize,
}

impl Load {
    fn bursts(self) -> impl Iterator<Item = u64> {
        let Self { events, at_once } = self;
        (0..events).step_by(at_once).map(move |sent| (events - sent).min(at_once as u64))
    }
}

/// Which handlers sleep for [`SLEEP`].
#[derive(Clone, Copy, PartialEq)]
pub enum Sleepers {
    None,
    OneOfTen,
}

/// Takes copies of an event through, and says how much CPU time it took.
pub type Way<E> = fn(&E, Load) -> Duration;

/// The floor first.
pub fn ways<E: Sample>() -> [(&'static str, Way<E>); 4] {
    [
        ("hand_written", by_hand),
        ("tokio_mpsc", by_channel),
        ("omniqueue", by_omniqueue),
        ("event-runtime", |event, load| by_framework(event, load, Sleepers::None, cpu_time)),
    ]
}

fn encoded<E: Sample>(event: &E) -> Vec<u8> {
    let key = placed().order_id.to_string();
    FlatEnvelope::new(E::PAYLOAD_TYPE, key, event.clone()).encode()
}

fn by_hand<E: Sample>(event: &E, load: Load) -> Duration {
    let (queue, start) = (HandQueue::default(), cpu_time());
    block_on(async {
        for burst in load.bursts() {
            (0..burst).for_each(|_| queue.send(encoded(event).into()));
            for _ in 0..burst {
                let (id, body) = queue.receive().await;
                black_box(FlatEnvelope::<E>::decode(&body));
                queue.acknowledge(id);
            }
        }
    });
    cpu_time() - start
}

/// Without acknowledgement.
fn by_channel<E: Sample>(event: &E, load: Load) -> Duration {
    let (sender, mut receiver) = mpsc::channel::<Vec<u8>>(load.at_once);
    let start = cpu_time();
    block_on(async {
        for burst in load.bursts() {
            for _ in 0..burst {
                sender.send(encoded(event)).await.unwrap();
            }
            for _ in 0..burst {
                black_box(FlatEnvelope::<E>::decode(&receiver.recv().await.unwrap()));
            }
        }
    });
    cpu_time() - start
}

fn by_omniqueue<E: Sample>(event: &E, load: Load) -> Duration {
    let start = cpu_time();
    block_on(async {
        let (producer, mut consumer) = InMemoryBackend::builder().build_pair().await.unwrap();
        for burst in load.bursts() {
            for _ in 0..burst {
                producer.send_raw(&encoded(event)).await.unwrap();
            }
            for _ in 0..burst {
                let mut delivery = consumer.receive().await.unwrap();
                black_box(FlatEnvelope::<E>::decode(&delivery.take_payload().unwrap()));
                delivery.ack().await.unwrap();
            }
        }
    });
    cpu_time() - start
}

/// Where a run of the framework stands.
struct Progress {
    room: Semaphore,
    started: AtomicU64,
    /// Handlers that don't sleep and have not ended.
    left: AtomicU64,
    done: Notify,
    done_at: OnceLock<Duration>,
}

/// Pool, embedded queue, consumer, router. The time, by this clock, is that of the handlers which do not sleep.
pub fn by_framework<E: Sample>(
    event: &E,
    load: Load,
    sleepers: Sleepers,
    clock: fn() -> Duration,
) -> Duration {
    let Load { events, at_once } = load;
    let asleep = if sleepers == Sleepers::OneOfTen { events / 10 } else { 0 };
    let progress = Arc::new(Progress {
        room: Semaphore::new(at_once),
        started: AtomicU64::new(0),
        left: AtomicU64::new(events - asleep),
        done: Notify::new(),
        done_at: OnceLock::new(),
    });
    let handled = Arc::clone(&progress);
    let router = MessageRouter::new().on(move |payload: Payload<E>| {
        black_box(payload);
        let progress = Arc::clone(&handled);
        async move {
            let number = progress.started.fetch_add(1, Ordering::Relaxed);
            let sleeps = sleepers == Sleepers::OneOfTen && number % 10 == 9;
            if sleeps {
                tokio::time::sleep(SLEEP).await;
            }
            progress.room.add_permits(1);
            if !sleeps && progress.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                let _ = progress.done_at.set(clock());
                progress.done.notify_one();
            }
        }
    });
    let settings = ConsumerSettings {
        concurrency: at_once,
        max_messages: at_once.max(10),
        settle_linger: Duration::ZERO,
        on_exhausted: OnExhausted::Discard,
        ..ConsumerSettings::default()
    };
    let (broker, pool) = broker();
    let consumer = Consumer::new(EmbeddedSource::new(broker.queue("bench").unwrap())).with_settings(settings);
    let start = clock();
    block_on(async {
        let produce = async {
            for _ in 0..events {
                progress.room.acquire().await.unwrap().forget();
                event.clone().envelope().emit_to(&pool).await.unwrap();
            }
        };
        let (report, ()) = tokio::join!(consumer.run(router, progress.done.notified()), produce);
        assert_eq!(report.unwrap().unsettled, 0);
    });
    *progress.done_at.get().unwrap() - start
}
