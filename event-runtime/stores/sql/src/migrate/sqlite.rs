//! Migrations on SQLite.

use sqlx::sqlite::{Sqlite, SqlitePool};

use super::{Migration, Steps, pending};
use crate::StoreError;

const EXISTS: &str =
    "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = 'event_store_migration'";
const APPLIED: &str = "SELECT component, version FROM event_store_migration ORDER BY component, version";

impl Steps for Sqlite {
    const MIGRATIONS: &'static [Migration] = super::SQLITE;

    async fn applied_migrations(pool: &SqlitePool) -> Result<Vec<(String, i32)>, StoreError> {
        let failed = StoreError::during("read the versions of the tables");
        let exists: bool = sqlx::query_scalar(EXISTS).fetch_one(pool).await.map_err(&failed)?;
        if !exists {
            return Ok(Vec::new());
        }
        sqlx::query_as(APPLIED).fetch_all(pool).await.map_err(failed)
    }

    async fn apply_migrations(pool: &SqlitePool) -> Result<Vec<Migration>, StoreError> {
        let failed = StoreError::during("migrate the tables");
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(&failed)?;
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
