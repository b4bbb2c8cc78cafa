//! The shop's tables in either database.

use std::str::FromStr as _;
use std::time::Duration;

use event_store_sql::Database;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Pool, Postgres, Sqlite, Transaction};

/// An order's id, its customer, and which of the customer's orders it is.
pub(crate) type Order = (String, String, i64);

/// What the proof asks of a database.
pub(crate) trait Shop: Database {
    /// A word for reports.
    const WORD: &'static str;

    /// Opens what `place` names: a URL and a schema, or a file.
    async fn connect(place: &str) -> Result<Pool<Self>, sqlx::Error>;
    async fn create_tables(pool: &Pool<Self>) -> Result<(), sqlx::Error>;
    /// A transaction that will write.
    fn begin(
        pool: &Pool<Self>,
    ) -> impl Future<Output = Result<Transaction<'static, Self>, sqlx::Error>> + Send;
    /// Writes the customer's next order and returns its number. Others wait for the transaction's end.
    fn place(
        transaction: &mut Transaction<'static, Self>,
        id: &str,
        customer: &str,
    ) -> impl Future<Output = Result<i64, sqlx::Error>> + Send;
    /// Writes into the ledger, which takes the same order twice.
    fn book(
        transaction: &mut Transaction<'static, Self>,
        order: Order,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
    async fn orders(pool: &Pool<Self>) -> Result<Vec<Order>, sqlx::Error>;
    /// The ledger in the order in which it was written.
    async fn ledger(pool: &Pool<Self>) -> Result<Vec<Order>, sqlx::Error>;
    /// Disturbs whoever works with the database; returns how many connections were cut.
    async fn disturb(pool: &Pool<Self>) -> Result<u64, sqlx::Error>;
}

macro_rules! shop {
    ($database:ty, $word:literal, $position:literal, $begin:literal, $($own:item)*) => {
        impl Shop for $database {
            const WORD: &'static str = $word;

            async fn create_tables(pool: &Pool<Self>) -> Result<(), sqlx::Error> {
                const TABLES: [&str; 3] = [
                    "CREATE TABLE customer (name text PRIMARY KEY, orders bigint NOT NULL)",
                    "CREATE TABLE placed (id text PRIMARY KEY, customer text NOT NULL, number bigint NOT NULL)",
                    concat!(
                        "CREATE TABLE ledger (position ", $position,
                        ", id text NOT NULL, customer text NOT NULL, number bigint NOT NULL)"
                    ),
                ];
                for table in TABLES {
                    sqlx::query(table).execute(pool).await?;
                }
                Ok(())
            }

            async fn begin(pool: &Pool<Self>) -> Result<Transaction<'static, Self>, sqlx::Error> {
                pool.begin_with($begin).await
            }

            async fn place(
                transaction: &mut Transaction<'static, Self>,
                id: &str,
                customer: &str,
            ) -> Result<i64, sqlx::Error> {
                let next = "INSERT INTO customer (name, orders) VALUES ($1, 1) \
                            ON CONFLICT (name) DO UPDATE SET orders = customer.orders + 1 RETURNING orders";
                let number: i64 = sqlx::query_scalar(next).bind(customer).fetch_one(&mut **transaction).await?;
                let insert = "INSERT INTO placed (id, customer, number) VALUES ($1, $2, $3)";
                sqlx::query(insert).bind(id).bind(customer).bind(number).execute(&mut **transaction).await?;
                Ok(number)
            }

            async fn book(transaction: &mut Transaction<'static, Self>, order: Order) -> Result<(), sqlx::Error> {
                let (id, customer, number) = order;
                let insert = "INSERT INTO ledger (id, customer, number) VALUES ($1, $2, $3)";
                sqlx::query(insert).bind(id).bind(customer).bind(number).execute(&mut **transaction).await?;
                Ok(())
            }

            async fn orders(pool: &Pool<Self>) -> Result<Vec<Order>, sqlx::Error> {
                sqlx::query_as("SELECT id, customer, number FROM placed").fetch_all(pool).await
            }

            async fn ledger(pool: &Pool<Self>) -> Result<Vec<Order>, sqlx::Error> {
                sqlx::query_as("SELECT id, customer, number FROM ledger ORDER BY position").fetch_all(pool).await
            }

            $($own)*
        }
    };
}

shop! {
    Postgres, "PostgreSQL", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BEGIN",

    async fn connect(place: &str) -> Result<Pool<Self>, sqlx::Error> {
        let (url, schema) = place.rsplit_once('#').expect("a URL and a schema");
        let options = PgConnectOptions::from_str(url)?.options([("search_path", schema)]).application_name(schema);
        PgPoolOptions::new().max_connections(12).connect_with(options).await
    }

    async fn disturb(pool: &Pool<Self>) -> Result<u64, sqlx::Error> {
        // Half of the connections of this proof, whatever they are doing, but this one.
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE application_name = current_schema() AND pid <> pg_backend_pid() AND random() < 0.5";
        let cut: i64 = sqlx::query_scalar(cut).fetch_one(pool).await?;
        Ok(cut.unsigned_abs())
    }
}

// A transaction that reads first and writes later could fail on SQLite.
shop! {
    Sqlite, "SQLite", "INTEGER PRIMARY KEY AUTOINCREMENT", "BEGIN IMMEDIATE",

    async fn connect(place: &str) -> Result<Pool<Self>, sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(place).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).busy_timeout(Duration::from_secs(10));
        SqlitePoolOptions::new().max_connections(4).connect_with(options).await
    }

    async fn disturb(pool: &Pool<Self>) -> Result<u64, sqlx::Error> {
        // It has no connections that others could cut: it is locked for a while.
        let lock = Self::begin(pool).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        lock.rollback().await?;
        Ok(0)
    }
}
