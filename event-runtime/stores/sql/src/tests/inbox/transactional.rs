//! Record and effects commit together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_runtime::handler::State;
use event_runtime::layer::{CatchPanic, Timeout};
use event_runtime::{Codec, FailureCode, HandlerError, Message, MessageRouter, Outcome};
use tokio::sync::Semaphore;

use super::message;
use crate::inbox::{Transactional, Tx};
use crate::tests::shop::{OrderPlaced, TestBroker, order};
use crate::{Outbox, Relay, migrate};

/// What a handler is to do after it has written, by run.
type Then = Arc<dyn Fn(usize) -> Outcome + Send + Sync>;

/// The same tests for each database: a handler's argument names it.
macro_rules! transactional_tests {
    ($module:ident, $database:ty, $place:expr) => {
        mod $module {
            use super::*;

            type Db = $database;

            #[derive(Clone)]
            struct Given {
                runs: Arc<AtomicUsize>,
                then: Then,
                gate: Option<Arc<Semaphore>>,
            }

            fn given(then: impl Fn(usize) -> Outcome + Send + Sync + 'static) -> Given {
                Given { runs: Arc::default(), then: Arc::new(then), gate: None }
            }

            async fn book(
                message: Message,
                State(given): State<Given>,
                mut tx: Tx<Db>,
            ) -> Result<Outcome, HandlerError> {
                let run = given.runs.fetch_add(1, Ordering::SeqCst);
                sqlx::query("INSERT INTO ledger (event_id) VALUES ($1)")
                    .bind(&*message.metadata().id)
                    .execute(&mut **tx)
                    .await?;
                if let Some(gate) = &given.gate {
                    drop(gate.acquire().await);
                }
                Ok((given.then)(run))
            }

            async fn prepare(pool: &sqlx::Pool<Db>) {
                migrate(pool).await.unwrap();
                sqlx::query("CREATE TABLE ledger (event_id text NOT NULL)").execute(pool).await.unwrap();
            }

            async fn booked(pool: &sqlx::Pool<Db>) -> i64 {
                sqlx::query_scalar("SELECT count(*) FROM ledger").fetch_one(pool).await.unwrap()
            }

            async fn recorded(pool: &sqlx::Pool<Db>) -> i64 {
                sqlx::query_scalar("SELECT count(*) FROM event_inbox").fetch_one(pool).await.unwrap()
            }

            fn router(pool: &sqlx::Pool<Db>, given: &Given) -> MessageRouter<Given> {
                MessageRouter::new()
                    .with_state(given.clone())
                    .on_type("a", book)
                    .layer(Transactional::new(pool.clone(), "ledger"))
            }

            #[tokio::test]
            async fn effects_and_record_commit_together_or_not_at_all() {
                let Some(place) = $place.await else { return };
                prepare(&place.pool).await;
                let given = given(|run| match run {
                    0 => HandlerError::retry("not now").into_outcome(),
                    1 => HandlerError::dead_letter("never").into_outcome(),
                    2 => Outcome::discard("not wanted"),
                    3 => Outcome::defer(Duration::ZERO, "not yet"),
                    _ => Outcome::Ack,
                });
                let (router, message) = (router(&place.pool, &given), message("a"));
                for label in ["retry", "dead_letter", "discard", "defer"] {
                    assert_eq!(router.handle(message.clone()).await.label(), label);
                    assert_eq!((booked(&place.pool).await, recorded(&place.pool).await), (0, 0));
                }
                for _ in 0..3 {
                    assert_eq!(router.handle(message.clone()).await, Outcome::Ack);
                }
                assert_eq!((booked(&place.pool).await, recorded(&place.pool).await), (1, 1));
                assert_eq!(given.runs.load(Ordering::SeqCst), 5);
                let tampered = Codec::Native.encode_raw(message.metadata().clone(), "[]", None).unwrap();
                let failure = router.handle(tampered).await.failure().map(|failure| failure.code);
                assert_eq!(failure, Some(FailureCode::PayloadMismatch));
                place.remove().await;
            }

            #[tokio::test]
            async fn an_id_that_no_index_holds_is_handled_once() {
                let Some(place) = $place.await else { return };
                prepare(&place.pool).await;
                let given = given(|_| Outcome::Ack);
                let long: String = (0..300).map(|_| uuid::Uuid::now_v7().to_string()).collect();
                for id in ["a\0".to_owned(), long] {
                    given.runs.store(0, Ordering::SeqCst);
                    let layer =
                        Transactional::new(place.pool.clone(), "ledger").with_key(move |_| id.clone());
                    let router =
                        MessageRouter::new().with_state(given.clone()).on_type("a", book).layer(layer);
                    let message = message("a");
                    for _ in 0..2 {
                        assert_eq!(router.handle(message.clone()).await, Outcome::Ack);
                    }
                    assert_eq!(given.runs.load(Ordering::SeqCst), 1);
                }
                place.remove().await;
            }

            #[tokio::test]
            async fn one_message_runs_once_at_a_time() {
                let Some(place) = $place.await else { return };
                prepare(&place.pool).await;
                let gate = Arc::new(Semaphore::new(0));
                let given = Given { gate: Some(gate.clone()), ..given(|_| Outcome::Ack) };
                let (router, message) = (router(&place.pool, &given), message("a"));
                let tasks: Vec<_> = (0..6)
                    .map(|_| {
                        let (router, message) = (router.clone(), message.clone());
                        tokio::spawn(async move { router.handle(message).await })
                    })
                    .collect();
                while given.runs.load(Ordering::SeqCst) == 0 {
                    tokio::task::yield_now().await;
                }
                gate.add_permits(1);
                let mut outcomes = Vec::new();
                for task in tasks {
                    outcomes.push(task.await.unwrap());
                }
                assert!(
                    outcomes.iter().all(|outcome| matches!(outcome, Outcome::Ack | Outcome::Defer { .. }))
                );
                assert_eq!(router.handle(message).await, Outcome::Ack);
                assert_eq!((booked(&place.pool).await, given.runs.load(Ordering::SeqCst)), (1, 1));
                place.remove().await;
            }

            #[tokio::test]
            async fn a_handler_that_is_dropped_leaves_nothing() {
                let Some(place) = $place.await else { return };
                prepare(&place.pool).await;
                let gate = Arc::new(Semaphore::new(0));
                let given = Given { gate: Some(gate.clone()), ..given(|_| Outcome::Ack) };
                let message = message("a");
                // Outside, so that the layer is dropped with its handler.
                let timed = MessageRouter::new()
                    .with_state(given.clone())
                    .on_type("a", book)
                    .layer(Timeout::new(Duration::from_millis(200)))
                    .layer(Transactional::new(place.pool.clone(), "ledger"));
                assert_eq!(timed.handle(message.clone()).await.label(), "retry");
                gate.add_permits(10);
                assert_eq!(booked(&place.pool).await, 0);
                while router(&place.pool, &given).handle(message.clone()).await != Outcome::Ack {}
                assert_eq!((booked(&place.pool).await, recorded(&place.pool).await), (1, 1));
                place.remove().await;
            }

            #[tokio::test]
            async fn a_transaction_that_can_t_commit_is_no_success() {
                let Some(place) = $place.await else { return };
                prepare(&place.pool).await;
                async fn undo(mut tx: Tx<Db>) {
                    sqlx::query("ROLLBACK").execute(&mut **tx).await.unwrap();
                }
                async fn swallow(mut tx: Tx<Db>) {
                    sqlx::query("INSERT INTO ledger (event_id) VALUES ('x')")
                        .execute(&mut **tx)
                        .await
                        .unwrap();
                    sqlx::query("DELETE FROM event_inbox").execute(&mut **tx).await.unwrap();
                }
                async fn keep(tx: Tx<Db>, State(kept): State<Arc<std::sync::Mutex<Option<Tx<Db>>>>>) {
                    *kept.lock().unwrap() = Some(tx);
                }
                async fn twice(_: Tx<Db>, _: Tx<Db>) {}
                let kept = Arc::<std::sync::Mutex<Option<Tx<Db>>>>::default();
                let router = MessageRouter::new()
                    .with_state(kept.clone())
                    .on_type("undo", undo)
                    .on_type("swallow", swallow)
                    .on_type("keep", keep)
                    .on_type("twice", twice)
                    .layer(Transactional::new(place.pool.clone(), "ledger"));
                for payload_type in ["undo", "swallow", "keep", "twice"] {
                    assert_eq!(router.handle(message(payload_type)).await.label(), "retry", "{payload_type}");
                    kept.lock().unwrap().take();
                    assert_eq!(
                        (booked(&place.pool).await, recorded(&place.pool).await),
                        (0, 0),
                        "{payload_type}"
                    );
                }
                let bare = MessageRouter::new().on_type("twice", twice);
                assert_eq!(bare.handle(message("twice")).await.label(), "retry");
                place.remove().await;
            }

            /// Consumed transactionally, emitted through the outbox, relayed: what comes many times goes on once.
            #[tokio::test]
            async fn what_a_handler_emits_through_the_outbox_is_published_exactly_once() {
                let Some(place) = $place.await else { return };
                prepare(&place.pool).await;
                async fn place_order(
                    message: Message,
                    State(given): State<Given>,
                    mut tx: Tx<Db>,
                ) -> Result<Outcome, HandlerError> {
                    let run = given.runs.fetch_add(1, Ordering::SeqCst);
                    Outbox::new().emit(&mut tx, order(&message.metadata().id, 7)).await?;
                    sqlx::query("INSERT INTO ledger (event_id) VALUES ($1)")
                        .bind(&*message.metadata().id)
                        .execute(&mut **tx)
                        .await?;
                    Ok((given.then)(run))
                }
                let given = given(|run| match run {
                    0 => HandlerError::retry("after it was emitted").into_outcome(),
                    1 => panic!("after it was emitted"),
                    _ => Outcome::Ack,
                });
                let router = MessageRouter::new()
                    .with_state(given.clone())
                    .on_type("a", place_order)
                    .layer(CatchPanic::new())
                    .layer(Transactional::new(place.pool.clone(), "ledger"));
                let (first, second) = (message("a"), message("a"));
                for message in [&first, &first, &first, &second, &first, &second] {
                    router.handle(message.clone()).await;
                }
                assert_eq!((booked(&place.pool).await, given.runs.load(Ordering::SeqCst)), (2, 4));
                let broker = TestBroker::new("broker");
                let relay = Relay::new(place.pool.clone(), TestBroker::pool(std::slice::from_ref(&broker)));
                for _ in 0..3 {
                    relay.run_once().await.unwrap();
                }
                let mut customers: Vec<_> =
                    broker.orders().into_iter().map(|(customer, _)| customer).collect();
                customers.sort_unstable();
                let mut ids = [first.metadata().id.to_string(), second.metadata().id.to_string()];
                ids.sort_unstable();
                assert_eq!(customers, ids);
                // Each tells what caused it.
                for published in broker.messages() {
                    let metadata = published.metadata();
                    let customer = published.decode::<OrderPlaced>().unwrap().customer;
                    assert_eq!(metadata.causation_id.as_deref(), Some(&*customer));
                }
                place.remove().await;
            }

            #[tokio::test]
            async fn a_database_that_is_away_is_not_asked_for_an_attempt() {
                let Some(place) = $place.await else { return };
                let given = given(|_| Outcome::Ack);
                // The tables are missing: nothing is handled until they are there.
                let router = router(&place.pool, &given);
                assert_eq!(router.handle(message("a")).await.label(), "defer");
                prepare(&place.pool).await;
                assert_eq!(router.handle(message("a")).await, Outcome::Ack);
                assert_eq!(given.runs.load(Ordering::SeqCst), 1);
                place.remove().await;
            }
        }
    };
}

transactional_tests!(postgres, sqlx::Postgres, crate::tests::databases::postgres());
transactional_tests!(sqlite, sqlx::Sqlite, async { Some(crate::tests::databases::sqlite().await) });

/// On PostgreSQL a failed statement poisons the transaction, and a bare commit of it passes and does nothing.
#[tokio::test]
async fn a_swallowed_error_does_not_pass_for_success() {
    async fn swallow(mut tx: Tx<sqlx::Postgres>) {
        sqlx::query("INSERT INTO nowhere VALUES (1)").execute(&mut **tx).await.unwrap_err();
    }
    let Some(place) = crate::tests::databases::postgres().await else { return };
    migrate(&place.pool).await.unwrap();
    let router =
        MessageRouter::new().on_type("a", swallow).layer(Transactional::new(place.pool.clone(), "ledger"));
    assert_eq!(router.handle(message("a")).await.label(), "retry");
    place.remove().await;
}
