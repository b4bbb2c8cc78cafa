//! One batch: rows are claimed, published in waves, and settled.

use std::collections::HashSet;
use std::time::Duration;

use event_runtime::Message;
use event_runtime::pool::EmitError;
use event_runtime::transport::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::outbox::rows::{Claimed, PENDING, Settled, millis};
use crate::outbox::telemetry;
use crate::{Database, StoreError};

use super::lanes::Lanes;
use super::verdict;
use super::{Relay, RelayReport, Retention};

/// A lease is extended, and what is done is settled, when a third of its time is over.
const PARTS_PER_LEASE: u32 = 3;

/// The claimed rows, each in exactly one place, so that a batch that is broken off knows what to give back.
pub(super) struct Batch<'a, Db: Database> {
    relay: &'a Relay<Db>,
    lanes: Lanes,
    /// Being published.
    wave: Vec<Claimed>,
    settled: Settled,
    leased_until: i64,
    renew_at: i64,
    report: RelayReport,
}

impl<'a, Db: Database> Batch<'a, Db> {
    pub(super) async fn claim(relay: &'a Relay<Db>) -> Result<Self, StoreError> {
        let now = relay.now();
        let until = now.saturating_add(lease_millis(relay));
        let most = i64::from(relay.settings.batch.max(1));
        let rows = Db::outbox_claim(&relay.pool, &relay.id, now, until, most).await?;
        let mut batch = Self {
            relay,
            report: RelayReport { claimed: rows.len() as u64, ..RelayReport::default() },
            lanes: Lanes::new(rows),
            wave: Vec::new(),
            settled: Settled::default(),
            leased_until: until,
            renew_at: 0,
        };
        batch.plan_renewal();
        Ok(batch)
    }

    /// Publishes wave after wave until nothing is left or `stop` is asked for.
    ///
    /// May be dropped at any point; [`Batch::finish`] then gives back what was not known to be published.
    pub(super) async fn publish(&mut self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            self.wave = self.lanes.next_wave();
            if self.wave.is_empty() {
                break;
            }
            let results = self.send_wave().await;
            let wave = std::mem::take(&mut self.wave);
            for (row, result) in wave.into_iter().zip(results) {
                self.note(row, result);
            }
            if self.relay.now() >= self.renew_at {
                self.renew().await;
            }
        }
    }

    /// Settles everything, and says what became of the batch.
    pub(super) async fn finish(mut self) -> Result<RelayReport, StoreError> {
        let unknown = std::mem::take(&mut self.wave);
        self.settled.released.extend(unknown.iter().map(|row| row.sequence));
        let untried = self.lanes.take();
        self.settled.released.extend(untried);
        self.report.released += self.settled.released.len() as u64;
        let mut failures = 0;
        loop {
            let Err(error) = self.settle().await else { return Ok(self.report) };
            failures += 1;
            let pause = self.relay.settings.pause(failures);
            let patience = self.leased_until.saturating_sub(self.relay.now());
            // What was published and is not noted is published once more when the lease is over.
            if !error.is_retryable() || i64::try_from(pause.as_millis()).unwrap_or(i64::MAX) >= patience {
                return Err(error);
            }
            telemetry::store_failed(&self.relay.name, &error);
            self.relay.clock.sleep(pause).await;
        }
    }

    /// One answer a row of the wave; leases are extended while the destinations take their time.
    async fn send_wave(&mut self) -> Vec<Result<(), Fault>> {
        let relay = self.relay;
        let now = relay.now();
        let mut sending = send(relay, &self.wave, now);
        loop {
            let until_renewal = u64::try_from(self.renew_at.saturating_sub(relay.now())).unwrap_or_default();
            tokio::select! {
                biased;
                results = &mut sending => return results,
                () = relay.clock.sleep(Duration::from_millis(until_renewal)) => {}
            }
            self.renew().await;
        }
    }

    fn note(&mut self, row: Claimed, result: Result<(), Fault>) {
        let (relay, now) = (self.relay, self.relay.now());
        let failed = match result {
            Ok(()) => {
                let lag = u64::try_from(now.saturating_sub(row.created_at)).unwrap_or_default();
                telemetry::published(&relay.name, Duration::from_millis(lag));
                self.report.published += 1;
                self.settled.published.push(row.sequence);
                return;
            }
            Err(Fault::Unreadable(reason)) => verdict::unreadable(reason, &row, &relay.settings, now),
            Err(Fault::Emit(error)) => verdict::after(&error, &row, &relay.settings, now),
        };
        let set_aside = failed.state != PENDING;
        telemetry::failed(&relay.name, &row.event_id, &row.payload_type, &failed.error, set_aside);
        if set_aside {
            self.report.set_aside += 1;
        } else {
            self.report.retried += 1;
            // Whatever stands behind it in its key waits with it.
            if let Some(key) = &row.ordering_key {
                self.settled.released.extend(self.lanes.close(key));
            }
        }
        self.settled.failed.push(failed);
    }

    /// Settles what is done and extends the lease on the rest. Where the database does not answer, publishing goes on: the lease
    /// is still ours for a while, and afterwards another relay publishes the rows again, in order.
    async fn renew(&mut self) {
        let until = self.relay.now().saturating_add(lease_millis(self.relay));
        let renewed = async {
            // Rows behind a failed one are given back with it, in one transaction.
            self.settle().await?;
            let rows: Vec<i64> =
                self.wave.iter().map(|row| row.sequence).chain(self.lanes.sequences()).collect();
            if rows.is_empty() {
                return Ok(());
            }
            let ours = Db::outbox_extend(&self.relay.pool, &self.relay.id, until, &rows).await?;
            self.report.lost += self.lanes.keep_only(&HashSet::from_iter(ours));
            Ok::<_, StoreError>(())
        };
        match renewed.await {
            Ok(()) => self.leased_until = until,
            Err(error) => {
                telemetry::store_failed(&self.relay.name, &error);
                if self.relay.now() >= self.leased_until {
                    self.report.lost += self.lanes.take().len() as u64;
                }
            }
        }
        self.plan_renewal();
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        if self.settled.is_empty() {
            return Ok(());
        }
        let keep = matches!(self.relay.settings.retention, Retention::Keep(_)).then(|| self.relay.now());
        Db::outbox_settle(&self.relay.pool, &self.relay.id, &self.settled, keep).await?;
        self.settled = Settled::default();
        Ok(())
    }

    fn plan_renewal(&mut self) {
        let part = (self.relay.settings.lease / PARTS_PER_LEASE).as_millis().max(1);
        self.renew_at = self.relay.now().saturating_add(i64::try_from(part).unwrap_or(i64::MAX));
    }
}

