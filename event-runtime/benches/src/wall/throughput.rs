//! Events a second from their emission to their acknowledgement, on one thread.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_runtime::consumer::{Consumer, ConsumerSettings, OnExhausted};
use event_runtime::embedded::EmbeddedSource;
use event_runtime::{Event, IntoEnvelope, MessageRouter, Payload};
use omniqueue::backends::InMemoryBackend;
use tokio::sync::{Notify, mpsc};

use crate::cases::end_to_end::broker;
use crate::floor::{FlatEnvelope, HandQueue};
use crate::measure::block_on;
use crate::sample::{OrderPlaced, placed};

const EVENTS: usize = 20_000;
const ROUNDS: usize = 7;

/// A way to take events from their emission to their acknowledgement.
type Way = (&'static str, fn());

const WAYS: [Way; 4] = [
    ("hand-written queue, serde_json", by_hand),
    ("tokio mpsc, serde_json, no acknowledgement", by_channel),
    ("omniqueue in memory, serde_json", by_omniqueue),
    ("event-runtime: pool, embedded queue, consumer, router", by_framework),
];

pub(super) fn run() {
    let mut best = [Duration::MAX; WAYS.len()];
    for _ in 0..ROUNDS {
        for (best, (_, way)) in best.iter_mut().zip(WAYS) {
            let start = Instant::now();
            way();
            *best = start.elapsed().min(*best);
        }
    }
    println!("### Throughput, one thread, best of {ROUNDS} rounds of {EVENTS} events\n");
    println!("| way | events a second | of the first |\n|---|--:|--:|");
    for (time, (name, _)) in best.iter().zip(WAYS) {
        let rate = EVENTS as f64 / time.as_secs_f64();
        println!("| {name} | {rate:.0} | {:.2} |", best[0].as_secs_f64() / time.as_secs_f64());
    }
}

fn encoded(event: OrderPlaced) -> Vec<u8> {
    let key = event.order_id.to_string();
    FlatEnvelope::new(OrderPlaced::PAYLOAD_TYPE, key, event).encode()
}

fn by_hand() {
    let queue = HandQueue::default();
    block_on(async {
        for _ in 0..EVENTS {
            queue.send(encoded(placed()).into());
            let (id, body) = queue.receive().await;
            black_box(FlatEnvelope::<OrderPlaced>::decode(&body));
            queue.acknowledge(id);
        }
    });
}

fn by_channel() {
    let (sender, mut receiver) = mpsc::channel::<Vec<u8>>(64);
    block_on(async {
        for _ in 0..EVENTS {
            sender.send(encoded(placed())).await.unwrap();
            let body = receiver.recv().await.unwrap();
            black_box(FlatEnvelope::<OrderPlaced>::decode(&body));
        }
    });
}

fn by_omniqueue() {
    block_on(async {
        let (producer, mut consumer) = InMemoryBackend::builder().build_pair().await.unwrap();
        for _ in 0..EVENTS {
            producer.send_raw(&encoded(placed())).await.unwrap();
            let mut delivery = consumer.receive().await.unwrap();
            let body = delivery.take_payload().unwrap();
            black_box(FlatEnvelope::<OrderPlaced>::decode(&body));
            delivery.ack().await.unwrap();
        }
    });
}

fn by_framework() {
    let (broker, pool) = broker();
    let (left, done) = (Arc::new(AtomicUsize::new(EVENTS)), Arc::new(Notify::new()));
    let end = Arc::clone(&done);
    let router = MessageRouter::new().on(move |payload: Payload<OrderPlaced>| {
        black_box(payload);
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            end.notify_one();
        }
        std::future::ready(())
    });
    let settings = ConsumerSettings {
        settle_linger: Duration::ZERO,
        on_exhausted: OnExhausted::Discard,
        ..ConsumerSettings::default()
    };
    let consumer = Consumer::new(EmbeddedSource::new(broker.queue("bench").unwrap())).with_settings(settings);
    block_on(async {
        let produce = async {
            for number in 0..EVENTS {
                placed().envelope().emit_to(&pool).await.unwrap();
                if number % 10 == 9 {
                    tokio::task::yield_now().await;
                }
            }
        };
        let (report, ()) = tokio::join!(consumer.run(router, async move { done.notified().await }), produce);
        assert_eq!(report.unwrap().unsettled, 0);
    });
}
