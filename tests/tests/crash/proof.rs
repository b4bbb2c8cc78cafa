//! The proof: chaos for a while, then peace until everything has arrived, then the comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use event_runtime::Clock;
use event_store_sql::{OutboxStats, migrate};
use event_tests::Folder;
use sqlx::{AssertSqlSafe, PgPool, Pool, Postgres, Sqlite};

use super::actors::queues;
use super::database::Shop;
use super::processes::{Actor, Tally};

const ROLES: [&str; 7] = ["producer", "producer", "relay", "relay", "consumer", "consumer", "consumer"];
/// The longest that everything may take to arrive after the last kill.
const PATIENCE: Duration = Duration::from_secs(60);

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[tokio::test]
async fn on_sqlite_every_committed_order_is_in_the_ledger_once_and_in_order() {
    let folder = Folder::new();
    let place = folder.path().join("shop.db").display().to_string();
    prove::<Sqlite>(&place, &folder).await;
}

#[tokio::test]
async fn on_postgres_every_committed_order_is_in_the_ledger_once_and_in_order() {
    let Ok(url) = std::env::var("EVENT_POSTGRES_URL") else {
        println!("skipped: EVENT_POSTGRES_URL names no PostgreSQL");
        return;
    };
    let schema = format!("crash_{}", uuid::Uuid::new_v4().simple());
    let server = PgPool::connect(&url).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&server).await.unwrap();
    prove::<Postgres>(&format!("{url}#{schema}"), &Folder::new()).await;
    sqlx::query(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).execute(&server).await.unwrap();
}

/// `EVENT_CRASH_SEED` repeats the choice of victims, `EVENT_CRASH_SECONDS` makes it last longer.
async fn prove<Db: Shop>(place: &str, folder: &Folder) {
    let seed = number("EVENT_CRASH_SEED").unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let chaos = Duration::from_secs(number("EVENT_CRASH_SECONDS").unwrap_or(8));
    println!("{}: EVENT_CRASH_SEED={seed}, {} s of kills", Db::WORD, chaos.as_secs());
    let pool = Db::connect(place).await.unwrap();
    migrate(&pool).await.unwrap();
    Db::create_tables(&pool).await.unwrap();
    let (file, tally) = (folder.path().join("queues.db"), Tally::default());
    let mut actors: Vec<Actor> =
        ROLES.iter().map(|role| Actor::start(role, Db::WORD, place, &file, &tally)).collect();

    let (mut random, end) = (Random(seed), Instant::now() + chaos);
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50 + random.below(250))).await;
        actors.iter_mut().for_each(Actor::check);
        match random.below(ROLES.len() as u64 + 1) as usize {
            victim if victim < ROLES.len() => actors[victim].replace(),
            _ => {
                let cut = Db::disturb(&pool).await.unwrap();
                tally.add("disturbances of the database", 1);
                tally.add("connections cut", cut);
            }
        }
    }
    // No more orders; the rest arrives.
    for producer in &mut actors[..2] {
        producer.kill();
    }
    let (queue, dead) = queues(&file).await;
    let quiet = Instant::now() + PATIENCE;
    loop {
        let (orders, booked) =
            (Db::orders(&pool).await.unwrap().len(), Db::ledger(&pool).await.unwrap().len());
        let depth = OutboxStats::read(&pool, &Clock::system()).await.unwrap();
        let counts = queue.counts().await.unwrap();
        let held = counts.visible + counts.in_flight + counts.delayed;
        if booked >= orders && depth.pending == 0 && held == 0 {
            break;
        }
        let state =
            format!("{orders} orders, {booked} booked, {held} in the queue, {depth:?}; {}", tally.words());
        assert!(Instant::now() < quiet, "{}, seed {seed}: not at rest: {state}", Db::WORD);
        actors[2..].iter_mut().for_each(Actor::check);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(dead.counts().await.unwrap().visible, 0, "seed {seed}: dead letters");
    let orders = compare::<Db>(&pool, seed).await;
    println!(
        "{}: {orders} orders committed, each in the ledger once and in order; {}",
        Db::WORD,
        tally.words()
    );
    assert!(orders > 0 && tally.of("rolled back") > 0, "seed {seed}: nothing was proved");
    drop(actors);
    pool.close().await;
}

/// Every order in the ledger exactly once, in order for each customer, and nothing else.
async fn compare<Db: Shop>(pool: &Pool<Db>, seed: u64) -> usize {
    let orders: BTreeSet<_> = Db::orders(pool).await.unwrap().into_iter().collect();
    let ledger = Db::ledger(pool).await.unwrap();
    let booked: BTreeSet<_> = ledger.iter().cloned().collect();
    let lost: Vec<_> = orders.difference(&booked).collect();
    let invented: Vec<_> = booked.difference(&orders).collect();
    assert!(lost.is_empty(), "seed {seed}: committed and not in the ledger: {lost:?}");
    assert!(invented.is_empty(), "seed {seed}: in the ledger and never committed: {invented:?}");
    assert_eq!(ledger.len(), orders.len(), "seed {seed}: in the ledger more than once");
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, customer, number) in &ledger {
        let before = last.insert(customer, *number).unwrap_or_default();
        assert_eq!(*number, before + 1, "seed {seed}: {customer} out of order");
    }
    orders.len()
}

/// A small generator, so that a seed is one number (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % most
    }
}
