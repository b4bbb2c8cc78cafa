//! Migrations: repeated, from several processes at once, met by an older crate.

use super::databases::RawSql;
use super::on_both;
use super::shop::TestBroker;
use crate::{Database, Relay, StoreErrorKind, check_schema, migrate};

on_both!(
    a_second_run_does_nothing,
    many_at_once_apply_everything_once,
    files_run_by_hand_count_and_can_be_repeated,
    a_newer_schema_is_refused_and_left_alone,
);

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

async fn files_run_by_hand_count_and_can_be_repeated<Db: RawSql>(pool: sqlx::Pool<Db>) {
    for _ in 0..2 {
        for migration in Db::MIGRATIONS {
            Db::raw(&pool, migration.sql).await;
        }
    }
    assert_eq!(migrate(&pool).await.unwrap(), []);
    check_schema(&pool, "outbox").await.unwrap();
}

async fn a_newer_schema_is_refused_and_left_alone<Db: RawSql>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    Db::raw(&pool, "DELETE FROM event_store_migration WHERE component = 'dead_letters'").await;
    Db::raw(&pool, "INSERT INTO event_store_migration (component, version) VALUES ('outbox', 999)").await;
    assert_eq!(migrate(&pool).await.unwrap_err().kind(), StoreErrorKind::SchemaNewer);
    let relay = Relay::new(pool.clone(), TestBroker::pool(&[TestBroker::new("broker")]));
    assert_eq!(relay.run(std::future::pending()).await.unwrap_err().kind(), StoreErrorKind::SchemaNewer);
    Db::raw(&pool, "DELETE FROM event_store_migration WHERE version = 999").await;
    let applied = migrate(&pool).await.unwrap();
    assert_eq!(
        applied.iter().map(|step| step.component).collect::<Vec<_>>(),
        ["dead_letters"],
        "nothing was applied before"
    );
}
