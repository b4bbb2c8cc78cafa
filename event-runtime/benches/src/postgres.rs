//! The relay of the outbox on PostgreSQL against loops by hand over the same driver: rows a second, in turns.
//!
//! All publish a batch of 100 into nothing. The first loop keeps its transaction open while it publishes, so that one commit
//! does; the second claims by a lease, as the relay does, so that a slow broker holds no transaction open.

use std::error::Error;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_runtime::transport::{ProduceError, Producer};
use event_runtime::{Codec, IntoEnvelope, Message, ProducersPool};
use event_store_sql::outbox::sql::postgres as statements;
use event_store_sql::{Outbox, Relay, RelaySettings, migrate};
use jiff::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row as _};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::sample::{OrderPlaced, SamplePack, placed};

const ROWS: usize = 10_000;
const BATCH: i64 = 100;
const INSERTED: usize = 500;
const ROUNDS: usize = 7;

/// A loop's statements; a round takes everything that is there.
#[derive(Clone, Copy)]
enum Way {
    OneCommit,
    Lease,
    OneCommitUnflushed,
    Statements,
    Relay,
    RelayFlushed,
}

const WAYS: [(&str, Way); 6] = [
    ("hand-written, DELETE … SKIP LOCKED, one commit", Way::OneCommit),
    ("hand-written, lease by SKIP LOCKED, then DELETE: two commits", Way::Lease),
    ("event-store-sql: Relay, waits for the disk", Way::RelayFlushed),
    (
        "hand-written, DELETE … SKIP LOCKED, one commit that does not wait for the disk",
        Way::OneCommitUnflushed,
    ),
    ("the relay's statement by hand, which keeps the order of keys", Way::Statements),
    ("event-store-sql: Relay", Way::Relay),
];

/// Prints the table; `EVENT_POSTGRES_URL` names the server, on which a schema is made and dropped.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("EVENT_POSTGRES_URL").map_err(|_| "EVENT_POSTGRES_URL names no PostgreSQL")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(compare(&url))
}

async fn compare(url: &str) -> Result<(), Box<dyn Error>> {
    let options = PgConnectOptions::from_str(url)?.options([("search_path", "event_benches")]);
    let pool = PgPoolOptions::new().max_connections(2).connect_with(options).await?;
    sqlx::query("DROP SCHEMA IF EXISTS event_benches CASCADE").execute(&pool).await?;
    sqlx::query("CREATE SCHEMA event_benches").execute(&pool).await?;
    migrate(&pool).await?;
    sqlx::query(
        "CREATE TABLE by_hand (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         claimed_until bigint NOT NULL DEFAULT 0, body text NOT NULL)",
    )
    .execute(&pool)
    .await?;
    let mut best = [Duration::MAX; WAYS.len()];
    for _ in 0..ROUNDS {
        for (best, (_, way)) in best.iter_mut().zip(WAYS) {
            fill(&pool, way).await?;
            let start = Instant::now();
            let published = match way {
                Way::OneCommit => by_one_commit(&pool, "BEGIN").await?,
                Way::OneCommitUnflushed => {
                    by_one_commit(&pool, "BEGIN; SET LOCAL synchronous_commit = off").await?
                }
                Way::Lease => by_lease(&pool).await?,
                Way::Statements => by_statements(&pool).await?,
                Way::Relay => by_relay(&pool, false).await?,
                Way::RelayFlushed => by_relay(&pool, true).await?,
            };
            *best = start.elapsed().min(*best);
            assert_eq!(published, ROWS);
        }
    }
    let setting = |name| sqlx::query_scalar::<_, String>(name).fetch_one(&pool);
    let version = setting("SHOW server_version").await?;
    let commit = setting("SHOW synchronous_commit").await?;
    println!(
        "### PostgreSQL {version}, synchronous_commit {commit}: best of {ROUNDS} rounds of {ROWS} rows, {BATCH} a batch\n"
    );
    println!("| way | rows a second | of the first |\n|---|--:|--:|");
    for (time, (name, _)) in best.iter().zip(WAYS) {
        let rate = ROWS as f64 / time.as_secs_f64();
        println!("| {name} | {rate:.0} | {:.2} |", best[0].as_secs_f64() / time.as_secs_f64());
    }
    sqlx::query("DROP SCHEMA event_benches CASCADE").execute(&pool).await?;
    Ok(())
}

