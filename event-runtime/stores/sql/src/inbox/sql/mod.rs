//! The statements, and what is done with them on either database.

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;

use std::future::Future;
use std::time::Duration;

use event_runtime::idempotency::{Claim, ClaimOutcome, ClaimRequest};
use sqlx::{Connection, Pool, Transaction};

/// What the inbox asks of a database. Sealed, as [`Database`](crate::Database) is.
pub trait Queries: sqlx::Database {
    /// Claims, or says who stands in the way.
    fn claim_message(
        connection: &mut Self::Connection,
        request: &ClaimRequest,
    ) -> impl Future<Output = sqlx::Result<ClaimOutcome>> + Send;

    /// Whether the claim was held.
    fn renew_claim(
        connection: &mut Self::Connection,
        claim: &Claim,
        ttl: Duration,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Whether the claim was held.
    fn complete_claim(
        connection: &mut Self::Connection,
        claim: &Claim,
        retention: Duration,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Whether the claim was held.
    fn release_claim(
        connection: &mut Self::Connection,
        claim: &Claim,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// How many expired rows were deleted, at most `limit`.
    fn delete_expired_records(
        connection: &mut Self::Connection,
        limit: u32,
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// A transaction that may write.
    fn begin_writing(
        pool: &Pool<Self>,
    ) -> impl Future<Output = sqlx::Result<Transaction<'static, Self>>> + Send;

    /// Keeps other transactions off the claim's key until this one ends; `false` where one is there.
    fn lock_key(
        connection: &mut Self::Connection,
        claim: &Claim,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Begins a transaction on a connection whose own was ended behind sqlx's back, so that the two agree again and the
    /// connection can go back to its pool.
    fn begin_again(connection: &mut Self::Connection) -> impl Future<Output = ()> + Send;

    /// A connection of the pool, in a transaction.
    fn connection<'a>(transaction: &'a mut Transaction<'static, Self>) -> &'a mut Self::Connection
    where
        Self::Connection: Connection,
    {
        transaction
    }
}

/// How often a claim is asked for anew, when the row that stood in the way is gone before it was read.
const ROUNDS: u32 = 8;

/// The statements of one database; `$now` is its time in milliseconds.
macro_rules! statements {
    ($now:literal) => {
        /// Claims: `$1` handler, `$2` key, `$3` digest, `$4` token, `$5` generation, `$6` milliseconds that the claim holds,
        /// `$7` milliseconds for which abandoned claims are remembered after that. Returns the number of abandoned claims, or
        /// no row where the claim is not granted.
        pub const CLAIM: &str = concat!(
            "INSERT INTO event_inbox AS held ",
            "(handler, message_key, digest, state, token, claimed_until, generation, abandoned, expires_at) ",
            "VALUES ($1, $2, $3, 1, $4, ", $now, " + $6, $5, 0, ", $now, " + $6 + $7) ",
            "ON CONFLICT (handler, message_key) DO UPDATE SET digest = excluded.digest, state = 1, token = excluded.token, ",
            "claimed_until = excluded.claimed_until, generation = excluded.generation, expires_at = excluded.expires_at, ",
            "abandoned = CASE WHEN held.expires_at <= excluded.claimed_until - $6 OR held.digest <> excluded.digest ",
            "OR held.generation <> excluded.generation THEN 0 ",
            "WHEN held.state = 1 AND held.token <> excluded.token THEN held.abandoned + 1 ELSE held.abandoned END ",
            "WHERE held.expires_at <= excluded.claimed_until - $6 OR held.state = 0 OR (held.state = 1 ",
            "AND (held.token = excluded.token OR held.claimed_until <= excluded.claimed_until - $6)) ",
            "RETURNING abandoned"
        );

        /// What stands in the way of a claim: `$1` handler, `$2` key, `$3` digest. Returns the state, whether the digest is the
        /// same, and the milliseconds until a claim ends.
        pub const STANDING: &str = concat!(
            "SELECT CAST(state AS bigint), digest = $3, claimed_until - ", $now, " FROM event_inbox ",
            "WHERE handler = $1 AND message_key = $2 AND expires_at > ", $now
        );

        /// Renews: `$1` handler, `$2` key, `$3` token, `$4` milliseconds. One row where the claim was held.
        pub const RENEW: &str = concat!(
            "UPDATE event_inbox SET expires_at = expires_at - claimed_until + ", $now, " + $4, claimed_until = ", $now, " + $4 ",
            "WHERE handler = $1 AND message_key = $2 AND token = $3 AND state = 1"
        );

        /// Completes: `$1` handler, `$2` key, `$3` token, `$4` milliseconds of retention. One row where the claim was held.
        pub const COMPLETE: &str = concat!(
            "UPDATE event_inbox SET state = 2, expires_at = ", $now, " + $4 ",
            "WHERE handler = $1 AND message_key = $2 AND token = $3 AND state <> 0"
        );

        /// Releases a claim before which none was abandoned: `$1` handler, `$2` key, `$3` token.
        pub const RELEASE: &str =
            "DELETE FROM event_inbox WHERE handler = $1 AND message_key = $2 AND token = $3 AND state = 1 AND abandoned = 0";

        /// Releases a claim and keeps the count of those that were abandoned: `$1` handler, `$2` key, `$3` token.
        pub const RELEASE_COUNTED: &str =
            "UPDATE event_inbox SET state = 0 WHERE handler = $1 AND message_key = $2 AND token = $3 AND state = 1";
    };
}
use statements;

/// The same calls on either database.
macro_rules! queries {
    ($database:ty) => {
        async fn claim_message(
            connection: &mut Self::Connection,
            request: &ClaimRequest,
        ) -> sqlx::Result<ClaimOutcome> {
            let Claim { handler, key, token } = &request.claim;
            let key = crate::indexed::indexed(key);
            let (token, digest) = (token.to_string(), request.digest.as_bytes().as_slice());
            for _ in 0..super::ROUNDS {
                let granted: Option<i64> = sqlx::query_scalar(CLAIM)
                    .bind(&**handler)
                    .bind(&*key)
                    .bind(digest)
                    .bind(&token)
                    .bind(i64::from(request.generation))
                    .bind(super::milliseconds(request.ttl))
                    .bind(super::milliseconds(request.retention))
                    .fetch_optional(&mut *connection)
                    .await?;
                if let Some(abandoned) = granted {
                    return Ok(ClaimOutcome::Claimed {
                        abandoned: u32::try_from(abandoned).unwrap_or(u32::MAX),
                    });
                }
                let standing: Option<(i64, bool, i64)> = sqlx::query_as(STANDING)
                    .bind(&**handler)
                    .bind(&*key)
                    .bind(digest)
                    .fetch_optional(&mut *connection)
                    .await?;
                if let Some(outcome) = standing.and_then(super::standing) {
                    return Ok(outcome);
                }
            }
            // Claims of others came and went in between each time: somebody is handling it.
            Ok(ClaimOutcome::InProgress { remaining: std::time::Duration::from_millis(100) })
        }

        async fn renew_claim(
            connection: &mut Self::Connection,
            claim: &Claim,
            ttl: Duration,
        ) -> sqlx::Result<bool> {
            let Claim { handler, key, token } = claim;
            let key = crate::indexed::indexed(key);
            let query = sqlx::query(RENEW).bind(&**handler).bind(&*key).bind(token.to_string());
            let done = query.bind(super::milliseconds(ttl)).execute(connection).await?;
            Ok(done.rows_affected() > 0)
        }

        async fn complete_claim(
            connection: &mut Self::Connection,
            claim: &Claim,
            retention: Duration,
        ) -> sqlx::Result<bool> {
            let Claim { handler, key, token } = claim;
            let key = crate::indexed::indexed(key);
            let query = sqlx::query(COMPLETE).bind(&**handler).bind(&*key).bind(token.to_string());
            let done = query.bind(super::milliseconds(retention)).execute(connection).await?;
            Ok(done.rows_affected() > 0)
        }

        async fn release_claim(connection: &mut Self::Connection, claim: &Claim) -> sqlx::Result<bool> {
            let Claim { handler, key, token } = claim;
            let key = crate::indexed::indexed(key);
            for statement in [RELEASE, RELEASE_COUNTED] {
                let query = sqlx::query(statement).bind(&**handler).bind(&*key).bind(token.to_string());
                if query.execute(&mut *connection).await?.rows_affected() > 0 {
                    return Ok(true);
                }
            }
            Ok(false)
        }

        async fn begin_again(connection: &mut Self::Connection) {
            // It fails where the transaction is still there, and then nothing is to be done.
            drop(sqlx::query("BEGIN").execute(connection).await);
        }

        async fn delete_expired_records(connection: &mut Self::Connection, limit: u32) -> sqlx::Result<u64> {
            let done = sqlx::query(DELETE_EXPIRED).bind(i64::from(limit)).execute(connection).await?;
            Ok(done.rows_affected())
        }
    };
}
use queries;

/// What a row says to a claim; `None` where the row is free by now.
fn standing((state, same, remaining): (i64, bool, i64)) -> Option<ClaimOutcome> {
    let outcome = match (state, u64::try_from(remaining)) {
        (2, _) => ClaimOutcome::Completed,
        (1, Ok(remaining @ 1..)) => ClaimOutcome::InProgress { remaining: Duration::from_millis(remaining) },
        _ => return None,
    };
    Some(if same { outcome } else { ClaimOutcome::Mismatch })
}

/// Rounded up, so that nothing ends early, and held to what still adds up to a moment.
fn milliseconds(duration: Duration) -> i64 {
    const CENTURIES: i64 = 10 * 100 * 365 * 24 * 3_600_000;
    i64::try_from(duration.as_micros().div_ceil(1000)).unwrap_or(CENTURIES).min(CENTURIES)
}
