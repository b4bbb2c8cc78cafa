//! The consumer engine's promises.

mod blocking;
mod drain;
mod embedded;
mod fake;
mod leases;
mod order;
mod outcomes;
mod panics;
mod receiving;
mod soak;
mod startup;

use std::future::Future;
use std::time::Duration;

use event_runtime::consumer::{Backoff, Consumer, ConsumerError, ConsumerSettings, RunReport};
use event_runtime::{Endpoint, ManualClock};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use fake::{FakeSource, Letters};

/// Settings under which nothing waits for a clock unless a test says so.
fn settings() -> ConsumerSettings {
    ConsumerSettings {
        backoff: Backoff { base: Duration::ZERO, max: Duration::ZERO },
        settle_linger: Duration::ZERO,
        ..ConsumerSettings::default()
    }
}

fn manual_clock() -> ManualClock {
    ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap())
}

/// A consumer that runs in the background until it is stopped.
struct Running {
    consumer: Consumer,
    stop: oneshot::Sender<()>,
    run: JoinHandle<Result<RunReport, ConsumerError>>,
}

impl Running {
    fn start(consumer: Consumer, endpoint: impl Endpoint) -> Self {
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn({
            let consumer = consumer.clone();
            async move { consumer.run(endpoint, async { drop(stopped.await) }).await }
        });
        Self { consumer, stop, run }
    }

    /// Stops, with a long poll that is over.
    async fn stop(self, source: &FakeSource) -> RunReport {
        source.finish();
        self.end().await
    }

    /// Stops, with a long poll that goes on.
    async fn end(self) -> RunReport {
        drop(self.stop);
        self.run.await.unwrap().unwrap()
    }
}

fn consumer(source: &FakeSource, letters: &Letters) -> Consumer {
    Consumer::new(source.clone()).with_settings(settings()).with_dead_letters(letters.clone())
}

/// Waits until `condition` holds, letting other tasks run; a test that waits for ever fails by its runner's limit.
async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

/// Advances `clock` to every sleeper in turn while `work` is not done.
async fn advancing<T>(clock: &ManualClock, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = async { for _ in 0..20 { tokio::task::yield_now().await } } => {
                clock.advance_to_next();
            }
        }
    }
}
