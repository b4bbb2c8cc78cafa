//! The consumer engine over a source that costs nothing: deliveries are made before, settlements succeed.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerSettings, OnExhausted};
use event_runtime::delivery::{Attributes, Delivery, Lease, Settlement};
use event_runtime::transport::{SettleError, Source, SourceError, SourceInfo};
use event_runtime::{Codec, MessageRouter, Payload};
use tokio::sync::Notify;

use crate::measure::{block_on, measure, measure_growth};
use crate::sample::{OrderPlaced, envelope, placed};

const BATCH: usize = 10;

pub(super) fn run() {
    let body = Codec::Native.encode_owned(envelope(placed())).unwrap().body().as_bytes().clone();
    measure(
        "engine.decode",
        BATCH,
        || vec![body.clone(); BATCH],
        |bodies| {
            for body in bodies {
                black_box(Codec::decode(body).unwrap().decode::<OrderPlaced>().unwrap());
            }
        },
    );
    for concurrency in [1, 8, 64] {
        consume(&format!("engine.{concurrency}"), concurrency, false);
    }
    for concurrency in [1, 64] {
        consume(&format!("engine.yielding.{concurrency}"), concurrency, true);
    }
}

/// Handling messages that are there already, at this concurrency.
pub(super) fn consume(name: &str, concurrency: usize, yields: bool) {
    measure_growth(name, Prepared::new, |Prepared { source, left, done }| {
        let settings = ConsumerSettings {
            concurrency,
            max_messages: 64,
            settle_linger: Duration::ZERO,
            on_exhausted: OnExhausted::Discard,
            ..ConsumerSettings::default()
        };
        let end = done.clone();
        let router = MessageRouter::new().with_state(()).on(move |payload: Payload<OrderPlaced>| {
            let (left, end) = (left.clone(), end.clone());
            async move {
                if yields {
                    tokio::task::yield_now().await;
                }
                black_box(payload);
                if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                    end.notify_waiters();
                }
            }
        });
        let consumer = Consumer::new(source).with_settings(settings);
        let report = block_on(consumer.run(router, async move { done.notified().await })).unwrap();
        assert_eq!(report.unsettled, 0);
    });
}

struct Prepared {
    source: Preloaded,
    left: Arc<AtomicUsize>,
    done: Arc<Notify>,
}

impl Prepared {
    fn new(messages: usize) -> Self {
        let body = Codec::Native.encode_owned(envelope(placed())).unwrap().body().as_bytes().clone();
        let delivery = |number: usize| Delivery {
            body: body.clone(),
            attributes: Attributes::new(),
            transport_id: String::new(),
            group: None,
            receive_count: Some(1),
            sent_at: None,
            first_received_at: None,
            lease: Lease::Numbers(number as u64, 0),
        };
        let batches =
            (0..messages / BATCH).map(|batch| (0..BATCH).map(|at| delivery(batch * BATCH + at)).collect());
        let done = Arc::new(Notify::new());
        let left = Arc::new(AtomicUsize::new(messages));
        let source =
            Preloaded { batches: Mutex::new(batches.collect()), left: left.clone(), done: done.clone() };
        Self { source, left, done }
    }
}

struct Preloaded {
    batches: Mutex<Vec<Vec<Delivery>>>,
    left: Arc<AtomicUsize>,
    done: Arc<Notify>,
}

impl Source for Preloaded {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        Ok(SourceInfo {
            name: "preloaded".to_owned(),
            ordered: false,
            lease: Some(Duration::from_secs(3_600)),
            max_lease: None,
            max_release_delay: Duration::from_secs(3_600),
            max_batch: BATCH,
            cancel_safe: false,
            redrive: None,
        })
    }

    async fn receive(&self, _: usize, _: Duration) -> Result<Vec<Delivery>, SourceError> {
        let done = self.done.notified();
        let batch = self.batches.lock().unwrap().pop();
        match batch {
            Some(batch) => Ok(batch),
            None => {
                if self.left.load(Ordering::Relaxed) == 0 {
                    tokio::task::yield_now().await;
                } else {
                    done.await;
                }
                Ok(Vec::new())
            }
        }
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        batch.iter().map(|_| Ok(())).collect()
    }

    async fn extend(&self, leases: &[Lease], _: Duration) -> Vec<Result<(), SettleError>> {
        leases.iter().map(|_| Ok(())).collect()
    }
}
