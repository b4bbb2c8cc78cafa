//! Migrations: repeated, from several processes at once, met by an older crate.

use super::on_both;
use crate::{Database, StoreErrorKind, check_schema, migrate};

on_both!(a_second_run_does_nothing, many_at_once_apply_everything_once);

async fn a_second_run_does_nothing<Db: Database>(pool: sqlx::Pool<Db>) {
    assert_eq!(check_schema(&pool, "outbox").await.unwrap_err().kind(), StoreErrorKind::SchemaMissing);
    assert_eq!(migrate(&pool).await.unwrap(), Db::MIGRATIONS);
    assert_eq!(migrate(&pool).await.unwrap(), []);
    check_schema(&pool, "outbox").await.unwrap();
}

async fn many_at_once_apply_everything_once<Db: Database>(pool: sqlx::Pool<Db>) {
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { migrate(&pool).await.unwrap().len() })
        })
        .collect();
    let mut applied = 0;
    for task in tasks {
        applied += task.await.unwrap();
    }
    assert_eq!(applied, Db::MIGRATIONS.len());
}
