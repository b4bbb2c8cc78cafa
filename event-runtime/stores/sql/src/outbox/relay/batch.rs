//! One batch: rows are claimed, published in waves, and settled.

use std::time::Duration;

use event_runtime::Message;
use event_runtime::pool::EmitError;
use event_runtime::transport::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::outbox::rows::{Claimed, PENDING, Settled, millis};
use crate::outbox::store::{End, Turn};
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
    /// The name of the claim.
    claim: String,
    lanes: Lanes,
    /// Being published.
    wave: Vec<Claimed>,
    settled: Settled,
    leased_until: i64,
    renew_at: i64,
    report: RelayReport,
}

impl<'a, Db: Database> Batch<'a, Db> {
    /// Claims rows under this name, after it has ended an earlier claim of the name.
    pub(super) async fn claim(relay: &'a Relay<Db>, claim: &str) -> Result<Self, StoreError> {
        Self::after(relay, claim, &[]).await
    }

    /// Removes what an earlier batch has published, ends its claim, and claims the next rows; by one commit, unless that is to
    /// wait for the disk.
    async fn after(relay: &'a Relay<Db>, claim: &str, published: &[i64]) -> Result<Self, StoreError> {
        let now = relay.now();
        let until = now.saturating_add(lease_millis(relay));
        let most = i64::from(relay.settings.batch.max(1));
        if relay.settings.wait_for_flush && !published.is_empty() {
            // Claims of other relays do not wait for the disk, nor does this one.
            let settle = Turn { claim, published, now, until, most: 0, waits: true };
            Db::outbox_turn(&relay.pool, &settle).await?;
        }
        let published = if relay.settings.wait_for_flush { &[] } else { published };
        let turn = Turn { claim, published, now, until, most, waits: false };
        let rows = Db::outbox_turn(&relay.pool, &turn).await?;
        let mut batch = Self {
            relay,
            claim: claim.to_owned(),
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

    pub(super) fn is_empty(&self) -> bool {
        self.report.claimed == 0
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

    /// Settles everything, gives back what was not published, and says what became of the batch.
    pub(super) async fn finish(self) -> Result<RelayReport, StoreError> {
        self.conclude(false).await.map(|(report, _)| report)
    }

    /// [`Batch::finish`], and the next batch where it could be claimed by the same commit.
    pub(super) async fn finish_and_claim(self) -> Result<(RelayReport, Option<Self>), StoreError> {
        self.conclude(true).await
    }

    async fn conclude(mut self, goes_on: bool) -> Result<(RelayReport, Option<Self>), StoreError> {
        let unknown = std::mem::take(&mut self.wave).len();
        self.report.released += (unknown + self.lanes.clear()) as u64;
        let settings = &self.relay.settings;
        let is_plain = self.settled.failed.is_empty() && !self.settled.published.is_empty();
        let at_once =
            goes_on && is_plain && self.report.released == 0 && settings.retention == Retention::Remove;
        let mut failures = 0;
        loop {
            let concluded = if at_once {
                Self::after(self.relay, &self.claim, &self.settled.published).await.map(Some)
            } else {
                self.settle(true).await.map(|()| None)
            };
            let error = match concluded {
                Ok(next) => return Ok((self.report, next)),
                Err(error) => error,
            };
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
                self.report.released += self.lanes.close(key) as u64;
            }
        }
        self.settled.failed.push(failed);
    }

    /// Settles what is done and extends the lease on the rest. Where the database does not answer, publishing goes on: the lease
    /// is still ours for a while, and afterwards another relay publishes the rows again, in order.
    async fn renew(&mut self) {
        let until = self.relay.now().saturating_add(lease_millis(self.relay));
        let renewed = async {
            self.settle(false).await?;
            let left: Vec<i64> =
                self.wave.iter().map(|row| row.sequence).chain(self.lanes.sequences()).collect();
            // What is done, failed or stands behind a failed row is not in the claim any more.
            if !left.is_empty() && !Db::outbox_extend(&self.relay.pool, &self.claim, until, &left).await? {
                self.report.lost += self.lanes.clear() as u64;
            }
            Ok::<_, StoreError>(())
        };
        match renewed.await {
            Ok(()) => self.leased_until = until,
            Err(error) => {
                telemetry::store_failed(&self.relay.name, &error);
                if self.relay.now() >= self.leased_until {
                    self.report.lost += self.lanes.clear() as u64;
                }
            }
        }
        self.plan_renewal();
    }

    /// Writes down what is known by now; `ends_claim` with the last of it.
    async fn settle(&mut self, ends_claim: bool) -> Result<(), StoreError> {
        if self.is_empty() || (self.settled.is_empty() && !ends_claim) {
            return Ok(());
        }
        let settings = &self.relay.settings;
        let keep = matches!(settings.retention, Retention::Keep(_)).then(|| self.relay.now());
        let end = End { ends_claim, waits: settings.wait_for_flush };
        Db::outbox_settle(&self.relay.pool, &self.claim, &self.settled, keep, end).await?;
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
