//! The relay, batch by batch: failures, order, retention, leases.

use std::time::Duration;

use event_runtime::consumer::Backoff;
use event_runtime::transport::ProduceErrorKind;
use tokio_util::sync::CancellationToken;

use super::databases::RawSql;
use super::shop::{TestBroker, order, write};
use super::{clock, on_both};
use crate::outbox::rename_producer;
use crate::{Database, Outbox, OutboxStats, Relay, RelaySettings, Retention, SetAside, migrate};

on_both!(
    a_dead_broker_delays_and_recovery_keeps_the_order,
    a_failed_row_holds_its_key_back_and_no_other,
    a_poison_row_is_set_aside_and_can_be_put_back,
    a_retry_goes_to_the_remaining_producers_only,
    kept_rows_are_removed_in_small_batches,
    a_dead_relays_rows_are_taken_over_when_the_lease_is_over,
    a_lease_is_extended_while_a_broker_takes_its_time,
    a_stop_gives_back_what_hangs,
    a_running_relay_does_not_spin_on_a_dead_broker,
    depth_and_age_are_counted,
    a_failing_key_does_not_slow_the_others_down,
    a_lost_claim_is_told_and_its_rows_are_the_others,
    a_stop_gives_back_what_the_last_commit_has_claimed,
    a_renamed_producer_gets_what_it_lacks,
    a_producer_that_is_gone_is_waited_for_no_more,
);

fn settings() -> RelaySettings {
    RelaySettings {
        backoff: Backoff { base: Duration::from_secs(1), max: Duration::from_secs(60) },
        ..RelaySettings::default()
    }
}

async fn a_dead_broker_delays_and_recovery_keeps_the_order<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    write(&pool, &Outbox::new(), (1..=6).map(|number| order(["a", "b"][number % 2], number as u64))).await;
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    clock.advance(Duration::from_secs(3600 * 24 * 3650));
    let relay = Relay::new(pool, TestBroker::pool(std::slice::from_ref(&broker)))
        .with_settings(settings())
        .with_clock(clock.clock());
    broker.fail(None, ProduceErrorKind::Unavailable);
    let report = relay.run_once().await.unwrap();
    assert_eq!(
        (report.claimed, report.retried, report.released),
        (6, 2, 4),
        "the heads failed, the rest waited"
    );
    assert_eq!(relay.run_once().await.unwrap().claimed, 0, "everything waits");
    assert_eq!(relay.stats().await.unwrap().delayed, 2);
    for _ in 0..20 {
        clock.advance(Duration::from_secs(60));
        relay.run_once().await.unwrap();
    }
    assert_eq!(relay.stats().await.unwrap().set_aside, 0, "a dead broker is no row's fault");
    broker.recover();
    clock.advance(Duration::from_secs(60));
    relay.run_once().await.unwrap();
    assert_eq!(broker.orders().len(), 6);
    for (customer, numbers) in [("a", [2, 4, 6]), ("b", [1, 3, 5])] {
        let of_customer: Vec<u64> =
            broker.orders().into_iter().filter(|(of, _)| of == customer).map(|(_, number)| number).collect();
        assert_eq!(of_customer, numbers);
    }
}

async fn a_failed_row_holds_its_key_back_and_no_other<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2), order("b", 3), order("a", 4)]).await;
    broker.fail(2, ProduceErrorKind::Throttled);
    let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
        .with_settings(settings())
        .with_clock(clock.clock());
    relay.run_once().await.unwrap();
    assert_eq!(broker.numbers(), [1, 3]);
    write(&pool, &outbox, [order("a", 5), order("b", 6)]).await;
    relay.run_once().await.unwrap();
    assert_eq!(broker.numbers(), [1, 3, 6], "a later commit does not overtake either");
    broker.recover();
    clock.advance(Duration::from_secs(60));
    relay.run_once().await.unwrap();
    assert_eq!(broker.numbers(), [1, 3, 6, 2, 4, 5]);
}

