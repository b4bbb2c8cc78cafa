//! How long events take from their emission to their handler, by the clock, and what sleeping handlers cost the others.
//!
//! Machines are noisy: nothing is judged by these figures. Each event's latency is kept, so that the percentiles are exact.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use event_runtime::consumer::{Consumer, ConsumerSettings, OnExhausted};
use event_runtime::embedded::EmbeddedSource;
use event_runtime::{IntoEnvelope, MessageRouter, Payload};
use tokio::sync::Notify;

use crate::cases::end_to_end::broker;
use crate::measure::block_on;
use crate::sample::{OrderPlaced, placed};

const EVENTS: usize = 5_000;
/// So many events are emitted together, once a millisecond.
const BURST: usize = 5;
const SLEEP: Duration = Duration::from_millis(10);

pub(crate) fn run() {
    println!("\n### Latency from emission to handler, {} events a second\n", BURST * 1_000);
    println!("| handlers at once | asleep | p50, µs | p99, µs | p99.9, µs | awake handlers a second |");
    println!("|--:|---|--:|--:|--:|--:|");
    for concurrency in [1, 8, 64] {
        row(concurrency, false);
    }
    row(64, true);
}

fn row(concurrency: usize, some_sleep: bool) {
    let (mut latencies, elapsed) = measure(concurrency, some_sleep);
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_micros();
    let rate = latencies.len() as f64 / elapsed.as_secs_f64();
    let asleep = if some_sleep { "1 of 10, 10 ms" } else { "none" };
    println!("| {concurrency} | {asleep} | {} | {} | {} | {rate:.0} |", at(0.5), at(0.99), at(0.999));
}

/// The latencies of the events whose handlers did not sleep, and how long all of them took.
fn measure(concurrency: usize, some_sleep: bool) -> (Vec<Duration>, Duration) {
    let (broker, pool) = broker();
    let emitted: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let latencies: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let (handled, done) = (Arc::new(Mutex::new(0)), Arc::new(Notify::new()));
    let start = Instant::now();
    // A drain waits for the receive in flight: it is no part of the figures.
    let last = Arc::new(Mutex::new(start));
    let router = {
        let (emitted, latencies) = (Arc::clone(&emitted), Arc::clone(&latencies));
        let (finished, end) = (Arc::clone(&last), Arc::clone(&done));
        MessageRouter::new().on(move |payload: Payload<OrderPlaced>| {
            let number = payload.item_count as usize;
            let sleeps = some_sleep && number.is_multiple_of(10);
            if !sleeps {
                let latency = emitted.lock().unwrap()[number].elapsed();
                latencies.lock().unwrap().push(latency);
            }
            let (handled, finished, end) = (Arc::clone(&handled), Arc::clone(&finished), Arc::clone(&end));
            async move {
                if sleeps {
                    tokio::time::sleep(SLEEP).await;
                }
                let mut handled = handled.lock().unwrap();
                *handled += 1;
                if *handled == EVENTS {
                    *finished.lock().unwrap() = Instant::now();
                    end.notify_one();
                }
            }
        })
    };
    let settings = ConsumerSettings {
        concurrency,
        wait: Duration::from_millis(100),
        settle_linger: Duration::ZERO,
        on_exhausted: OnExhausted::Discard,
        ..ConsumerSettings::default()
    };
    let consumer = Consumer::new(EmbeddedSource::new(broker.queue("bench").unwrap())).with_settings(settings);
    block_on(async {
        let produce = async {
            let mut pace = tokio::time::interval(Duration::from_millis(1));
            for number in 0..EVENTS {
                if number % BURST == 0 {
                    pace.tick().await;
                }
                emitted.lock().unwrap().push(Instant::now());
                let event = OrderPlaced { item_count: number as u32, ..placed() };
                event.envelope().emit_to(&pool).await.unwrap();
            }
        };
        let (report, ()) = tokio::join!(consumer.run(router, async move { done.notified().await }), produce);
        report.unwrap();
    });
    let latencies = std::mem::take(&mut *latencies.lock().unwrap());
    let elapsed = last.lock().unwrap().duration_since(start);
    (latencies, elapsed)
}
