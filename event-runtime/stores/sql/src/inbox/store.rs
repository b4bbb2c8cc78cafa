//! *Record after*, over a pool of connections.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use event_runtime::Clock;
use event_runtime::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, IdempotencyError, IdempotencyErrorKind, IdempotencyStore,
};
use sqlx::Pool;

use crate::{Database, StoreError, StoreErrorKind};

/// How many expired records one statement deletes.
const BATCH: u32 = 500;

/// Remembers in the table `event_inbox` what was handled: the store of the layers
/// [`Idempotent`](event_runtime::layer::Idempotent) and [`PoisonGuard`](event_runtime::layer::PoisonGuard).
///
/// Each call is one statement or two, outside of any transaction of the application. Times go by the server's clock,
/// on SQLite by the machine's. [`migrate`](crate::migrate()) creates the table. On SQLite every claim is a write to the
/// file, and waits for other writers as long as the pool's `busy_timeout` says. A clone shares the pool.
///
/// ```no_run
/// use event_runtime::MessageRouter;
/// use event_runtime::layer::Idempotent;
/// use event_store_sql::inbox::SqlInbox;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = sqlx::PgPool::connect("postgres://localhost/shop").await?;
/// event_store_sql::migrate(&pool).await?;
/// let router = MessageRouter::new().layer(Idempotent::new(SqlInbox::new(pool), "billing"));
/// # Ok(())
/// # }
/// ```
pub struct SqlInbox<Db: Database> {
    pool: Pool<Db>,
}

impl<Db: Database> SqlInbox<Db> {
    /// The inbox in this database.
    pub fn new(pool: Pool<Db>) -> Self {
        Self { pool }
    }

    /// Deletes at most `limit` expired records, and returns how many there were.
    ///
    /// # Errors
    /// See [`StoreErrorKind`].
    ///
    /// # Cancel safety
    /// A dropped call may have deleted them.
    pub async fn delete_expired(&self, limit: u32) -> Result<u64, StoreError> {
        let failed = StoreError::during("delete expired records of the inbox");
        let mut connection = self.pool.acquire().await.map_err(&failed)?;
        Db::delete_expired_records(&mut connection, limit).await.map_err(failed)
    }

    /// Deletes expired records in small batches, until there are none left, each time `interval` has passed; ends with
    /// `shutdown`. Several processes may do so at once. A failure is logged, and tried again after the next interval.
    ///
    /// # Cancel safety
    /// Dropping it is as good as a shutdown.
    pub async fn clean_up(&self, interval: Duration, clock: &Clock, shutdown: impl Future<Output = ()>) {
        let cleaning = async {
            loop {
                loop {
                    match self.delete_expired(BATCH).await {
                        Ok(deleted) if deleted >= u64::from(BATCH) => tokio::task::yield_now().await,
                        Ok(_) => break,
                        Err(error) => {
                            tracing::warn!(%error, "expired records of the inbox stay for now");
                            break;
                        }
                    }
                }
                clock.sleep(interval).await;
            }
        };
        tokio::select! {
            () = cleaning => {}
            () = shutdown => {}
        }
    }
}

impl<Db: Database> IdempotencyStore for SqlInbox<Db> {
    async fn claim(&self, request: &ClaimRequest) -> Result<ClaimOutcome, IdempotencyError> {
        let failed = failed("claim a message in the inbox");
        let mut connection = self.pool.acquire().await.map_err(&failed)?;
        Db::claim_message(&mut connection, request).await.map_err(failed)
    }

    async fn renew(&self, claim: &Claim, ttl: Duration) -> Result<(), IdempotencyError> {
        let failed = failed("renew a claim in the inbox");
        let mut connection = self.pool.acquire().await.map_err(&failed)?;
        held(Db::renew_claim(&mut connection, claim, ttl).await.map_err(failed)?)
    }

    async fn complete(&self, claim: &Claim, retention: Duration) -> Result<(), IdempotencyError> {
        let failed = failed("record a message in the inbox");
        let mut connection = self.pool.acquire().await.map_err(&failed)?;
        held(Db::complete_claim(&mut connection, claim, retention).await.map_err(failed)?)
    }

    async fn release(&self, claim: &Claim) -> Result<(), IdempotencyError> {
        let failed = failed("release a claim in the inbox");
        let mut connection = self.pool.acquire().await.map_err(&failed)?;
        held(Db::release_claim(&mut connection, claim).await.map_err(failed)?)
    }
}

fn held(held: bool) -> Result<(), IdempotencyError> {
    if held { Ok(()) } else { Err(IdempotencyError::claim_lost()) }
}

fn failed(action: &'static str) -> impl Fn(sqlx::Error) -> IdempotencyError {
    move |error| {
        let error = StoreError::from_sqlx(action, error);
        let (kind, text) = match error.kind() {
            StoreErrorKind::Unavailable | StoreErrorKind::Conflict => {
                (IdempotencyErrorKind::Unavailable, format!("could not {action} for now"))
            }
            StoreErrorKind::SchemaMissing => (
                IdempotencyErrorKind::Unexpected,
                format!("could not {action}: its table is missing, run `event_store_sql::migrate`"),
            ),
            _ => (IdempotencyErrorKind::Unexpected, format!("could not {action}")),
        };
        IdempotencyError::new(kind, text).with_source(error)
    }
}

impl<Db: Database> Clone for SqlInbox<Db> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone() }
    }
}

impl<Db: Database> fmt::Debug for SqlInbox<Db> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqlInbox").field("database", &Db::NAME).finish_non_exhaustive()
    }
}