async fn a_poison_row_is_set_aside_and_can_be_put_back<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2), order("b", 3)]).await;
    broker.fail(1, ProduceErrorKind::TooLarge);
    let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
        .with_settings(RelaySettings { max_refusals: 3, ..settings() })
        .with_clock(clock.clock());
    for _ in 0..2 {
        let report = relay.run_once().await.unwrap();
        assert_eq!((report.retried, report.set_aside), (1, 0));
        assert_eq!(broker.numbers(), [3], "its key waits");
        clock.advance(Duration::from_secs(60));
    }
    let report = relay.run_once().await.unwrap();
    assert_eq!((report.set_aside, report.published), (1, 1), "and goes on in the same batch");
    assert_eq!(broker.numbers(), [3, 2]);
    let aside = SetAside::list(&pool, 10).await.unwrap();
    assert_eq!((aside.len(), aside[0].attempts, aside[0].ordering_key.as_deref()), (1, 3, Some("a")));
    assert!(aside[0].error.contains("as it was told"), "{}", aside[0].error);
    assert_eq!(aside[0].at, clock.now());
    broker.recover();
    assert_eq!(SetAside::put_back(&pool, &[aside[0].sequence]).await.unwrap(), 1);
    assert_eq!(SetAside::discard(&pool, &[aside[0].sequence]).await.unwrap(), 0);
    relay.run_once().await.unwrap();
    assert_eq!(broker.numbers(), [3, 2, 1]);
}

async fn a_retry_goes_to_the_remaining_producers_only<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, first, second) = (clock(), TestBroker::new("first"), TestBroker::new("second"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2)]).await;
    second.fail(None, ProduceErrorKind::Unavailable);
    // Another relay, in another process: what is known stands in the table.
    let relay = || {
        Relay::new(pool.clone(), TestBroker::pool(&[first.clone(), second.clone()]))
            .with_settings(settings())
            .with_clock(clock.clock())
    };
    for _ in 0..3 {
        relay().run_once().await.unwrap();
        clock.advance(Duration::from_secs(60));
    }
    assert_eq!((first.numbers(), second.numbers()), (vec![1], vec![]));
    second.recover();
    relay().run_once().await.unwrap();
    assert_eq!((first.numbers(), second.numbers()), (vec![1, 2], vec![1, 2]));
}

async fn kept_rows_are_removed_in_small_batches<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, (0..25).map(|number| order("a", number))).await;
    let keep = Retention::Keep(Duration::from_secs(600));
    let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
        .with_settings(RelaySettings { retention: keep, clean_up_batch: 10, ..settings() })
        .with_clock(clock.clock());
    relay.run_once().await.unwrap();
    assert_eq!(relay.run_once().await.unwrap().claimed, 0, "kept is not pending");
    let stats = relay.stats().await.unwrap();
    assert_eq!((stats.pending, stats.kept), (0, 25));
    clock.advance(Duration::from_secs(600));
    assert_eq!(relay.clean_up().await.unwrap(), 0, "not before its time is over");
    clock.advance(Duration::from_secs(1));
    let mut removed = Vec::new();
    for _ in 0..4 {
        removed.push(relay.clean_up().await.unwrap());
    }
    assert_eq!(removed, [10, 10, 5, 0]);
}

async fn a_dead_relays_rows_are_taken_over_when_the_lease_is_over<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2)]).await;
    let relay = || {
        Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(settings())
            .with_clock(clock.clock())
    };
    broker.hang();
    let dead = relay();
    tokio::select! {
        _ = dead.run_once() => unreachable!("the broker hangs"),
        () = broker.was_tried(1) => {}
    }
    broker.recover();
    write(&pool, &outbox, [order("a", 3), order("b", 4)]).await;
    relay().run_once().await.unwrap();
    assert_eq!(broker.numbers(), [4], "the key waits for the end of the lease");
    clock.advance(Duration::from_secs(31));
    relay().run_once().await.unwrap();
    assert_eq!(broker.numbers(), [4, 1, 2, 3]);
}

async fn a_lease_is_extended_while_a_broker_takes_its_time<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2)]).await;
    let relay = || {
        Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(settings())
            .with_clock(clock.clock())
    };
    broker.hang();
    let slow = relay();
    let task = tokio::spawn(async move { slow.run_once().await.unwrap() });
    broker.was_tried(1).await;
    for _ in 0..10 {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(10));
    }
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        relay().run_once().await.unwrap().claimed,
        0,
        "100 s later the rows are still the slow relay's"
    );
    broker.recover();
    assert_eq!(task.await.unwrap().published, 2);
    assert_eq!(broker.numbers(), [1, 2]);
}

