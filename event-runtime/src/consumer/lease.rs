//! The lease keeper and the timer: leases stay alive while their messages are held, backoffs end in time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock::{after, until};
use crate::consumer::engine::Engine;
use crate::consumer::job::DeliveryId;
use crate::delivery::Lease;
use crate::layer::unless_panicked;
use crate::transport::SettleError;

/// How many calls that extend leases are in flight at once.
const MAX_CALLS: usize = 4;

/// Extends leases that have less than half of their time left: looks eight times a lease, and whenever one ends.
/// Does not wait for its calls: a lease that ends meanwhile is noticed at once.
///
/// Returns at once where leases do not end.
pub(crate) async fn keep_leases(engine: Arc<Engine>) {
    let Some(lease) = engine.info.lease else { return };
    let calls = Arc::new(Semaphore::new(MAX_CALLS));
    let mut extensions = JoinSet::new();
    loop {
        engine.clock.sleep(engine.next_lease_end(lease / 8)).await;
        while extensions.try_join_next().is_some() {}
        engine.expire_leases();
        let now = engine.clock.steady();
        let (soon, extended) = (after(now, lease / 2), after(now, lease));
        engine.release_capped(soon, extended);
        let ending = engine.begin_extensions(soon, extended);
        for batch in ending.chunks(engine.info.max_batch.max(1)) {
            extensions.spawn(extend(engine.clone(), batch.to_vec(), lease, calls.clone()));
        }
    }
}

async fn extend(
    engine: Arc<Engine>,
    batch: Vec<(DeliveryId, Lease)>,
    lease: Duration,
    calls: Arc<Semaphore>,
) {
    let Ok(_call) = calls.acquire_owned().await else { return };
    let (ids, leases): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    // Counted from before the call: the broker counts from when it gets it.
    let ends = after(engine.clock.steady(), lease);
    // A source that panics has extended nothing.
    let results = unless_panicked(async { engine.source.extend(&leases, lease).await }).await;
    let results = results.unwrap_or_default().into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    for (id, result) in ids.into_iter().zip(results) {
        engine.extension_ended(id, matches!(result, Some(Ok(()))).then_some(ends));
        match result {
            Some(Ok(())) | None => {}
            Some(Err(SettleError::LeaseLost(_))) => engine.not_extended(id),
            // Tried again in an eighth of a lease; lost when the lease ends before that succeeds.
            Some(Err(SettleError::Transient(reason))) => {
                tracing::warn!(source = %engine.info.name, reason, "lease not extended");
            }
        }
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
