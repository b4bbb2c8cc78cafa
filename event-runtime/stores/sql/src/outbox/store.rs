//! What the outbox asks of a database.

use std::future::Future;

use crate::StoreError;

use super::rows::{Claimed, NewRow, Settled};

/// The statements of the outbox, run on one database. Two differ in more than their texts: inserting, and hearing of
/// inserts.
pub trait OutboxStore: sqlx::Database {
    /// What hears of committed inserts.
    type Ear: Send;

    /// Inserts rows in the caller's transaction; `locked` holds the order of their keys until it ends.
    fn outbox_insert<'a>(
        connection: &'a mut Self::Connection,
        rows: Vec<NewRow>,
        now: i64,
        locked: bool,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + 'a;

    /// Begins to hear of inserts; `None` where the database does not tell.
    fn outbox_listen(
        pool: &sqlx::Pool<Self>,
    ) -> impl Future<Output = Result<Option<Self::Ear>, StoreError>> + Send;

    /// Completes when rows may have been inserted since the last call; `false` where the ear hears no more.
    fn outbox_heard(ear: &mut Self::Ear) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes what was published, and claims rows in the order of their sequence.
    fn outbox_turn(
        pool: &sqlx::Pool<Self>,
        turn: &Turn<'_>,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Extends a claim to what is left of its rows; `false` where it has ended.
    fn outbox_extend(
        pool: &sqlx::Pool<Self>,
        claim: &str,
        until: i64,
        left: &[i64],
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes down what came of claimed rows, in one transaction; published ones are removed, or kept from `keep` on.
    fn outbox_settle(
        pool: &sqlx::Pool<Self>,
        claim: &str,
        settled: &Settled,
        keep: Option<i64>,
        end: End,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes up to `most` published rows that were kept since before `before`; how many there were.
    fn outbox_clean_up(
        pool: &sqlx::Pool<Self>,
        before: i64,
        most: i64,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// The columns of the statement `STATS`.
    fn outbox_stats(
        pool: &sqlx::Pool<Self>,
        now: i64,
    ) -> impl Future<Output = Result<Counts, StoreError>> + Send;

    /// The columns of the statement `LIST_SET_ASIDE`.
    fn outbox_list_set_aside(
        pool: &sqlx::Pool<Self>,
        most: i64,
    ) -> impl Future<Output = Result<Vec<SetAsideColumns>, StoreError>> + Send;

    /// Rows after `after` that some producers have: sequence and progress.
    fn outbox_list_partly_published(
        pool: &sqlx::Pool<Self>,
        after: i64,
        most: i64,
    ) -> impl Future<Output = Result<Vec<(i64, String)>, StoreError>> + Send;

    /// Changes a row's progress from `before`, or removes the row; whether it was as said.
    fn outbox_change_progress(
        pool: &sqlx::Pool<Self>,
        sequence: i64,
        before: &str,
        progress: Option<&str>,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Puts rows that are set aside back, or removes them; how many there were.
    fn outbox_end_set_aside(
        pool: &sqlx::Pool<Self>,
        sequences: &[i64],
        put_back: bool,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// One claim, and the removal of what the one before it has published.
pub struct Turn<'a> {
    pub(super) claim: &'a str,
    pub(super) published: &'a [i64],
    pub(super) now: i64,
    pub(super) until: i64,
    pub(super) most: i64,
    /// Whether the commit waits for the server's disk.
    pub(super) waits: bool,
}

/// How a settlement ends.
#[derive(Clone, Copy)]
pub struct End {
    /// Whether the claim ends with it.
    pub(super) ends_claim: bool,
    /// Whether the commit waits for the server's disk.
    pub(super) waits: bool,
}

pub(super) type Counts = (i64, i64, i64, i64, i64, Option<i64>);
pub(super) type SetAsideColumns = (i64, String, String, Option<String>, String, i32, String, i64);

/// A list as the statements take it.
pub(super) fn json(list: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(list).map_err(|error| {
        let text = "could not write a list of rows as JSON".to_owned();
        StoreError::new(crate::StoreErrorKind::Refused, format!("{text}: {error}"))
    })
}

/// What reads alike for both databases, after `insert`, `listen`, `heard` and `turn`; `begin` waits for the disk at the
/// commit, `begin_unflushed` does not.
macro_rules! same_for_both {
    ($sql:ident, begin: $begin:literal, begin_unflushed: $unflushed:literal) => {
        async fn outbox_extend(
            pool: &sqlx::Pool<Self>,
            claim: &str,
            until: i64,
            left: &[i64],
        ) -> Result<bool, StoreError> {
            let extend = sqlx::query($sql::EXTEND).bind(json(&left)?).bind(claim).bind(until);
            let done = extend.execute(pool).await;
            let done = done.map_err(StoreError::during("extend the lease on rows of the outbox"))?;
            Ok(done.rows_affected() > 0)
        }

        async fn outbox_settle(
            pool: &sqlx::Pool<Self>,
            claim: &str,
            settled: &Settled,
            keep: Option<i64>,
            end: End,
        ) -> Result<(), StoreError> {
            let failed = StoreError::during("settle rows of the outbox");
            let begin = if end.waits { $begin } else { $unflushed };
            let mut transaction = pool.begin_with(begin).await.map_err(&failed)?;
            if !settled.published.is_empty() {
                let published = json(&settled.published)?;
                let query = match keep {
                    None => sqlx::query($sql::REMOVE_PUBLISHED).bind(published),
                    Some(now) => sqlx::query($sql::KEEP_PUBLISHED).bind(published).bind(now),
                };
                query.execute(&mut *transaction).await.map_err(&failed)?;
            }
            if !settled.failed.is_empty() {
                let query = sqlx::query($sql::FAIL).bind(json(&settled.failed)?).bind(claim);
                query.execute(&mut *transaction).await.map_err(&failed)?;
            }
            if end.ends_claim {
                sqlx::query($sql::END).bind(claim).execute(&mut *transaction).await.map_err(&failed)?;
            }
            transaction.commit().await.map_err(failed)
        }

        async fn outbox_list_partly_published(
            pool: &sqlx::Pool<Self>,
            after: i64,
            most: i64,
        ) -> Result<Vec<(i64, String)>, StoreError> {
            let query = sqlx::query_as($sql::LIST_PARTLY_PUBLISHED).bind(after).bind(most);
            query.fetch_all(pool).await.map_err(StoreError::during("list what is published in part"))
        }

        async fn outbox_change_progress(
            pool: &sqlx::Pool<Self>,
            sequence: i64,
            before: &str,
            progress: Option<&str>,
        ) -> Result<bool, StoreError> {
            let query = match progress {
                Some(progress) => {
                    sqlx::query($sql::CHANGE_PROGRESS).bind(sequence).bind(before).bind(progress)
                }
                None => sqlx::query($sql::REMOVE_TAKEN).bind(sequence).bind(before),
            };
            let done = query.execute(pool).await;
            let done = done.map_err(StoreError::during("change who is still to get an event"))?;
            Ok(done.rows_affected() > 0)
        }

        async fn outbox_clean_up(pool: &sqlx::Pool<Self>, before: i64, most: i64) -> Result<u64, StoreError> {
            let query = sqlx::query($sql::CLEAN_UP).bind(before).bind(most);
            let done = query.execute(pool).await.map_err(StoreError::during("clean the outbox up"))?;
            Ok(done.rows_affected())
        }

        async fn outbox_stats(pool: &sqlx::Pool<Self>, now: i64) -> Result<Counts, StoreError> {
            let query = sqlx::query_as($sql::STATS).bind(now);
            query.fetch_one(pool).await.map_err(StoreError::during("count the rows of the outbox"))
        }

        async fn outbox_list_set_aside(
            pool: &sqlx::Pool<Self>,
            most: i64,
        ) -> Result<Vec<SetAsideColumns>, StoreError> {
            let query = sqlx::query_as($sql::LIST_SET_ASIDE).bind(most);
            query.fetch_all(pool).await.map_err(StoreError::during("list what the outbox has set aside"))
        }

        async fn outbox_end_set_aside(
            pool: &sqlx::Pool<Self>,
            sequences: &[i64],
            put_back: bool,
        ) -> Result<u64, StoreError> {
            let query = sqlx::query(if put_back { $sql::PUT_BACK } else { $sql::DISCARD });
            let done = query.bind(json(&sequences)?).execute(pool).await;
            let done = done.map_err(StoreError::during("change what the outbox has set aside"))?;
            Ok(done.rows_affected())
        }
    };
}
pub(super) use same_for_both;
