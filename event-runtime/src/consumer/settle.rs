//! The settler: collects what was decided into batches, and repeats what the broker did not take.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::consumer::Backoff;
use crate::consumer::engine::Engine;
use crate::consumer::job::DeliveryId;
use crate::delivery::{SettleAction, Settlement};
use crate::layer::unless_panicked;
use crate::transport::SettleError;

/// How many settle calls are in flight at once.
const MAX_CALLS: usize = 4;

const REPEAT: Backoff = Backoff { base: Duration::from_millis(50), max: Duration::from_secs(5) };

pub(crate) async fn settle(engine: Arc<Engine>) {
    let calls = Arc::new(Semaphore::new(MAX_CALLS));
    let mut batches = JoinSet::new();
    // The call first, the batch second: while every call is busy, the next batch fills up.
    while let Ok(call) = calls.clone().acquire_owned().await {
        let batch = next_batch(&engine).await;
        batches.spawn(settle_batch(engine.clone(), batch, calls.clone(), call));
        while batches.try_join_next().is_some() {}
    }
}

/// The next batch: full, or as much as came within the linger.
async fn next_batch(engine: &Engine) -> Vec<(DeliveryId, Settlement)> {
    let full = engine.info.max_batch.max(1);
    let mut batch = Vec::with_capacity(full);
    while !engine.take_settlements(full, &mut batch) {
        engine.to_settle.notified().await;
    }
    let linger = engine.settings.settle_linger;
    if batch.len() < full && !linger.is_zero() && !engine.draining.is_cancelled() {
        // Real time, whatever the engine's clock: the linger is about calls, not about the events' time.
        let end = tokio::time::sleep(linger);
        tokio::pin!(end);
        while batch.len() < full {
            if engine.take_settlements(full, &mut batch) {
                continue;
            }
            tokio::select! {
                biased;
                () = engine.to_settle.notified() => {}
                () = &mut end => break,
                () = engine.draining.cancelled() => break,
            }
        }
    }
    batch
}

/// Settles until everything is confirmed or lost. What waits to be repeated occupies no call.
async fn settle_batch(
    engine: Arc<Engine>,
    batch: Vec<(DeliveryId, Settlement)>,
    calls: Arc<Semaphore>,
    mut call: OwnedSemaphorePermit,
) {
    let (mut ids, mut settlements): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
    let mut failures = 0;
    while !ids.is_empty() {
        // A source that panics has confirmed nothing.
        let settled = unless_panicked(async { engine.source.settle(&settlements).await }).await;
        drop(call);
        // A result that is missing is no confirmation.
        let results =
            settled.unwrap_or_default().into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let mut each = settlements.into_iter().zip(results);
        let (mut done, mut repeated) = (ids, (Vec::new(), Vec::new()));
        done.retain(|id| {
            let Some((settlement, result)) = each.next() else { return true };
            match result {
                Some(Ok(())) => {
                    let handed_back = matches!(settlement.action, SettleAction::HandBack { .. });
                    engine.counts.handed_back.add(u64::from(handed_back));
                }
                Some(Err(SettleError::LeaseLost(reason))) => {
                    tracing::debug!(source = %engine.info.name, delivery = id, reason, "settled too late");
                    engine.lost(*id);
                }
                Some(Err(SettleError::Transient(_))) | None if engine.is_leased(*id) => {
                    repeated.0.push(*id);
                    repeated.1.push(settlement);
                    return false;
                }
                Some(Err(SettleError::Transient(_))) | None => engine.lost(*id),
            }
            true
        });
        engine.settled(done);
        (ids, settlements) = repeated;
        if ids.is_empty() {
            return;
        }
        failures += 1;
        engine.counts.settle_errors.add(ids.len() as u64);
        tracing::warn!(source = %engine.info.name, messages = ids.len(), failures, "settlement failed; repeating");
        engine.clock.sleep(REPEAT.ceiling(failures) / 2 + REPEAT.random_delay(failures) / 2).await;
        let Ok(next) = calls.clone().acquire_owned().await else { return };
        call = next;
    }
}
