//! What the processes do: producers, relays, consumers, each until it is killed.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use event_runtime::consumer::{Backoff, ConsumerSettings};
use event_runtime::layer::Idempotent;
use event_runtime::prelude::*;
use event_store_sql::{Outbox, Relay, RelaySettings, Transactional, Tx, migrate};
use event_transport_sqlite::{SqliteBroker, SqliteDeadLetters, SqliteProducer, SqliteQueue, SqliteSource};
use metrics::{Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use sqlx::{Pool, Postgres, Sqlite};

use super::database::Shop;
use super::processes::{MARK, ORDER};
use super::shop::{OrderPlaced, ShopMessagePack};

/// How long a dead consumer's messages stay hidden.
const LEASE: Duration = Duration::from_secs(2);
const CUSTOMERS: u64 = 7;
const BETWEEN_ORDERS: Duration = Duration::from_millis(5);

/// Not a test: what a child process runs.
#[tokio::test]
async fn does_what_the_proof_says() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let words: Vec<&str> = order.split('\n').collect();
    let [database, role, place, queue] = words[..] else { panic!("{order}") };
    match database {
        "PostgreSQL" => act::<Postgres>(role, place, Path::new(queue)).await,
        _ => act::<Sqlite>(role, place, Path::new(queue)).await,
    }
}

async fn act<Db: Shop + Booking>(role: &str, place: &str, queue: &Path) {
    // Each process migrates, as applications do that are started side by side.
    let pool = loop {
        match Db::connect(place).await {
            Ok(pool) if migrate(&pool).await.is_ok() => break pool,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    match role {
        "producer" => produce(pool).await,
        "relay" => relay(pool, queue).await,
        "consumer" => consume(pool, queue).await,
        role => panic!("no such role: {role}"),
    }
}

fn report(text: &str) {
    let line = format!("\n{MARK}{text}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

/// Places orders, and takes every fourth back.
async fn produce<Db: Shop>(pool: Pool<Db>) {
    let outbox = Outbox::new();
    loop {
        // A cut connection or a conflict: the order was not placed, or nobody knows.
        if place(&pool, &outbox).await.is_err() {
            report("failed");
        }
        tokio::time::sleep(BETWEEN_ORDERS).await;
    }
}

async fn place<Db: Shop>(
    pool: &Pool<Db>,
    outbox: &Outbox,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let id = uuid::Uuid::new_v4();
    let number = id.as_u64_pair().0;
    let customer = format!("customer-{}", number % CUSTOMERS);
    let mut transaction = Db::begin(pool).await?;
    let order = Db::place(&mut transaction, &id.to_string(), &customer).await?;
    let event = OrderPlaced::new(order, customer).envelope().with_id(id.to_string());
    outbox.emit(&mut transaction, event).await?;
    match number >> 32 & 7 {
        0 => transaction.rollback().await?,
        // As when the code that holds it panics or is cancelled.
        1 => drop(transaction),
        _ => {
            transaction.commit().await?;
            return Ok(());
        }
    }
    report("rolled back");
    Ok(())
}

async fn relay<Db: Shop>(pool: Pool<Db>, queue: &Path) {
    let (orders, _) = queues(queue).await;
    let pools = ProducersPool::builder("orders")
        .producer(SqliteProducer::new("orders", orders))
        .route_pack::<ShopMessagePack>("orders")
        .build()
        .unwrap();
    let settings = RelaySettings {
        batch: 20,
        lease: LEASE,
        poll_interval: Duration::from_millis(50),
        backoff: Backoff { base: Duration::from_millis(50), max: Duration::from_millis(500) },
        ..RelaySettings::default()
    };
    loop {
        let relay = Relay::new(pool.clone(), pools.clone()).with_settings(settings.clone());
        // It ends by itself only where the database has lost its tables.
        let ended = relay.run(std::future::pending()).await;
        report(&format!("relay ended: {ended:?}"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn consume<Db: Shop + Booking>(pool: Pool<Db>, queue: &Path) {
    metrics::set_global_recorder(Duplicates).unwrap_or_else(|_| panic!("there is a recorder already"));
    let (orders, dead) = queues(queue).await;
    let settings = ConsumerSettings {
        concurrency: 3,
        wait: Duration::from_secs(1),
        max_attempts: 1_000,
        backoff: Backoff { base: Duration::from_millis(20), max: Duration::from_millis(200) },
        // Long enough that many die between the commit and the deletion of the message.
        settle_linger: Duration::from_millis(100),
        ..ConsumerSettings::default()
    };
    let router = Db::on_order(MessageRouter::new())
        .layer(layer_fn(async |incoming: Incoming, next: Next<'_>| {
            if incoming.attempt() > 1 {
                report("redelivery");
            }
            next.run(incoming).await
        }))
        .layer(Transactional::new(pool, "ledger"));
    let consumer = Consumer::new(SqliteSource::new(orders))
        .with_settings(settings)
        .with_dead_letters(SqliteDeadLetters::new(dead).await.unwrap());
    consumer.run(router, std::future::pending()).await.unwrap();
}

/// The queue of orders and that of dead letters, made by whoever comes first.
pub(crate) async fn queues(file: &Path) -> (SqliteQueue, SqliteQueue) {
    use event_runtime::embedded::QueueSettings;
    let broker = SqliteBroker::open(file).unwrap();
    let settings = QueueSettings::fifo().visibility_timeout(LEASE);
    let orders = broker.create_queue("orders.fifo", settings).await.unwrap();
    (orders, broker.create_queue("dead.fifo", QueueSettings::fifo()).await.unwrap())
}

/// The handler, whose argument names the database.
pub(crate) trait Booking: Shop {
    fn on_order(router: MessageRouter) -> MessageRouter;
}

macro_rules! booking {
    ($database:ty) => {
        impl Booking for $database {
            fn on_order(router: MessageRouter) -> MessageRouter {
                router.on(
                    |Payload(order): Payload<OrderPlaced>,
                     metadata: event_runtime::Metadata,
                     mut tx: Tx<$database>| async move {
                        <$database>::book(&mut tx, (metadata.id.to_string(), order.customer, order.number))
                            .await?;
                        Ok::<(), HandlerError>(())
                    },
                )
            }
        }
    };
}

booking!(Postgres);
booking!(Sqlite);

/// Reports what the inbox counts as a duplicate.
struct Duplicates;

struct Line;

impl CounterFn for Line {
    fn increment(&self, _: u64) {
        report("duplicate");
    }

    fn absolute(&self, _: u64) {}
}

impl Recorder for Duplicates {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let duplicate = key.labels().any(|label| (label.key(), label.value()) == ("result", "duplicate"));
        let counted = key.name() == Idempotent::TOTAL && duplicate;
        if counted { Counter::from_arc(Arc::new(Line)) } else { Counter::noop() }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