async fn a_stop_gives_back_what_hangs<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let broker = TestBroker::new("broker");
    write(&pool, &Outbox::new(), [order("a", 1), order("a", 2)]).await;
    let relay = || {
        Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(RelaySettings { stop_deadline: Duration::from_millis(300), ..settings() })
    };
    broker.hang();
    let stop = CancellationToken::new();
    let running = tokio::spawn(relay().run(stop.clone().cancelled_owned()));
    broker.was_tried(1).await;
    stop.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!((report.claimed, report.published, report.released), (2, 0, 2));
    broker.recover();
    assert_eq!(relay().run_once().await.unwrap().published, 2, "nobody waits for a lease");
    assert_eq!(broker.numbers(), [1, 2]);
}

async fn a_running_relay_does_not_spin_on_a_dead_broker<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    // Each its own key: a batch is one row, and there is always another one that was not tried yet.
    write(&pool, &outbox, (0..40).map(|number| order(&format!("customer-{number}"), number))).await;
    broker.fail(None, ProduceErrorKind::Unavailable);
    let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
        .with_settings(RelaySettings { batch: 1, ..settings() })
        .with_clock(clock.clock());
    let stop = CancellationToken::new();
    let running = tokio::spawn(relay.run(stop.clone().cancelled_owned()));
    for round in 1..=8 {
        broker.was_tried(round).await;
        while OutboxStats::read(&pool, &clock.clock()).await.unwrap().claimed > 0 {
            tokio::task::yield_now().await;
        }
        // It is asleep until the clock moves: nothing is tried in between.
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(broker.tries(), round);
        clock.advance(Duration::from_secs(60));
    }
    broker.recover();
    let advance = async {
        loop {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_millis(100));
        }
    };
    tokio::select! {
        () = broker.took(40) => {}
        () = advance => {}
    }
    stop.cancel();
    assert_eq!(running.await.unwrap().unwrap().published, 40);
}

async fn depth_and_age_are_counted<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    let relay = Relay::new(pool.clone(), TestBroker::pool(&[broker])).with_clock(clock.clock());
    assert_eq!(relay.stats().await.unwrap().age, Duration::ZERO);
    write(&pool, &outbox, [order("a", 1)]).await;
    clock.advance(Duration::from_secs(90));
    write(&pool, &outbox, [order("b", 2)]).await;
    let stats = relay.stats().await.unwrap();
    assert_eq!((stats.pending, stats.claimed, stats.age), (2, 0, Duration::from_secs(90)));
}

async fn a_failing_key_does_not_slow_the_others_down<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let broker = TestBroker::new("broker");
    broker.fail(1, ProduceErrorKind::Unavailable);
    let hour = Duration::from_secs(3600);
    let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker))).with_settings(
        RelaySettings {
            poll_interval: Duration::from_millis(5),
            backoff: Backoff { base: hour, max: hour },
            ..RelaySettings::default()
        },
    );
    let stop = CancellationToken::new();
    let running = tokio::spawn(relay.run(stop.clone().cancelled_owned()));
    write(&pool, &Outbox::new(), [order("a", 1)]).await;
    broker.was_tried(1).await;
    write(&pool, &Outbox::new(), [order("b", 2)]).await;
    broker.took(1).await;
    stop.cancel();
    assert_eq!(running.await.unwrap().unwrap().published, 1);
}

async fn a_lost_claim_is_told_and_its_rows_are_the_others<Db: RawSql>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2), order("a", 3)]).await;
    let relay = || {
        Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(settings())
            .with_clock(clock.clock())
    };
    broker.hang();
    let slow = relay();
    let task = tokio::spawn(async move { slow.run_once().await.unwrap() });
    broker.was_tried(1).await;
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    // What another relay does where the lease is over.
    Db::raw(&pool, "DELETE FROM event_outbox_claim").await;
    clock.advance(Duration::from_secs(10));
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    broker.recover();
    let report = task.await.unwrap();
    assert_eq!((report.published, report.lost, report.released), (1, 2, 0));
    assert_eq!(relay().run_once().await.unwrap().published, 2);
    assert_eq!(broker.numbers(), [1, 2, 3]);
}

