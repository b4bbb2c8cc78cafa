//! Applying migrations: what reads alike for both databases.

/// What was applied.
pub(super) const APPLIED: &str =
    "SELECT component, version FROM event_store_migration ORDER BY component, version";

/// The functions of [`Steps`](super::Steps), where `EXISTS` asks for the table of what was applied. Processes that migrate at
/// once wait for each other in `begin` or `lock`.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
macro_rules! same_for_both {
    ($pool:ty, begin: $begin:literal, lock: $lock:expr) => {
        async fn applied_migrations(pool: &$pool) -> Result<Vec<(String, i32)>, StoreError> {
            let failed = StoreError::during("read the versions of the tables");
            let exists: bool = sqlx::query_scalar(EXISTS).fetch_one(pool).await.map_err(&failed)?;
            if !exists {
                return Ok(Vec::new());
            }
            sqlx::query_as(super::steps::APPLIED).fetch_all(pool).await.map_err(failed)
        }

        async fn apply_migrations(pool: &$pool) -> Result<Vec<Migration>, StoreError> {
            let failed = StoreError::during("migrate the tables");
            let mut transaction = pool.begin_with($begin).await.map_err(&failed)?;
            let lock: Option<&'static str> = $lock;
            if let Some(lock) = lock {
                sqlx::query(lock).execute(&mut *transaction).await.map_err(&failed)?;
            }
            let exists: bool =
                sqlx::query_scalar(EXISTS).fetch_one(&mut *transaction).await.map_err(&failed)?;
            let applied: Vec<(String, i32)> = if exists {
                sqlx::query_as(super::steps::APPLIED).fetch_all(&mut *transaction).await.map_err(&failed)?
            } else {
                Vec::new()
            };
            let pending = super::pending(Self::MIGRATIONS, &applied)?;
            for migration in &pending {
                sqlx::raw_sql(migration.sql).execute(&mut *transaction).await.map_err(&failed)?;
            }
            transaction.commit().await.map_err(failed)?;
            Ok(pending)
        }
    };
}
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(super) use same_for_both;
