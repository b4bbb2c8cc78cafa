//! The inbox's statements on PostgreSQL.

use std::time::Duration;

use event_runtime::idempotency::{Claim, ClaimOutcome, ClaimRequest};
use sqlx::postgres::{PgPool, Postgres};
use sqlx::{Pool, Transaction};

use super::{Queries, queries, statements};

statements!("(extract(epoch FROM clock_timestamp()) * 1000)::bigint");

/// Deletes at most `$1` expired rows, past those that others are working on.
pub const DELETE_EXPIRED: &str = "WITH picked AS MATERIALIZED (SELECT handler, message_key \
    FROM event_inbox WHERE expires_at <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint \
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED) \
    DELETE FROM event_inbox WHERE (handler, message_key) IN (SELECT handler, message_key FROM picked)";

/// Takes the advisory lock of a key until the transaction ends: `$1` handler, `$2` key. Returns `false` where another
/// transaction has it. Two keys of one hash are in each other's way for a moment and do no harm.
pub const TRY_LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtextextended('event_inbox.' || current_schema() || '.' || $1 \
    || chr(31) || $2, 0))";

impl Queries for Postgres {
    queries!(Postgres);

    async fn begin_writing(pool: &Pool<Self>) -> sqlx::Result<Transaction<'static, Self>> {
        PgPool::begin(pool).await
    }

    async fn lock_key(connection: &mut Self::Connection, claim: &Claim) -> sqlx::Result<bool> {
        let key = crate::indexed::indexed(&claim.key);
        sqlx::query_scalar(TRY_LOCK).bind(&*claim.handler).bind(&*key).fetch_one(connection).await
    }
}
