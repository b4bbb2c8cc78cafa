//! Emitting: in the caller's transaction, validated, with the handler's context, in order.

use std::time::Duration;

use event_runtime::{Codec, Context, Metadata};

use super::on_both;
use super::shop::{OrderPlaced, TestBroker, order};
use crate::{Database, Outbox, OutboxErrorKind, OutboxStats, Relay, migrate};

on_both!(
    a_commit_publishes_and_a_rollback_does_not,
    an_invalid_event_leaves_the_transaction_usable,
    without_tables_the_error_says_so,
    the_context_of_a_handler_is_inherited,
    a_delay_counts_from_the_emit,
    another_format_arrives_in_the_pools_own,
    a_huge_transaction_is_one_statement,
);

async fn a_commit_publishes_and_a_rollback_does_not<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let outbox = Outbox::new();
    let mut transaction = pool.begin().await.unwrap();
    outbox.emit(&mut transaction, order("lost", 1)).await.unwrap();
    transaction.rollback().await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let envelope = order("kept", 2);
    let id = envelope.metadata.id.to_string();
    outbox.emit(&mut transaction, envelope).await.unwrap();
    let broker = TestBroker::new("broker");
    let relay = Relay::new(pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
    transaction.commit().await.unwrap();
    let report = relay.run_once().await.unwrap();
    assert_eq!((report.claimed, report.published), (1, 1));
    assert_eq!(broker.orders(), [("kept".to_owned(), 2)]);
    assert_eq!(broker.messages()[0].metadata().id, id);
    assert_eq!(relay.stats().await.unwrap(), OutboxStats::default(), "published rows are removed");
}

async fn an_invalid_event_leaves_the_transaction_usable<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let outbox = Outbox::new();
    let mut transaction = pool.begin().await.unwrap();
    let error = outbox.emit_batch(&mut transaction, [order("a", 1), order("", 2)]).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (OutboxErrorKind::Invalid, false));
    outbox.emit(&mut transaction, order("a", 3)).await.unwrap();
    outbox.emit_batch::<OrderPlaced, Db>(&mut transaction, []).await.unwrap();
    transaction.commit().await.unwrap();
    let broker = TestBroker::new("broker");
    Relay::new(pool, TestBroker::pool(std::slice::from_ref(&broker))).run_once().await.unwrap();
    assert_eq!(broker.numbers(), [3]);
}

async fn without_tables_the_error_says_so<Db: Database>(pool: sqlx::Pool<Db>) {
    let mut transaction = pool.begin().await.unwrap();
    let error = Outbox::new().emit(&mut transaction, order("a", 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (OutboxErrorKind::Store, false));
    drop(transaction);
    let relay = Relay::new(pool, TestBroker::pool(&[TestBroker::new("broker")]));
    let error = relay.run(std::future::pending()).await.unwrap_err();
    assert_eq!(error.kind(), crate::StoreErrorKind::SchemaMissing);
}

async fn the_context_of_a_handler_is_inherited<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let mut metadata = Metadata::new("Cause", 1);
    metadata.id = "cause".into();
    metadata.tenant_id = Some("tenant".into());
    let handled = Codec::Native.encode_raw(metadata, "{}", None).unwrap();
    let outbox = Outbox::new();
    let emitted =
        Context::new(handled).scope(async { Some(outbox.emit(&mut transaction, order("a", 1))) }).await;
    // Awaited outside of the handler: the context was taken when it was called.
    emitted.unwrap().await.unwrap();
    transaction.commit().await.unwrap();
    let broker = TestBroker::new("broker");
    Relay::new(pool, TestBroker::pool(std::slice::from_ref(&broker))).run_once().await.unwrap();
    let message = broker.messages().remove(0);
    assert_eq!(message.metadata().causation_id.as_deref(), Some("cause"));
    assert_eq!(message.metadata().correlation_id.as_deref(), Some("cause"));
    assert_eq!(message.metadata().tenant_id.as_deref(), Some("tenant"));
}

async fn a_delay_counts_from_the_emit<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let clock = super::clock();
    let mut transaction = pool.begin().await.unwrap();
    let outbox = Outbox::new().with_clock(clock.clock());
    let delayed =
        [order("a", 1).with_delay(Duration::from_secs(60)), order("b", 2).with_delay(Duration::from_secs(5))];
    outbox.emit_batch(&mut transaction, delayed).await.unwrap();
    transaction.commit().await.unwrap();
    clock.advance(Duration::from_secs(20));
    let broker = TestBroker::new("broker");
    let relay = Relay::new(pool, TestBroker::pool(std::slice::from_ref(&broker))).with_clock(clock.clock());
    relay.run_once().await.unwrap();
    let delays: Vec<_> = broker.messages().iter().map(event_runtime::Message::delay).collect();
    assert_eq!(delays, [Some(Duration::from_secs(40)), None]);
}

async fn another_format_arrives_in_the_pools_own<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let message = order("ключ \u{1F600}", 1).into_message(&Codec::cloud_events("shop")).unwrap().with_hops(3);
    Outbox::new().emit_message(&mut transaction, message).await.unwrap();
    transaction.commit().await.unwrap();
    let broker = TestBroker::new("broker");
    Relay::new(pool, TestBroker::pool(std::slice::from_ref(&broker))).run_once().await.unwrap();
    assert_eq!(broker.orders(), [("ключ \u{1F600}".to_owned(), 1)]);
    let message = broker.messages().remove(0);
    assert_eq!((message.format(), message.hops()), (Codec::Native.format(), 3));
}

async fn a_huge_transaction_is_one_statement<Db: Database>(pool: sqlx::Pool<Db>) {
    const EVENTS: u64 = 10_000;
    migrate(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let events = (0..EVENTS).map(|number| order(&format!("customer-{}", number % 2_500), number));
    Outbox::new().emit_batch(&mut transaction, events).await.unwrap();
    transaction.commit().await.unwrap();
    let broker = TestBroker::new("broker");
    let relay = Relay::new(pool, TestBroker::pool(std::slice::from_ref(&broker)))
        .with_settings(crate::RelaySettings { batch: 2_500, ..Default::default() });
    assert_eq!(relay.stats().await.unwrap().pending, EVENTS);
    let mut published = 0;
    while published < EVENTS {
        published += relay.run_once().await.unwrap().published;
    }
    assert_eq!(broker.numbers(), (0..EVENTS).collect::<Vec<_>>());
}
