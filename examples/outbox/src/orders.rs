//! The service's own table, in either database.

use event_store_sql::Database;
use sqlx::{Pool, Postgres, Sqlite, Transaction};

/// What the service asks of its database.
pub(crate) trait Orders: Database {
    async fn create_table(pool: &Pool<Self>) -> Result<(), sqlx::Error>;
    fn begin(
        pool: &Pool<Self>,
    ) -> impl Future<Output = Result<Transaction<'static, Self>, sqlx::Error>> + Send;
    fn insert(
        transaction: &mut Transaction<'static, Self>,
        customer: &str,
        cents: i64,
    ) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;
    async fn count(pool: &Pool<Self>) -> Result<i64, sqlx::Error>;
}

macro_rules! orders_in {
    ($database:ty, $number:literal, $begin:literal) => {
        impl Orders for $database {
            async fn create_table(pool: &Pool<Self>) -> Result<(), sqlx::Error> {
                const CREATE: &str = concat!(
                    "CREATE TABLE IF NOT EXISTS shop_order (number ",
                    $number,
                    ", customer text NOT NULL, cents bigint NOT NULL)"
                );
                sqlx::query(CREATE).execute(pool).await.map(drop)
            }

            async fn begin(pool: &Pool<Self>) -> Result<Transaction<'static, Self>, sqlx::Error> {
                pool.begin_with($begin).await
            }

            async fn insert(
                transaction: &mut Transaction<'static, Self>,
                customer: &str,
                cents: i64,
            ) -> Result<i64, sqlx::Error> {
                let sql = "INSERT INTO shop_order (customer, cents) VALUES ($1, $2) RETURNING number";
                sqlx::query_scalar(sql).bind(customer).bind(cents).fetch_one(&mut **transaction).await
            }

            async fn count(pool: &Pool<Self>) -> Result<i64, sqlx::Error> {
                sqlx::query_scalar("SELECT count(*) FROM shop_order").fetch_one(pool).await
            }
        }
    };
}

orders_in!(Postgres, "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BEGIN");
// A transaction that reads first and writes later could fail on SQLite.
orders_in!(Sqlite, "INTEGER PRIMARY KEY", "BEGIN IMMEDIATE");