async fn a_stop_gives_back_what_the_last_commit_has_claimed<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let broker = TestBroker::new("broker");
    write(&pool, &Outbox::new(), (0..40).map(|number| order(&format!("c{number}"), number))).await;
    let relay = || {
        Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(RelaySettings { batch: 2, ..settings() })
    };
    let stop = CancellationToken::new();
    let running = tokio::spawn(relay().run(stop.clone().cancelled_owned()));
    broker.took(10).await;
    stop.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.claimed, report.published + report.released);
    let stats = relay().stats().await.unwrap();
    assert_eq!((stats.claimed, stats.pending), (0, 40 - report.published));
}

async fn a_renamed_producer_gets_what_it_lacks<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let clock = clock();
    let (first, old, new) = (TestBroker::new("first"), TestBroker::new("old"), TestBroker::new("new"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2)]).await;
    old.fail(None, ProduceErrorKind::Unavailable);
    let relay = |second: &TestBroker| {
        Relay::new(pool.clone(), TestBroker::pool(&[first.clone(), second.clone()]))
            .with_settings(settings())
            .with_clock(clock.clock())
    };
    relay(&old).run_once().await.unwrap();
    for _ in 0..3 {
        clock.advance(Duration::from_secs(60));
        relay(&new).run_once().await.unwrap();
    }
    assert_eq!((first.numbers(), new.numbers()), (vec![1], vec![]), "it waits for `old`");
    assert_eq!(rename_producer(&pool, "elsewhere", None).await.unwrap(), 0);
    assert_eq!(rename_producer(&pool, "old", Some("new")).await.unwrap(), 1);
    clock.advance(Duration::from_secs(60));
    relay(&new).run_once().await.unwrap();
    assert_eq!((first.numbers(), new.numbers()), (vec![1, 2], vec![1, 2]));
}

async fn a_producer_that_is_gone_is_waited_for_no_more<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let (clock, first, gone) = (clock(), TestBroker::new("first"), TestBroker::new("gone"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&pool, &outbox, [order("a", 1), order("a", 2)]).await;
    gone.fail(None, ProduceErrorKind::Unavailable);
    let relay = |brokers: &[TestBroker]| {
        Relay::new(pool.clone(), TestBroker::pool(brokers))
            .with_settings(settings())
            .with_clock(clock.clock())
    };
    relay(&[first.clone(), gone]).run_once().await.unwrap();
    assert_eq!(rename_producer(&pool, "gone", None).await.unwrap(), 1);
    relay(std::slice::from_ref(&first)).run_once().await.unwrap();
    assert_eq!(first.numbers(), [1, 2], "the row is gone, and its key goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_cleaned_up_does_not_end_the_relay() {
    const REFUSE: &str =
        "CREATE TRIGGER refuse BEFORE DELETE ON event_outbox BEGIN SELECT RAISE(ABORT, 'no'); END";
    let place = crate::tests::databases::sqlite().await;
    let pool = place.pool.clone();
    migrate(&pool).await.unwrap();
    sqlx::raw_sql(REFUSE).execute(&pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let relay = || {
        let settings = RelaySettings { retention: Retention::Keep(Duration::ZERO), ..settings() };
        Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)))
            .with_settings(settings)
            .with_clock(clock.clock())
    };
    write(&pool, &Outbox::new(), [order("a", 1)]).await;
    relay().run_once().await.unwrap();
    clock.advance(Duration::from_secs(1));
    let stop = CancellationToken::new();
    let running = tokio::spawn(relay().run(stop.clone().cancelled_owned()));
    write(&pool, &Outbox::new(), [order("a", 2)]).await;
    let advance = async {
        loop {
            tokio::task::yield_now().await;
            clock.advance(Duration::from_millis(100));
        }
    };
    let both = async {
        broker.took(2).await;
        write(&pool, &Outbox::new(), [order("a", 3)]).await;
        broker.took(3).await;
    };
    tokio::select! {
        () = both => {}
        () = advance => {}
    }
    stop.cancel();
    assert_eq!(running.await.unwrap().unwrap().published, 2);
    place.remove().await;
}
