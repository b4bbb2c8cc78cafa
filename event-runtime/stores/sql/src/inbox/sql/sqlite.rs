//! The inbox's statements on SQLite.

use std::time::Duration;

use event_runtime::idempotency::{Claim, ClaimOutcome, ClaimRequest};
use sqlx::sqlite::Sqlite;
use sqlx::{Pool, Transaction};

use super::{Queries, queries, statements};

statements!("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)");

/// Deletes at most `$1` expired rows.
pub const DELETE_EXPIRED: &str = "DELETE FROM event_inbox WHERE rowid IN (SELECT rowid FROM event_inbox \
    WHERE expires_at <= CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) ORDER BY expires_at LIMIT $1)";

impl Queries for Sqlite {
    queries!(Sqlite);

    async fn begin_writing(pool: &Pool<Self>) -> sqlx::Result<Transaction<'static, Self>> {
        // A transaction that reads first and writes later fails where another one has written in between.
        pool.begin_with("BEGIN IMMEDIATE").await
    }

    async fn lock_key(_: &mut Self::Connection, _: &Claim) -> sqlx::Result<bool> {
        // There is one writing transaction at a time.
        Ok(true)
    }
}
