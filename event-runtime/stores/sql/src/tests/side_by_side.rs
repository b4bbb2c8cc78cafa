//! Several relays and writers at once, and what happens to them on the way.

use std::collections::HashMap;
use std::time::Duration;

use event_runtime::consumer::Backoff;
use tokio_util::sync::CancellationToken;

use super::on_both;
use super::shop::{TestBroker, order, write};
use crate::{Database, KeyOrder, Outbox, Relay, RelaySettings, migrate};

on_both!(relays_side_by_side_keep_the_order_of_a_key);

fn quick() -> RelaySettings {
    RelaySettings {
        batch: 7,
        poll_interval: Duration::from_millis(5),
        backoff: Backoff { base: Duration::from_millis(1), max: Duration::from_millis(20) },
        ..RelaySettings::default()
    }
}

/// Every order once at least, and those of one customer first taken in the order of their numbers.
fn assert_complete_and_in_order(broker: &TestBroker, orders: u64) {
    let mut highest: HashMap<String, u64> = HashMap::new();
    let mut seen = std::collections::HashSet::new();
    for (customer, number) in broker.orders() {
        if seen.insert(number) {
            let before = highest.insert(customer.clone(), number);
            assert!(before < Some(number), "{customer}: {number} after {before:?}");
        }
    }
    assert_eq!(seen.len() as u64, orders);
}

async fn relays_side_by_side_keep_the_order_of_a_key<Db: Database>(pool: sqlx::Pool<Db>) {
    const ORDERS: u64 = 400;
    migrate(&pool).await.unwrap();
    let broker = TestBroker::new("broker");
    let stop = CancellationToken::new();
    let relays: Vec<_> = (0..3)
        .map(|_| {
            let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
            tokio::spawn(relay.with_settings(quick()).run(stop.clone().cancelled_owned()))
        })
        .collect();
    for number in (0..ORDERS).step_by(4) {
        write(
            &pool,
            &Outbox::new(),
            (number..number + 4).map(|number| order(&format!("c{}", number % 5), number)),
        )
        .await;
    }
    broker.took(ORDERS as usize).await;
    stop.cancel();
    let mut published = 0;
    for relay in relays {
        published += relay.await.unwrap().unwrap().published;
    }
    assert_eq!(published, ORDERS);
    assert_complete_and_in_order(&broker, ORDERS);
}

mod postgres_only {
    use super::*;
    use crate::tests::databases;
    use sqlx::{PgPool, Row};