/// Events of different keys, since those of one go one after the other.
async fn fill(pool: &PgPool, way: Way) -> Result<(), Box<dyn Error>> {
    let orders = |part: usize| {
        let number = move |at: usize| (part * INSERTED + at) as u128;
        (0..INSERTED)
            .map(move |at| OrderPlaced { order_id: Uuid::from_u128(number(at)), ..placed() }.envelope())
    };
    for part in 0..ROWS / INSERTED {
        let mut transaction = pool.begin().await?;
        if matches!(way, Way::Relay | Way::RelayFlushed | Way::Statements) {
            Outbox::new().emit_batch(&mut transaction, orders(part)).await?;
        } else {
            let encode = |envelope| Ok(Codec::Native.encode_owned(envelope)?.body().to_string());
            let bodies: Result<Vec<String>, Box<dyn Error>> = orders(part).map(encode).collect();
            sqlx::query("INSERT INTO by_hand (body) SELECT * FROM unnest($1::text[])")
                .bind(bodies?)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
    }
    sqlx::query("VACUUM ANALYZE by_hand, event_outbox, event_outbox_claim").execute(pool).await?;
    Ok(())
}

async fn by_one_commit(pool: &PgPool, begin: &'static str) -> Result<usize, Box<dyn Error>> {
    let mut published = 0;
    loop {
        let mut transaction = pool.begin_with(begin).await?;
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "DELETE FROM by_hand WHERE id IN (SELECT id FROM by_hand ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
             RETURNING id, body",
        )
        .bind(BATCH)
        .fetch_all(&mut *transaction)
        .await?;
        published += rows.len();
        let is_empty = black_box(rows).is_empty();
        transaction.commit().await?;
        if is_empty {
            return Ok(published);
        }
    }
}

async fn by_lease(pool: &PgPool) -> Result<usize, Box<dyn Error>> {
    let mut published = 0;
    loop {
        let now = Timestamp::now().as_millisecond();
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "UPDATE by_hand SET claimed_until = $3 WHERE id IN (
                 SELECT id FROM by_hand WHERE claimed_until <= $2 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
             RETURNING id, body",
        )
        .bind(BATCH)
        .bind(now)
        .bind(now + 30_000)
        .fetch_all(pool)
        .await?;
        if rows.is_empty() {
            return Ok(published);
        }
        published += rows.len();
        let ids: Vec<i64> = black_box(rows).into_iter().map(|(id, _)| id).collect();
        sqlx::query("DELETE FROM by_hand WHERE id = ANY($1)").bind(ids).execute(pool).await?;
    }
}

async fn by_statements(pool: &PgPool) -> Result<usize, Box<dyn Error>> {
    let (mut published, mut done) = (0, Vec::new());
    loop {
        let now = Timestamp::now().as_millisecond();
        let turn = sqlx::query(statements::TURN).bind("bench").bind(&done).bind(now).bind(now + 30_000);
        let rows = turn.bind(BATCH).bind(false).fetch_all(pool).await?;
        if rows.is_empty() {
            return Ok(published);
        }
        published += rows.len();
        done = black_box(rows).iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    }
}

/// As in a service; it is stopped when it has published the last row, and its start and its stop are in the time.
async fn by_relay(pool: &PgPool, wait_for_flush: bool) -> Result<usize, Box<dyn Error>> {
    let published = Arc::<Published>::default();
    let producers = ProducersPool::builder("bench")
        .pack::<SamplePack>()
        .producer(Nowhere(Arc::clone(&published)))
        .route_types("nowhere", ["*"])
        .build()?;
    let relay = Relay::new(pool.clone(), producers)
        .with_settings(RelaySettings { wait_for_flush, ..RelaySettings::default() });
    let report = relay.run(published.all.notified()).await?;
    Ok(report.published as usize)
}

#[derive(Default)]
struct Published {
    count: AtomicUsize,
    all: Notify,
}

struct Nowhere(Arc<Published>);

impl Producer for Nowhere {
    fn id(&self) -> &str {
        "nowhere"
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        black_box(message.body());
        Ok(())
    }

    async fn produce_batch(&self, messages: &[Message]) -> Vec<Result<(), ProduceError>> {
        if self.0.count.fetch_add(messages.len(), Ordering::Relaxed) + messages.len() == ROWS {
            self.0.all.notify_one();
        }
        black_box(messages).iter().map(|_| Ok(())).collect()
    }
}
