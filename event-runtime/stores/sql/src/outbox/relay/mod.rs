//! The relay: it brings the rows of the outbox to a producer pool.

mod batch;
mod idle;
mod lanes;
mod report;
mod settings;
mod verdict;

use std::fmt;
use std::sync::Arc;

use event_runtime::pool::DynEmitter;
use event_runtime::{Clock, Emitter};
use tokio_util::sync::CancellationToken;

use crate::{Database, StoreError, check_schema};

use super::stats::OutboxStats;
use super::telemetry;
use batch::Batch;
use idle::Idle;

pub use report::RelayReport;
pub use settings::{RelaySettings, Retention};

/// Publishes the rows of the outbox, at least once each, under the id that the event has had from its emit.
///
/// Several relays may run side by side, in one process or many. The rows of one ordering key are published one after the other:
/// while one of them is being published, or waits for its next attempt, the later ones wait. Rows without a key have no order.
/// A relay that dies leaves its rows claimed until their lease is over; then another publishes them, again perhaps.
///
/// On PostgreSQL a running relay keeps one connection of the pool for `LISTEN` and works with a second one; where the pool has only
/// one, it polls.
///
/// ```
/// use event_runtime::prelude::*;
/// use event_runtime::testing::Probe;
/// use event_store_sql::{Outbox, Relay, migrate};
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # /// An order was paid.
/// # #[derive(Serialize, Deserialize, JsonSchema, Event)]
/// # #[event(key = order_id)]
/// # struct OrderPaid {
/// #     order_id: String,
/// # }
/// # message_pack! {
/// #     /// Orders.
/// #     Shop<OrderPaid>
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let options = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
/// # let database = options.connect("sqlite::memory:").await?;
/// migrate(&database).await?;
/// let mut transaction = database.begin().await?;
/// Outbox::new().emit(&mut transaction, OrderPaid::new("A-17".into()).envelope()).await?;
/// transaction.commit().await?;
///
/// let probe = Probe::new(); // In an application: a `ProducersPool`.
/// let report = Relay::new(database, probe.clone()).run_once().await?;
/// assert_eq!((report.published, probe.messages().len()), (1, 1));
/// # Ok(())
/// # }
/// ```
pub struct Relay<Db: Database> {
    pool: sqlx::Pool<Db>,
    emitter: Arc<dyn DynEmitter>,
    settings: RelaySettings,
    clock: Clock,
    name: String,
}

impl<Db: Database> Relay<Db> {
    /// A relay from the outbox in `pool` to `emitter`, which usually is a
    /// [`ProducersPool`](event_runtime::ProducersPool).
    pub fn new(pool: sqlx::Pool<Db>, emitter: impl Emitter + 'static) -> Self {
        Self {
            pool,
            emitter: Arc::new(emitter),
            settings: RelaySettings::default(),
            clock: Clock::system(),
            name: "outbox".to_owned(),
        }
    }

    /// Behaves as `settings` say.
    #[must_use]
    pub fn with_settings(mut self, settings: RelaySettings) -> Self {
        self.settings = settings;
        self
    }