    /// Completes when so many sessions of this test's schema wait for an advisory lock.
    async fn waiting(pool: &PgPool, sessions: i64) {
        const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND classid = ('event_outbox'::regclass::oid::bigint % 2147483647)::integer::oid";
        let wait = async {
            while sqlx::query(WAITING).fetch_one(pool).await.unwrap().get::<i64, _>(0) != sessions {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), wait).await.expect("nobody waits for the lock");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn transactions_of_one_key_wait_and_sequence_order_is_commit_order() {
        let Some(place) = databases::postgres().await else { return };
        let pool = place.pool.clone();
        migrate(&pool).await.unwrap();
        let outbox = Outbox::new();
        let mut first = pool.begin().await.unwrap();
        outbox.emit(&mut first, order("a", 1)).await.unwrap();
        let mut other = pool.begin().await.unwrap();
        outbox.emit(&mut other, order("b", 2)).await.unwrap();
        other.commit().await.unwrap();
        let second = tokio::spawn({
            let (pool, outbox) = (pool.clone(), outbox.clone());
            async move {
                let mut second = pool.begin().await.unwrap();
                outbox.emit_batch(&mut second, [order("c", 3), order("a", 4)]).await.unwrap();
                second.commit().await.unwrap();
            }
        });
        waiting(&pool, 1).await;
        outbox.emit(&mut first, order("a", 5)).await.unwrap();
        first.commit().await.unwrap();
        second.await.unwrap();
        let sequences = "SELECT body::jsonb #>> '{payload,number}' FROM event_outbox ORDER BY sequence";
        let numbers: Vec<String> = sqlx::query_scalar(sequences).fetch_all(&pool).await.unwrap();
        let of_a: Vec<&str> =
            numbers.iter().map(String::as_str).filter(|number| "145".contains(number)).collect();
        assert_eq!(of_a, ["1", "5", "4"]);
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_late_commit_with_a_lower_sequence_number_is_not_skipped() {
        let Some(place) = databases::postgres().await else { return };
        let pool = place.pool.clone();
        migrate(&pool).await.unwrap();
        let broker = TestBroker::new("broker");
        let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
        for outbox in [Outbox::new(), Outbox::new().with_key_order(KeyOrder::Unlocked)] {
            let before = broker.numbers().len();
            let mut long = pool.begin().await.unwrap();
            outbox.emit(&mut long, order("a", 1)).await.unwrap();
            let mut gap = pool.begin().await.unwrap();
            outbox.emit(&mut gap, order("b", 2)).await.unwrap();
            gap.rollback().await.unwrap();
            write(&pool, &outbox, [order("c", 3)]).await;
            relay.run_once().await.unwrap();
            long.commit().await.unwrap();
            relay.run_once().await.unwrap();
            assert_eq!(broker.numbers()[before..], [3, 1]);
        }
        // Without locks, not even the same key is waited for, or lost.
        let outbox = Outbox::new().with_key_order(KeyOrder::Unlocked);
        let mut long = pool.begin().await.unwrap();
        outbox.emit(&mut long, order("a", 4)).await.unwrap();
        write(&pool, &outbox, [order("a", 5)]).await;
        relay.run_once().await.unwrap();
        long.commit().await.unwrap();
        relay.run_once().await.unwrap();
        assert_eq!(broker.numbers()[4..], [5, 4]);
        // While one relay has the key, no other gets at a row of it, though it be the first.
        let mut long = pool.begin().await.unwrap();
        outbox.emit(&mut long, order("a", 6)).await.unwrap();
        write(&pool, &outbox, [order("a", 7)]).await;
        broker.hang();
        let slow = tokio::spawn(async move { relay.run_once().await.unwrap() });
        broker.was_tried(7).await;
        long.commit().await.unwrap();
        let other = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
        let looked = tokio::time::timeout(Duration::from_secs(60), other.run_once()).await;
        assert_eq!(looked.expect("it publishes what is the slow relay's").unwrap().claimed, 0);
        broker.recover();
        slow.await.unwrap();
        other.run_once().await.unwrap();
        assert_eq!(broker.numbers()[6..], [7, 6]);
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_claim_waits_for_the_one_before_it_and_takes_nothing_of_it() {
        const CLAIM: &str = "SELECT sequence FROM event_outbox_turn('other', '{}', $1, $2, 1, false)";
        let Some(place) = databases::postgres().await else { return };
        let pool = place.pool.clone();
        migrate(&pool).await.unwrap();
        write(&pool, &Outbox::new(), [order("a", 1), order("a", 2), order("b", 3)]).await;
        let now = jiff::Timestamp::now().as_millisecond();
        let mut claiming = pool.begin().await.unwrap();
        let claim = sqlx::query(CLAIM).bind(now).bind(now + 3_600_000);
        assert_eq!(claim.fetch_all(&mut *claiming).await.unwrap().len(), 1);
        let broker = TestBroker::new("broker");
        let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
        let relay = tokio::spawn(async move {
            relay.run_once().await.unwrap();
            relay
        });
        waiting(&pool, 1).await;
        claiming.commit().await.unwrap();
        let relay = relay.await.unwrap();
        assert_eq!(broker.numbers(), [3], "the key is the other's");
        sqlx::query("DELETE FROM event_outbox_claim").execute(&pool).await.unwrap();
        relay.run_once().await.unwrap();
        assert_eq!(broker.numbers(), [3, 1, 2]);
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_busy_relay_commits_once_a_batch() {
        const BATCHES: u64 = 40;
        const COUNT: &str = "
            CREATE TABLE changed (by_transaction text);
            CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO changed SELECT pg_current_xact_id()::text; RETURN NULL; END $$;
            CREATE TRIGGER note AFTER DELETE ON event_outbox FOR EACH STATEMENT EXECUTE FUNCTION note();
            CREATE TRIGGER note AFTER INSERT ON event_outbox_claim FOR EACH ROW EXECUTE FUNCTION note();
            CREATE TRIGGER note_too AFTER UPDATE OR DELETE ON event_outbox_claim FOR EACH ROW EXECUTE FUNCTION note();";
        let Some(place) = databases::postgres().await else { return };
        let pool = place.pool.clone();
        migrate(&pool).await.unwrap();
        sqlx::raw_sql(COUNT).execute(&pool).await.unwrap();
        let orders = (0..BATCHES * 10).map(|number| order(&format!("c{number}"), number));
        write(&pool, &Outbox::new(), orders).await;
        let (broker, stop) = (TestBroker::new("broker"), CancellationToken::new());
        let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
        let relay = relay.with_settings(RelaySettings { batch: 10, ..RelaySettings::default() });
        let running = tokio::spawn(relay.run(stop.clone().cancelled_owned()));
        broker.took(BATCHES as usize * 10).await;
        stop.cancel();
        assert_eq!(running.await.unwrap().unwrap().published, BATCHES * 10);
        let count = |sql| sqlx::query_scalar::<_, i64>(sql).fetch_one(&pool);
        assert_eq!(count("SELECT count(*) FROM event_outbox_claim").await.unwrap(), 0);
        let commits = count("SELECT count(DISTINCT by_transaction) FROM changed").await.unwrap();
        // A few settle by themselves: at the start, and whenever there is a house to keep.
        assert!((BATCHES..BATCHES + BATCHES / 2).contains(&(commits as u64)), "{commits}");
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn concurrent_writers_of_a_few_keys_are_published_in_commit_order() {
        const WRITERS: u64 = 6;
        const EACH: u64 = 40;
        let Some(place) = databases::postgres().await else { return };
        let pool = place.pool.clone();
        migrate(&pool).await.unwrap();
        sqlx::raw_sql("CREATE TABLE customer (name text PRIMARY KEY, orders bigint NOT NULL); INSERT INTO customer VALUES ('a', 0), ('b', 0)")
            .execute(&pool)
            .await
            .unwrap();
        let broker = TestBroker::new("broker");
        let stop = CancellationToken::new();
        let relays: Vec<_> = (0..2)
            .map(|_| {
                let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
                tokio::spawn(relay.with_settings(quick()).run(stop.clone().cancelled_owned()))
            })
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let pool = pool.clone();
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        let customer = ["a", "b"][(writer % 2) as usize];
                        let mut transaction = pool.begin().await.unwrap();
                        // The event is emitted before the number is known to be the last: only the lock keeps the order.
                        let placeholder = order(customer, 0);
                        Outbox::new().emit(&mut transaction, placeholder).await.unwrap();
                        let number: i64 = sqlx::query_scalar(
                            "UPDATE customer SET orders = orders + 1 WHERE name = $1 RETURNING orders",
                        )
                        .bind(customer)
                        .fetch_one(&mut *transaction)
                        .await
                        .unwrap();
                        let number = number as u64 * 2 + writer % 2;
                        Outbox::new().emit(&mut transaction, order(customer, number)).await.unwrap();
                        transaction.commit().await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        broker.took((2 * WRITERS * EACH) as usize).await;
        stop.cancel();
        for relay in relays {
            relay.await.unwrap().unwrap();
        }
        for customer in ["a", "b"] {
            let orders = broker.orders().into_iter().filter(|(of, number)| of == customer && *number > 0);
            let numbers: Vec<u64> = orders.map(|(_, number)| number).collect();
            assert!(numbers.is_sorted(), "{numbers:?}");
            assert_eq!(numbers.len() as u64, WRITERS / 2 * EACH);
        }
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_commit_wakes_an_idle_relay() {
        let Some(place) = databases::postgres().await else { return };
        let pool = place.pool.clone();
        migrate(&pool).await.unwrap();
        let broker = TestBroker::new("broker");
        let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(RelaySettings { poll_interval: Duration::from_secs(3600), ..quick() });
        let stop = CancellationToken::new();
        let running = tokio::spawn(relay.run(stop.clone().cancelled_owned()));
        for number in 1..=20 {
            write(&pool, &Outbox::new(), [order("a", number)]).await;
            broker.took(number as usize).await;
        }
        stop.cancel();
        running.await.unwrap().unwrap();
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_relay_hears_of_tables_further_along_its_search_path() {
        let Some(place) = databases::postgres().await else { return };
        migrate(&place.pool).await.unwrap();
        let schema: String =
            sqlx::query_scalar("SELECT current_schema()::text").fetch_one(&place.pool).await.unwrap();
        let own = format!("{schema}_own");
        let statement = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {own}"));
        sqlx::query(statement).execute(&place.pool).await.unwrap();
        let path = format!("{own},{schema}");
        let options = (*place.pool.connect_options()).clone().options([("search_path", &path)]);
        let pool =
            sqlx::postgres::PgPoolOptions::new().max_connections(3).connect_with(options).await.unwrap();
        let broker = TestBroker::new("broker");
        let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(RelaySettings { poll_interval: Duration::from_secs(3600), ..quick() });
        let stop = CancellationToken::new();
        let running = tokio::spawn(relay.run(stop.clone().cancelled_owned()));
        for number in 1..=3 {
            write(&place.pool, &Outbox::new(), [order("a", number)]).await;
            broker.took(number as usize).await;
        }
        stop.cancel();
        running.await.unwrap().unwrap();
        pool.close().await;
        let statement = sqlx::AssertSqlSafe(format!("DROP SCHEMA {own}"));
        sqlx::query(statement).execute(&place.pool).await.unwrap();
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_lost_connection_ends_the_ear() {
        use crate::outbox::OutboxStore;

        const KILL: &str =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
        let Some(place) = databases::postgres().await else { return };
        migrate(&place.pool).await.unwrap();
        let name = format!("ear-{}", uuid::Uuid::now_v7().simple());
        let options = (*place.pool.connect_options()).clone().application_name(&name);
        let pool =
            sqlx::postgres::PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap();
        let mut ear = sqlx::Postgres::outbox_listen(&pool).await.unwrap().unwrap();
        write(&place.pool, &Outbox::new(), [order("a", 1)]).await;
        assert!(sqlx::Postgres::outbox_heard(&mut ear).await.unwrap());
        sqlx::query_scalar::<_, i64>(KILL).bind(&name).fetch_one(&place.pool).await.unwrap();
        let heard =
            tokio::time::timeout(Duration::from_secs(60), sqlx::Postgres::outbox_heard(&mut ear)).await;
        assert!(!heard.expect("it connects anew by itself").unwrap(), "the relay listens anew, then looks");
        drop(ear);
        pool.close().await;
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_look_answers_every_notification_that_came_by_then() {
        use crate::outbox::OutboxStore;

        const COMMITS: u64 = 50;
        let Some(place) = databases::postgres().await else { return };
        migrate(&place.pool).await.unwrap();
        let mut ear = sqlx::Postgres::outbox_listen(&place.pool).await.unwrap().unwrap();
        for number in 0..COMMITS {
            write(&place.pool, &Outbox::new(), [order("a", number)]).await;
        }
        let mut looks = 0;
        let quiet = Duration::from_secs(1);
        while let Ok(heard) = tokio::time::timeout(quiet, sqlx::Postgres::outbox_heard(&mut ear)).await {
            heard.unwrap();
            looks += 1;
        }
        assert!((1..COMMITS / 2).contains(&looks), "{looks}");
        drop(ear);
        place.remove().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn killed_connections_cost_repetitions_and_nothing_else() {
        const ORDERS: u64 = 300;
        let Some(place) = databases::postgres().await else { return };
        let pool = place.pool.clone();
        migrate(&pool).await.unwrap();
        write(&pool, &Outbox::new(), (0..ORDERS).map(|number| order(&format!("c{}", number % 7), number)))
            .await;
        // The relays have a pool of their own, known to the server by a name of its own.
        let name = format!("relay-{}", uuid::Uuid::now_v7().simple());
        let options = (*pool.connect_options()).clone().application_name(&name);
        let relays_pool =
            sqlx::postgres::PgPoolOptions::new().max_connections(6).connect_with(options).await.unwrap();
        let broker = TestBroker::new("broker");
        let stop = CancellationToken::new();
        let settings = RelaySettings { batch: 5, lease: Duration::from_millis(300), ..quick() };
        let relays: Vec<_> = (0..2)
            .map(|_| {
                let relay = Relay::new(relays_pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
                tokio::spawn(relay.with_settings(settings.clone()).run(stop.clone().cancelled_owned()))
            })
            .collect();
        let killing = async {
            const KILL: &str =
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = $1";
            let mut killed = 0;
            for step in 1..=8 {
                broker.took(step * ORDERS as usize / 10).await;
                killed += sqlx::query_scalar::<_, i64>(KILL).bind(&name).fetch_one(&pool).await.unwrap();
            }
            killed
        };
        assert!(killing.await >= 8, "connections were killed");
        // Repetitions count as well, so wait for the table and not for a number.
        let clock = event_runtime::Clock::system();
        while crate::OutboxStats::read(&pool, &clock).await.unwrap().pending > 0 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        for relay in relays {
            relay.await.unwrap().unwrap();
        }
        assert_complete_and_in_order(&broker, ORDERS);
        relays_pool.close().await;
        place.remove().await;
    }
}
