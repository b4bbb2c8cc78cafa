//! The receivers: one receive in flight each, dropped only by a drain and only where that is safe, backing off while the
//! source fails.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::until;
use crate::consumer::Backoff;
use crate::consumer::engine::Engine;
use crate::consumer::health::HealthCell;
use crate::consumer::work::give_way;
use crate::delivery::Delivery;
use crate::layer::unless_panicked;
use crate::transport::{SourceError, SourceErrorKind};

/// Between failed receives: quick to notice a recovery, slow enough to leave a struggling broker alone.
const RECONNECT: Backoff = Backoff { base: Duration::from_millis(100), max: Duration::from_secs(30) };

/// The least time from one receive that brings nothing to the next, whether the source waits as long as it is
/// asked to or not, so that polling does not become a busy loop.
const IDLE_PAUSE: Duration = Duration::from_millis(200);

pub(crate) async fn receive(engine: Arc<Engine>, health: Arc<HealthCell>) {
    let wait = engine.settings.wait;
    while let Some(reserved) = engine.reserve().await {
        let started = engine.clock.steady();
        let Some(received) = unless_drained(&engine, receive_once(&engine, reserved, wait)).await else {
            return engine.unreserve(reserved);
        };
        match received {
            Ok(deliveries) => {
                health.received(engine.clock.now());
                let idle = deliveries.is_empty();
                engine.admit(reserved, deliveries);
                if idle {
                    let took = until(started, engine.clock.steady());
                    pause(&engine, IDLE_PAUSE.saturating_sub(took)).await;
                } else {
                    // A source that answers at once, whatever it was told to wait, leaves room for other tasks.
                    give_way().await;
                }
            }
            Err(error) => {
                engine.unreserve(reserved);
                engine.counts.receive_errors.add(1);
                let failures = health.receive_failed(error.kind());
                tracing::warn!(source = %engine.info.name, failures, kind = ?error.kind(), %error, "receive failed");
                if !error.is_retryable() {
                    return engine.fail(error);
                }
                // Half fixed, half random: never a busy loop, never in step with other consumers.
                let ceiling = RECONNECT.ceiling(failures);
                pause(&engine, ceiling / 2 + RECONNECT.random_delay(failures) / 2).await;
            }
        }
    }
}

/// What a receive brings; `None` when the consumer drains and the receive may be dropped.
async fn unless_drained<T>(engine: &Engine, receive: impl Future<Output = T>) -> Option<T> {
    if !engine.info.cancel_safe {
        return Some(receive.await);
    }
    tokio::select! {
        biased;
        received = receive => Some(received),
        () = engine.draining.cancelled() => None,
    }
}

/// A source that panics has not received: what it may have leased comes again.
async fn receive_once(engine: &Engine, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
    let received = unless_panicked(async { engine.source.receive(max, wait).await }).await;
    received.unwrap_or_else(|_| Err(SourceError::new(SourceErrorKind::Unavailable, "the source panicked")))
}

async fn pause(engine: &Engine, duration: Duration) {
    tokio::select! {
        () = engine.clock.sleep(duration) => {}
        () = engine.draining.cancelled() => {}
    }
}