fn lease_millis<Db: Database>(relay: &Relay<Db>) -> i64 {
    i64::try_from(relay.settings.lease.as_millis()).unwrap_or(i64::MAX)
}

/// Why a row was not published.
enum Fault {
    Unreadable(String),
    Emit(EmitError),
}

/// Sends a wave: what was never tried by one call, what some producers have already one by one.
fn send<Db: Database>(
    relay: &Relay<Db>,
    wave: &[Claimed],
    now: i64,
) -> BoxFuture<'static, Vec<Result<(), Fault>>> {
    let emitter = relay.emitter.clone();
    let mut results: Vec<Result<(), Fault>> = Vec::with_capacity(wave.len());
    let (mut fresh, mut places): (Vec<Message>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut begun = Vec::new();
    for (place, row) in wave.iter().enumerate() {
        results.push(Ok(()));
        match verdict::message_of(row, emitter.dyn_codec(), now) {
            Err(reason) => results[place] = Err(Fault::Unreadable(reason)),
            Ok(message) => match verdict::earlier_attempt(row, message) {
                Ok(error) => begun.push((place, error)),
                Err(message) => {
                    fresh.push(message);
                    places.push(place);
                }
            },
        }
    }
    Box::pin(async move {
        if !fresh.is_empty()
            && let Err(errors) = emitter.dyn_emit_batch(fresh).await
        {
            for (index, error) in errors.into_failures() {
                if let Some(result) = places.get(index).and_then(|place| results.get_mut(*place)) {
                    *result = Err(Fault::Emit(error));
                }
            }
        }
        for (place, error) in begun {
            results[place] = emitter.dyn_retry(error).await.map_err(Fault::Emit);
        }
        results
    })
}

impl<Db: Database> Relay<Db> {
    pub(super) fn now(&self) -> i64 {
        millis(self.clock.now())
    }
}
