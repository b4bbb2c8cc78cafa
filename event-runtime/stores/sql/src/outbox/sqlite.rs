//! The outbox on SQLite.

use std::convert::Infallible;

use sqlx::sqlite::{Sqlite, SqliteConnection, SqlitePool};

use crate::StoreError;

use super::rows::{Claimed, ClaimedColumns, NewRow, Settled};
use super::sql::sqlite;
use super::store::{Counts, OutboxStore, SetAsideColumns, json, same_for_both};

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

    same_for_both!(sqlite, "BEGIN IMMEDIATE");
}
