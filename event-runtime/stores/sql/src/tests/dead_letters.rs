//! Dead letters: stored by a consumer, searched, redriven, discarded.

use std::time::Duration;

use event_runtime::consumer::ConsumerSettings;
use event_runtime::consumer::repair::{DeadLetters, LetterFilter};
use event_runtime::delivery::{SettleAction, Settlement};
use event_runtime::embedded::{
    Broker, EmbeddedDeadLetters, EmbeddedSource, OutgoingMessage, Queue, QueueSettings,
};
use event_runtime::prelude::*;
use event_runtime::transport::{DeadLetter, SettleError};
use event_runtime::{Attributes, Codec, DeadLetterSink, Metadata, Source};
use tokio_util::sync::CancellationToken;

use super::shop::{OrderPlaced, order};
use super::{clock, on_both};
use crate::{Database, LetterQuery, SqlDeadLetters, migrate};

on_both!(
    a_failed_event_is_found_and_redriven,
    letters_are_leased_searched_and_counted,
    a_letter_stored_twice_is_one,
    a_letter_stored_again_is_not_removed_with_the_old_one,
    no_text_of_a_message_keeps_its_letter_out
);

async fn no_stock(
    _: Payload<OrderPlaced>,
    State(stop): State<CancellationToken>,
) -> Result<(), HandlerError> {
    stop.cancel();
    Err(HandlerError::dead_letter("No Stock left"))
}

fn send(queue: &Queue, number: u64) {
    let message = order("a", number).into_message(&Codec::Native).unwrap();
    queue.try_send(OutgoingMessage::new(message.body().as_bytes().clone())).unwrap();
}

async fn a_failed_event_is_found_and_redriven<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let orders = Broker::new().create_queue("orders", QueueSettings::new()).unwrap();
    send(&orders, 7);
    let dead = SqlDeadLetters::new(pool, "orders-dead");
    let stop = CancellationToken::new();
    let consumer = Consumer::new(EmbeddedSource::new(orders.clone()))
        .with_dead_letters(dead.clone())
        .with_settings(ConsumerSettings { wait: Duration::ZERO, ..Default::default() });
    consumer
        .run(MessageRouter::new().with_state(stop.clone()).on(no_stock), stop.cancelled_owned())
        .await
        .unwrap();

    let wanted = LetterQuery {
        filter: LetterFilter {
            payload_types: vec!["OrderPlaced".into()],
            codes: vec!["HANDLER_FAILED".into()],
            younger_than: Some(Duration::from_secs(3600)),
            ..Default::default()
        },
        source: Some("orders".into()),
        reason_contains: Some("no stock".into()),
        ..Default::default()
    };
    let found = dead.search(&wanted).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].attempts(), found[0].source()), (Some(1), Some("orders")));
    for unwanted in [
        LetterQuery { source: Some("elsewhere".into()), ..wanted.clone() },
        LetterQuery { reason_contains: Some("timed out".into()), ..wanted.clone() },
        LetterQuery { after: found[0].transport_id().parse().unwrap(), ..wanted.clone() },
        LetterQuery {
            filter: LetterFilter { older_than: Some(Duration::from_secs(3600)), ..Default::default() },
            ..Default::default()
        },
    ] {
        assert!(dead.search(&unwanted).await.unwrap().is_empty(), "{unwanted:?}");
    }
    let report = DeadLetters::new(dead.clone())
        .with_filter(wanted.filter.clone())
        .redrive(&EmbeddedDeadLetters::new(orders.clone()))
        .await
        .unwrap();
    assert_eq!((report.matched, report.moved, report.left_behind), (1, 1, 0));
    assert!(dead.search(&LetterQuery::default()).await.unwrap().is_empty());
    let back = EmbeddedSource::new(orders).receive(1, Duration::ZERO).await.unwrap().remove(0);
    assert_eq!(Codec::decode(back.body).unwrap().decode::<OrderPlaced>().unwrap().number, 7);
}

fn letter(id: &str, attempts: u32) -> DeadLetter {
    let record = format!(
        r#"{{"error":{{"code":"{id}","message":"m"}},"attempts":{attempts},"failed_at":"2026-01-01T00:00:00Z","source":"s"}}"#
    );
    DeadLetter {
        body: vec![0, 255].into(),
        attributes: [("dead-letter", record), ("id", id.to_owned())].into_iter().collect(),
        group: Some("group".into()),
        deduplication_id: format!("{id}:1"),
    }
}

