//! A place of its own for every test: a schema in the PostgreSQL server, a file for SQLite.

use std::path::PathBuf;
use std::str::FromStr;

use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use crate::Database;

pub(crate) struct Postgres {
    pub(crate) pool: PgPool,
    schema: String,
}

/// `None` where no server is named; the line says so.
pub(crate) async fn postgres() -> Option<Postgres> {
    let Ok(url) = std::env::var("EVENT_POSTGRES_URL") else {
        println!("skipped: EVENT_POSTGRES_URL names no PostgreSQL");
        return None;
    };
    let schema = format!("test_{}", uuid::Uuid::now_v7().simple());
    let options = PgConnectOptions::from_str(&url).unwrap().options([("search_path", &schema)]);
    let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&pool).await.unwrap();
    Some(Postgres { pool, schema })
}

impl Postgres {
    pub(crate) async fn remove(self) {
        sqlx::query(AssertSqlSafe(format!("DROP SCHEMA {} CASCADE", self.schema)))
            .execute(&self.pool)
            .await
            .unwrap();
        self.pool.close().await;
    }
}

pub(crate) struct Sqlite {
    pub(crate) pool: SqlitePool,
    file: PathBuf,
}

pub(crate) async fn sqlite() -> Sqlite {
    let file = std::env::temp_dir().join(format!("event-store-sql-{}.db", uuid::Uuid::now_v7().simple()));
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(std::time::Duration::from_secs(30));
    let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
    Sqlite { pool, file }
}

impl Sqlite {
    pub(crate) async fn remove(self) {
        self.pool.close().await;
        for end in ["", "-wal", "-shm"] {
            let mut name = self.file.clone().into_os_string();
            name.push(end);
            std::fs::remove_file(name).ok();
        }
    }
}

/// What only tests do: statements of their own.
pub(crate) trait RawSql: Database {
    async fn raw(pool: &sqlx::Pool<Self>, sql: &'static str);
}

impl RawSql for sqlx::Postgres {
    async fn raw(pool: &sqlx::Pool<Self>, sql: &'static str) {
        sqlx::raw_sql(sql).execute(pool).await.unwrap();
    }
}

impl RawSql for sqlx::Sqlite {
    async fn raw(pool: &sqlx::Pool<Self>, sql: &'static str) {
        sqlx::raw_sql(sql).execute(pool).await.unwrap();
    }
}
