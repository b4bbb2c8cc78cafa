//! Migrations on PostgreSQL.

use sqlx::postgres::{PgPool, Postgres};

use super::{Migration, Steps, pending};
use crate::StoreError;

/// One migration at a time in a schema; released with the transaction, however that ends.
const LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('event_store_migration.' || current_schema(), 0))";
const EXISTS: &str = "SELECT to_regclass('event_store_migration') IS NOT NULL";
const APPLIED: &str = "SELECT component, version FROM event_store_migration ORDER BY component, version";

impl Steps for Postgres {
    const MIGRATIONS: &'static [Migration] = super::POSTGRES;

    async fn applied_migrations(pool: &PgPool) -> Result<Vec<(String, i32)>, StoreError> {
        let failed = StoreError::during("read the versions of the tables");
        let exists: bool = sqlx::query_scalar(EXISTS).fetch_one(pool).await.map_err(&failed)?;
        if !exists {
            return Ok(Vec::new());
        }
        sqlx::query_as(APPLIED).fetch_all(pool).await.map_err(failed)
    }

    async fn apply_migrations(pool: &PgPool) -> Result<Vec<Migration>, StoreError> {
        let failed = StoreError::during("migrate the tables");
        let mut transaction = pool.begin().await.map_err(&failed)?;
        sqlx::query(LOCK).execute(&mut *transaction).await.map_err(&failed)?;
        let exists: bool = sqlx::query_scalar(EXISTS).fetch_one(&mut *transaction).await.map_err(&failed)?;
        let applied: Vec<(String, i32)> = if exists {
            sqlx::query_as(APPLIED).fetch_all(&mut *transaction).await.map_err(&failed)?
        } else {
            Vec::new()
        };
        let pending = pending(Self::MIGRATIONS, &applied)?;
        for migration in &pending {
            sqlx::raw_sql(migration.sql).execute(&mut *transaction).await.map_err(&failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(pending)
    }
}