    /// Tells the time by another clock; all relays of one outbox need about the same time.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The label `outbox` of metrics and logs; `outbox` by default.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Publishes until `shutdown` completes, then finishes the wave that is being published, gives back the rest of its rows, and
    /// says what it did.
    ///
    /// A failing database or broker does not end it: it waits, with backoff and jitter, and goes on. What is still being published
    /// [`stop_deadline`](RelaySettings::stop_deadline) after `shutdown` is broken off; those rows are
    /// published again. Settling has the same time once more.
    ///
    /// # Errors
    /// [`StoreErrorKind::SchemaMissing`](crate::StoreErrorKind::SchemaMissing) and
    /// [`StoreErrorKind::SchemaNewer`](crate::StoreErrorKind::SchemaNewer), at the start; any failure of the database that does
    /// not pass by itself.
    ///
    /// # Cancel safety
    /// A dropped relay leaves its rows claimed; they are published again when the lease is over. Complete `shutdown` instead.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) -> Result<RelayReport, StoreError> {
        let stop = CancellationToken::new();
        let work = self.work(&stop);
        tokio::pin!(work, shutdown);
        tokio::select! {
            report = &mut work => return report,
            () = &mut shutdown => stop.cancel(),
        }
        work.await
    }

    /// Claims one batch, publishes it and returns what came of it; nothing claimed = nothing to do at present.
    ///
    /// For programs that run now and then, and for tests.
    ///
    /// # Errors
    /// What the database answers; rows that were published by then and could not be settled are published again.
    ///
    /// # Cancel safety
    /// A dropped call leaves its rows claimed; they are published again when the lease is over.
    pub async fn run_once(&self) -> Result<RelayReport, StoreError> {
        let mut batch = Batch::claim(self, &claim_name()).await?;
        batch.publish(&CancellationToken::new()).await;
        batch.finish().await
    }

    /// Removes one small batch of rows that were kept long enough, and returns how many there were.
    ///
    /// A running relay does it by itself.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has removed all of them or none.
    pub async fn clean_up(&self) -> Result<u64, StoreError> {
        let Retention::Keep(keep) = self.settings.retention else { return Ok(0) };
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let most = i64::from(self.settings.clean_up_batch.max(1));
        Db::outbox_clean_up(&self.pool, self.now().saturating_sub(keep), most).await
    }

    /// What lies in the outbox now.
    ///
    /// # Errors
    /// What the database answers.
    ///
    /// # Cancel safety
    /// A dropped call has changed nothing.
    pub async fn stats(&self) -> Result<OutboxStats, StoreError> {
        OutboxStats::read(&self.pool, &self.clock).await
    }

    async fn work(&self, stop: &CancellationToken) -> Result<RelayReport, StoreError> {
        let mut total = RelayReport::default();
        let mut idle = Idle::new(self);
        let claim = claim_name();
        // By the commit that settled the round before.
        let mut claimed: Option<Batch<'_, Db>> = None;
        while !stop.is_cancelled() {
            let round = tokio::select! {
                round = self.round(claimed.take(), &claim, stop, &mut idle) => round,
                // A database that hangs does not hold the stop up.
                () = self.overdue(stop) => break,
            };
            let round = round.map(|(report, next)| {
                claimed = next;
                total += report;
                report
            });
            match round {
                Err(error) if stop.is_cancelled() => telemetry::store_failed(&self.name, &error),
                round => idle.after(round, stop).await?,
            }
        }
        if let Some(batch) = claimed {
            let given_back = tokio::select! {
                report = batch.finish() => report,
                () = self.overdue(stop) => return Ok(total),
            };
            match given_back {
                Ok(report) => total += report,
                Err(error) => telemetry::store_failed(&self.name, &error),
            }
        }
        Ok(total)
    }

    /// What comes before the first look at the table, or the first after the database was away.
    async fn ready(&self, idle: &mut Idle<'_, Db>) -> Result<(), StoreError> {
        if idle.is_new() {
            check_schema(&self.pool, "outbox").await?;
        }
        // Before the look at the table, so that nothing is missed between the two.
        idle.listen().await;
        Ok(())
    }

    /// One batch, which may be claimed already, and whatever is due beside it; the next batch where one commit could do both.
    async fn round<'a>(
        &'a self,
        claimed: Option<Batch<'a, Db>>,
        claim: &str,
        stop: &CancellationToken,
        idle: &mut Idle<'a, Db>,
    ) -> Result<(RelayReport, Option<Batch<'a, Db>>), StoreError> {
        let mut batch = match claimed {
            Some(batch) => batch,
            None => {
                self.ready(idle).await?;
                Batch::claim(self, claim).await?
            }
        };
        let deadline = async {
            stop.cancelled().await;
            self.clock.sleep(self.settings.stop_deadline).await;
        };
        tokio::select! {
            () = batch.publish(stop) => {}
            () = deadline => {}
        }
        if !stop.is_cancelled() && !idle.has_house_to_keep() {
            // The next look at the table comes with the settlement.
            idle.listen().await;
            let (report, next) = batch.finish_and_claim().await?;
            return Ok((report, next.filter(|batch| !batch.is_empty())));
        }
        let mut report = batch.finish().await?;
        if !stop.is_cancelled() {
            report.removed = idle.keep_house().await;
        }
        Ok((report, None))
    }

    /// Completes when a stop has had its time twice: once to publish, once to settle.
    async fn overdue(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        self.clock.sleep(self.settings.stop_deadline.saturating_mul(2)).await;
    }
}

/// Tells a relay's claims from those of others.
fn claim_name() -> String {
    uuid::Uuid::now_v7().to_string()
}

impl<Db: Database> fmt::Debug for Relay<Db> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Relay")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
