//! Migrations on PostgreSQL.

use sqlx::postgres::{PgPool, Postgres};

use super::{Migration, Steps, same_for_both};
use crate::StoreError;

/// One migration at a time in a schema; released with the transaction, however that ends.
const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('event_store_migration.' || current_schema(), 0))";
const EXISTS: &str = "SELECT to_regclass('event_store_migration') IS NOT NULL";

impl Steps for Postgres {
    const MIGRATIONS: &'static [Migration] = super::POSTGRES;

    same_for_both!(PgPool, begin: "BEGIN", lock: Some(LOCK));
}
