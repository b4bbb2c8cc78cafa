//! What the dead letters ask of a database, and the rows.

use std::collections::BTreeMap;
use std::future::Future;

use event_runtime::delivery::Lease;
use event_runtime::{Attributes, Delivery};
use jiff::Timestamp;

use crate::StoreError;

/// A letter on its way into the table.
#[derive(Debug)]
pub struct NewLetter {
    pub(super) queue: String,
    pub(super) body: Vec<u8>,
    pub(super) attributes: String,
    pub(super) group_key: Option<String>,
    pub(super) deduplication_id: String,
    pub(super) event_id: Option<String>,
    pub(super) payload_type: Option<String>,
    pub(super) code: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) attempts: Option<i64>,
    pub(super) source: String,
    pub(super) failed_at: i64,
    pub(super) stored_at: i64,
}

/// The parameters of the statement `SEARCH`.
#[derive(Debug)]
pub struct Conditions {
    pub(super) queue: String,
    pub(super) payload_types: Option<String>,
    pub(super) codes: Option<String>,
    pub(super) ids: Option<String>,
    pub(super) failed_before: Option<i64>,
    pub(super) failed_after: Option<i64>,
    pub(super) source: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) after: i64,
    pub(super) most: i64,
}

/// What becomes of a leased letter.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    pub(super) id: i64,
    pub(super) receipt: i64,
    /// `None` = removed; else when it is visible again, and by how much its receives change.
    pub(super) to: Option<(i64, i32)>,
}

pub(super) type LetterColumns = (i64, i64, Vec<u8>, String, Option<String>, i32, i64);
pub(super) type CountColumns = (Option<String>, Option<String>, i64, i64, i64);

/// The statements of the dead letters, run on one database.
pub trait DeadLetterStore: sqlx::Database {
    /// Stores a letter.
    fn store_letter(
        pool: &sqlx::Pool<Self>,
        letter: NewLetter,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Leases letters, oldest first.
    fn receive_letters(
        pool: &sqlx::Pool<Self>,
        queue: &str,
        now: i64,
        until: i64,
        most: i64,
    ) -> impl Future<Output = Result<Vec<LetterColumns>, StoreError>> + Send;

    /// Settles or extends leased letters, all in one transaction; whether each was still leased.
    fn move_letters(
        pool: &sqlx::Pool<Self>,
        moves: &[Move],
    ) -> impl Future<Output = Result<Vec<bool>, StoreError>> + Send;

    /// Finds letters, oldest first.
    fn search_letters(
        pool: &sqlx::Pool<Self>,
        conditions: Conditions,
    ) -> impl Future<Output = Result<Vec<LetterColumns>, StoreError>> + Send;

    /// Counts letters by payload type and code.
    fn count_letters(
        pool: &sqlx::Pool<Self>,
        queue: &str,
    ) -> impl Future<Output = Result<Vec<CountColumns>, StoreError>> + Send;
}

/// A row as a transport hands it out.
pub(super) fn delivery(columns: LetterColumns) -> Delivery {
    let (id, receipt, body, attributes, group, receives, stored_at) = columns;
    let attributes: BTreeMap<String, String> = serde_json::from_str(&attributes).unwrap_or_default();
    Delivery {
        body: body.into(),
        attributes: attributes.into_iter().collect::<Attributes>(),
        transport_id: id.to_string(),
        group,
        receive_count: u32::try_from(receives).ok(),
        sent_at: Timestamp::from_millisecond(stored_at).ok(),
        first_received_at: None,
        lease: Lease::Numbers(
            u64::try_from(id).unwrap_or_default(),
            u64::try_from(receipt).unwrap_or_default(),
        ),
    }
}

macro_rules! dead_letters_on {
    ($database:ty, $sql:ident, $begin:literal) => {
        impl DeadLetterStore for $database {
            async fn store_letter(pool: &sqlx::Pool<Self>, letter: NewLetter) -> Result<(), StoreError> {
                let query = sqlx::query($sql::STORE)
                    .bind(letter.queue)
                    .bind(letter.body)
                    .bind(letter.attributes)
                    .bind(letter.group_key)
                    .bind(letter.deduplication_id)
                    .bind(letter.event_id)
                    .bind(letter.payload_type)
                    .bind(letter.code)
                    .bind(letter.reason)
                    .bind(letter.attempts)
                    .bind(letter.source)
                    .bind(letter.failed_at)
                    .bind(letter.stored_at);
                query.execute(pool).await.map(drop).map_err(StoreError::during("store a dead letter"))
            }

            async fn receive_letters(
                pool: &sqlx::Pool<Self>,
                queue: &str,
                now: i64,
                until: i64,
                most: i64,
            ) -> Result<Vec<LetterColumns>, StoreError> {
                let query = sqlx::query_as::<_, LetterColumns>($sql::RECEIVE)
                    .bind(now)
                    .bind(until)
                    .bind(queue)
                    .bind(most);
                let mut letters =
                    query.fetch_all(pool).await.map_err(StoreError::during("read dead letters"))?;
                letters.sort_unstable_by_key(|letter| letter.0);
                Ok(letters)
            }

            async fn move_letters(pool: &sqlx::Pool<Self>, moves: &[Move]) -> Result<Vec<bool>, StoreError> {
                let failed = StoreError::during("settle dead letters");
                let mut transaction = pool.begin_with($begin).await.map_err(&failed)?;
                let mut held = Vec::with_capacity(moves.len());
                for Move { id, receipt, to } in moves {
                    let query = match to {
                        None => sqlx::query($sql::REMOVE).bind(id).bind(receipt),
                        Some((visible_at, receives)) => {
                            sqlx::query($sql::MOVE).bind(id).bind(receipt).bind(visible_at).bind(receives)
                        }
                    };
                    let done = query.execute(&mut *transaction).await.map_err(&failed)?;
                    held.push(done.rows_affected() > 0);
                }
                transaction.commit().await.map_err(failed)?;
                Ok(held)
            }

            async fn search_letters(
                pool: &sqlx::Pool<Self>,
                conditions: Conditions,
            ) -> Result<Vec<LetterColumns>, StoreError> {
                let query = sqlx::query_as($sql::SEARCH)
                    .bind(conditions.queue)
                    .bind(conditions.payload_types)
                    .bind(conditions.codes)
                    .bind(conditions.ids)
                    .bind(conditions.failed_before)
                    .bind(conditions.failed_after)
                    .bind(conditions.source)
                    .bind(conditions.reason)
                    .bind(conditions.after)
                    .bind(conditions.most);
                query.fetch_all(pool).await.map_err(StoreError::during("search dead letters"))
            }

            async fn count_letters(
                pool: &sqlx::Pool<Self>,
                queue: &str,
            ) -> Result<Vec<CountColumns>, StoreError> {
                let query = sqlx::query_as($sql::SUMMARY).bind(queue);
                query.fetch_all(pool).await.map_err(StoreError::during("count dead letters"))
            }
        }
    };
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use super::super::sql::postgres;
    use super::{Conditions, CountColumns, DeadLetterStore, LetterColumns, Move, NewLetter, StoreError};
    dead_letters_on!(sqlx::Postgres, postgres, "BEGIN");
}

#[cfg(feature = "sqlite")]
mod on_sqlite {
    use super::super::sql::sqlite;
    use super::{Conditions, CountColumns, DeadLetterStore, LetterColumns, Move, NewLetter, StoreError};
    dead_letters_on!(sqlx::Sqlite, sqlite, "BEGIN IMMEDIATE");
}
