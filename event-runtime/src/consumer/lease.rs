//! The lease keeper and the timer: leases stay alive while their messages are held, backoffs end in time.

use std::sync::Arc;

use crate::clock::{after, until};
use crate::consumer::engine::Engine;
use crate::layer::unless_panicked;
use crate::transport::SettleError;

/// Extends leases that have less than half of their time left: looks four times a lease, and whenever one ends.
///
/// Returns at once where leases do not end.
pub(crate) async fn keep_leases(engine: Arc<Engine>) {
    let Some(lease) = engine.info.lease else { return };
    loop {
        engine.clock.sleep(engine.next_lease_end(lease / 4)).await;
        let now = engine.clock.steady();
        let (soon, extended) = (after(now, lease / 2), after(now, lease));
        engine.release_capped(soon, extended);
        let ending = engine.leases_ending(soon, extended);
        for batch in ending.chunks(engine.info.max_batch.max(1)) {
            let (ids, leases): (Vec<_>, Vec<_>) = batch.iter().cloned().unzip();
            // Counted from before the call: the broker counts from when it gets it.
            let ends = after(engine.clock.steady(), lease);
            // A source that panics has extended nothing.
            let extended = unless_panicked(async { engine.source.extend(&leases, lease).await }).await;
            for (id, result) in ids.into_iter().zip(extended.unwrap_or_default()) {
                match result {
                    Ok(()) => engine.extended(id, ends),
                    Err(SettleError::LeaseLost(_)) => engine.not_extended(id),
                    // Tried again in a quarter of a lease; lost when the lease ends before that succeeds.
                    Err(SettleError::Transient(reason)) => {
                        tracing::warn!(source = %engine.info.name, reason, "lease not extended");
                    }
                }
            }
        }
        engine.expire_leases();
    }
}

/// Makes messages ready again when their backoff ends.
pub(crate) async fn end_backoffs(engine: Arc<Engine>) {
    loop {
        let changed = engine.timer.notified();
        match engine.wake_due() {
            Some(next) => tokio::select! {
                () = engine.clock.sleep(until(engine.clock.steady(), next)) => {}
                () = changed => {}
            },
            None => changed.await,
        }
    }
}