async fn letters_are_leased_searched_and_counted<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let clock = clock();
    let dead = SqlDeadLetters::new(pool.clone(), "dead").with_clock(clock.clock());
    for id in ["A", "B", "C"] {
        dead.store(letter(id, 1)).await.unwrap();
    }
    SqlDeadLetters::new(pool, "another").store(letter("A", 1)).await.unwrap();
    let counts = dead.summary().await.unwrap();
    assert_eq!(counts.iter().map(|count| count.letters).collect::<Vec<_>>(), [1, 1, 1]);
    assert_eq!(counts[0].code.as_deref(), Some("A"));

    let mut leased = dead.receive(2, Duration::ZERO).await.unwrap();
    assert_eq!(&leased[0].body[..], [0, 255]);
    assert_eq!((leased[0].group.as_deref(), leased[0].receive_count), (Some("group"), Some(1)));
    assert_eq!(dead.receive(10, Duration::ZERO).await.unwrap().len(), 1, "two are leased");
    assert_eq!(dead.search(&LetterQuery::default()).await.unwrap().len(), 3, "a search sees them all");
    let second = leased.pop().unwrap().lease;
    let first = leased.pop().unwrap().lease;
    let remove = Settlement { lease: first.clone(), action: SettleAction::Remove };
    let back = Settlement { lease: second.clone(), action: SettleAction::HandBack { after: Duration::ZERO } };
    assert_eq!(dead.settle(&[remove, back]).await, [Ok(()), Ok(())]);
    assert!(matches!(dead.extend(&[first], Duration::from_secs(9)).await[0], Err(SettleError::LeaseLost(_))));
    let again = dead.receive(10, Duration::ZERO).await.unwrap();
    assert_eq!((again.len(), again[0].receive_count), (1, Some(1)), "what is handed back is not counted");
    assert!(matches!(
        dead.extend(&[second], Duration::from_secs(9)).await[0],
        Err(SettleError::LeaseLost(_))
    ));
    clock.advance(Duration::from_secs(61));
    assert_eq!(dead.receive(10, Duration::ZERO).await.unwrap().len(), 2, "leases end");
}

async fn a_letter_stored_twice_is_one<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let dead = SqlDeadLetters::new(pool, "dead");
    dead.store(letter("A", 1)).await.unwrap();
    dead.store(letter("A", 2)).await.unwrap();
    let letters = dead.search(&LetterQuery::default()).await.unwrap();
    assert_eq!((letters.len(), letters[0].attempts()), (1, Some(2)));
}

async fn a_letter_stored_again_is_not_removed_with_the_old_one<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let dead = SqlDeadLetters::new(pool, "dead");
    dead.store(letter("A", 1)).await.unwrap();
    let lease = dead.receive(1, Duration::ZERO).await.unwrap().remove(0).lease;
    dead.store(letter("A", 2)).await.unwrap();
    let settled = dead.settle(&[Settlement { lease, action: SettleAction::Remove }]).await;
    assert!(matches!(settled[0], Err(SettleError::LeaseLost(_))), "{settled:?}");
    assert_eq!(dead.search(&LetterQuery::default()).await.unwrap()[0].attempts(), Some(2));
}

async fn no_text_of_a_message_keeps_its_letter_out<Db: Database>(pool: sqlx::Pool<Db>) {
    migrate(&pool).await.unwrap();
    let dead = SqlDeadLetters::new(pool, "dead");
    // PostgreSQL's texts hold no NUL, and its indexes nothing that is longer than 2,704 bytes.
    let long: String = (0..300).map(|_| uuid::Uuid::now_v7().to_string()).collect();
    for id in ["\0".to_owned(), long] {
        let mut letter = letter("A", 1);
        let metadata = Metadata { id: id.clone().into(), ..Metadata::new("t", 1) };
        letter.body = Codec::Native.encode_raw(metadata, "{}", None).unwrap().body().as_bytes().clone();
        letter.attributes = Attributes::default();
        letter.group = Some(id.clone());
        letter.deduplication_id = id.clone();
        dead.store(letter).await.unwrap();
        let filter = LetterFilter { ids: vec![id], ..Default::default() };
        let found = dead.search(&LetterQuery { filter, ..Default::default() }).await.unwrap();
        assert_eq!(found.len(), 1);
    }
}

#[tokio::test]
async fn no_plan_of_the_server_leases_more_than_was_asked_for() {
    let Some(place) = super::databases::postgres().await else { return };
    migrate(&place.pool).await.unwrap();
    let off = ["enable_hashjoin", "enable_mergejoin", "enable_hashagg", "enable_sort", "enable_material"];
    let options = (*place.pool.connect_options()).clone().options(off.map(|setting| (setting, "off")));
    let pool = sqlx::PgPool::connect_with(options).await.unwrap();
    let dead = SqlDeadLetters::new(pool.clone(), "dead");
    for id in ["A", "B", "C", "D", "E"] {
        dead.store(letter(id, 1)).await.unwrap();
    }
    assert_eq!(dead.receive(2, Duration::ZERO).await.unwrap().len(), 2);
    pool.close().await;
    place.remove().await;
}
