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

    /// Claims up to `most` rows for `relay` until `until`, in the order of their sequence.
    fn outbox_claim(
        pool: &sqlx::Pool<Self>,
        relay: &str,
        now: i64,
        until: i64,
        most: i64,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Extends the lease of rows and returns those that are still `relay`'s.
    fn outbox_extend(
        pool: &sqlx::Pool<Self>,
        relay: &str,
        until: i64,
        sequences: &[i64],
    ) -> impl Future<Output = Result<Vec<i64>, StoreError>> + Send;

    /// Writes down what came of claimed rows, in one transaction; published ones are removed, or kept from `keep` on.
    fn outbox_settle(
        pool: &sqlx::Pool<Self>,
        relay: &str,
        settled: &Settled,
        keep: Option<i64>,
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

    /// Puts rows that are set aside back, or removes them; how many there were.
    fn outbox_end_set_aside(
        pool: &sqlx::Pool<Self>,
        sequences: &[i64],
        put_back: bool,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
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

/// What reads alike for both databases, after `insert`, `listen` and `heard`.
macro_rules! same_for_both {
    ($sql:ident, $begin:literal) => {
        async fn outbox_claim(
            pool: &sqlx::Pool<Self>,
            relay: &str,
            now: i64,
            until: i64,
            most: i64,
        ) -> Result<Vec<Claimed>, StoreError> {
            let claim = sqlx::query_as::<_, ClaimedColumns>($sql::CLAIM).bind(now).bind(most).bind(relay);
            let rows = claim.bind(until).fetch_all(pool).await;
            let rows = rows.map_err(StoreError::during("claim rows of the outbox"))?;
            let mut rows: Vec<Claimed> = rows.into_iter().map(Claimed::from).collect();
            rows.sort_unstable_by_key(|row| row.sequence);
            Ok(rows)
        }

        async fn outbox_extend(
            pool: &sqlx::Pool<Self>,
            relay: &str,
            until: i64,
            sequences: &[i64],
        ) -> Result<Vec<i64>, StoreError> {
            let extend = sqlx::query_scalar($sql::EXTEND).bind(json(&sequences)?).bind(relay).bind(until);
            extend.fetch_all(pool).await.map_err(StoreError::during("extend the lease on rows of the outbox"))
        }

        async fn outbox_settle(
            pool: &sqlx::Pool<Self>,
            relay: &str,
            settled: &Settled,
            keep: Option<i64>,
        ) -> Result<(), StoreError> {
            let failed = StoreError::during("settle rows of the outbox");
            let mut transaction = pool.begin_with($begin).await.map_err(&failed)?;
            if !settled.published.is_empty() {
                let published = json(&settled.published)?;
                let query = match keep {
                    None => sqlx::query($sql::REMOVE_PUBLISHED).bind(published),
                    Some(now) => sqlx::query($sql::KEEP_PUBLISHED).bind(published).bind(now),
                };
                query.execute(&mut *transaction).await.map_err(&failed)?;
            }
            for (sql, list) in
                [($sql::FAIL, json(&settled.failed)?), ($sql::RELEASE, json(&settled.released)?)]
            {
                if list != "[]" {
                    let query = sqlx::query(sql).bind(list).bind(relay);
                    query.execute(&mut *transaction).await.map_err(&failed)?;
                }
            }
            transaction.commit().await.map_err(failed)
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
