//! Migrations on SQLite.

use sqlx::sqlite::{Sqlite, SqlitePool};

use super::{Migration, Steps, same_for_both};
use crate::StoreError;

const EXISTS: &str =
    "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = 'event_store_migration'";

impl Steps for Sqlite {
    const MIGRATIONS: &'static [Migration] = super::SQLITE;

    // The file's lock is the transaction's own.
    same_for_both!(SqlitePool, begin: "BEGIN IMMEDIATE", lock: None);
}
