//! The outbox on SQLite.

use std::collections::BTreeSet;
use std::convert::Infallible;

use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};

use crate::StoreError;

use super::rows::{Claimed, ClaimedColumns, NewRow, Settled, in_order};
use super::sql::sqlite;
use super::store::{Counts, End, OutboxStore, SetAsideColumns, Turn, json, same_for_both};

impl OutboxStore for Sqlite {
    /// SQLite tells other processes of nothing; relays poll.
    type Ear = Infallible;

    /// One transaction writes at a time: the order of keys needs no lock.
    async fn outbox_insert(
        connection: &mut SqliteConnection,
        rows: Vec<NewRow>,
        now: i64,
        _locked: bool,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(sqlite::INSERT).bind(json(&rows)?).bind(now);
        let done = query.execute(connection).await;
        done.map(drop).map_err(StoreError::during("insert into the outbox"))
    }

    async fn outbox_listen(_pool: &SqlitePool) -> Result<Option<Infallible>, StoreError> {
        Ok(None)
    }

    async fn outbox_heard(ear: &mut Infallible) -> Result<bool, StoreError> {
        match *ear {}
    }

    async fn outbox_turn(pool: &SqlitePool, turn: &Turn<'_>) -> Result<Vec<Claimed>, StoreError> {
        let failed = StoreError::during("claim rows of the outbox");
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
        if !turn.published.is_empty() {
            let remove = sqlx::query(sqlite::REMOVE_PUBLISHED).bind(json(&turn.published)?);
            remove.execute(&mut *transaction).await.map_err(&failed)?;
        }
        let end = sqlx::query(sqlite::END_CLAIMS).bind(turn.claim).bind(turn.now);
        end.execute(&mut *transaction).await.map_err(&failed)?;
        if turn.most == 0 {
            transaction.commit().await.map_err(failed)?;
            return Ok(Vec::new());
        }
        let pick = sqlx::query_as::<_, ClaimedColumns>(sqlite::PICK).bind(turn.now).bind(turn.most);
        let rows = in_order(pick.fetch_all(&mut *transaction).await.map_err(&failed)?);
        if !rows.is_empty() {
            let sequences: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
            let keys: BTreeSet<&str> = rows.iter().filter_map(|row| row.ordering_key.as_deref()).collect();
            let claim = sqlx::query(sqlite::CLAIM).bind(turn.claim).bind(turn.until);
            let claim = claim.bind(json(&sequences)?).bind(json(&keys)?);
            claim.execute(&mut *transaction).await.map_err(&failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(rows)
    }

    same_for_both!(sqlite, begin: "BEGIN IMMEDIATE", begin_unflushed: "BEGIN IMMEDIATE");
}
