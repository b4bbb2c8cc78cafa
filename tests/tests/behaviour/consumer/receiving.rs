//! When the consumer receives, and when it does not.

use std::time::Duration;

use event_runtime::consumer::{ConsumerErrorKind, ConsumerSettings, Order};
use event_runtime::delivery::{Delivery, SettleAction};
use event_runtime::transport::SourceInfo;
use event_runtime::{HandlerError, Message};

use super::fake::{FakeSource, Letters, body, delivery, info};
use super::{Running, consumer, eventually, manual_clock, settings};

const REMOVED: SettleAction = SettleAction::Remove;

#[tokio::test]
async fn a_slow_handler_does_not_keep_an_idle_worker_from_its_messages() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let settings = ConsumerSettings { concurrency: 2, max_messages: 10, ..settings() };
    let running =
        Running::start(consumer(&source, &letters).with_settings(settings), |message: Message| async move {
            if message.metadata().id == "slow" {
                std::future::pending::<()>().await;
            }
        });
    source.deliver([delivery(body("slow"))]);
    eventually(|| running.consumer.health().in_flight == 1).await;
    source.deliver([delivery(body("quick"))]);
    assert_eq!(source.settlements(1).await, [(1, REMOVED)]);
    running.run.abort();
}

#[tokio::test]
async fn a_source_that_does_not_wait_is_not_asked_in_a_busy_loop() {
    for wait in [Duration::ZERO, Duration::from_secs(20)] {
        let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
        source.finish();
        let consumer = consumer(&source, &letters)
            .with_clock(clock.clock())
            .with_settings(ConsumerSettings { wait, ..settings() });
        let running = Running::start(consumer, |_: Message| async {});
        eventually(|| !source.asked().is_empty()).await;
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(source.asked().len(), 1, "{wait:?}");
        running.stop(&source).await;
    }
}

#[tokio::test]
async fn a_source_whose_batches_hold_nothing_is_asked_for_one_message() {
    let (source, letters) = (FakeSource::new(SourceInfo { max_batch: 0, ..info() }), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    source.deliver([delivery(body("1"))]);
    assert_eq!(source.settlements(1).await, [(0, REMOVED)]);
    assert_eq!(source.asked()[0], 1);
    running.stop(&source).await;
}

#[tokio::test]
async fn leases_of_no_time_are_refused_at_start_up() {
    let source = FakeSource::new(SourceInfo { lease: Some(Duration::ZERO), ..info() });
    let consumer = consumer(&source, &Letters::default());
    let error = consumer.run(|_: Message| async {}, std::future::ready(())).await.unwrap_err();
    assert_eq!(error.kind(), ConsumerErrorKind::Startup);
}

#[tokio::test]
async fn more_than_was_asked_for_is_handled_too() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let settings = ConsumerSettings { concurrency: 1, max_messages: 2, ..settings() };
    let running = Running::start(consumer(&source, &letters).with_settings(settings), |_: Message| async {});
    source.deliver((0..30).map(|_| delivery(body("1"))));
    source.settlements(30).await;
    assert_eq!(running.stop(&source).await.acknowledged, 30);
}

fn keyed(key: &str) -> Delivery {
    let body = format!(r#"{{"id":"{key}","payload_type":"test","partition_key":"{key}","payload":{{}}}}"#);
    delivery(body)
}

#[tokio::test]
async fn what_arrives_for_a_key_that_backs_off_never_fills_the_consumer() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { concurrency: 1, max_messages: 10, order: Order::PerKey, ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let running = Running::start(consumer, |message: Message| async move {
        if message.metadata().id == "bad" {
            Err(HandlerError::retry_after(Duration::from_secs(60), "not now"))
        } else {
            Ok(())
        }
    });
    source.deliver([keyed("bad")]);
    eventually(|| source.asked().len() == 2 && running.consumer.health().in_flight == 1).await;
    for _ in 0..9 {
        source.deliver([keyed("bad")]);
    }
    source.deliver([keyed("good")]);
    let after = Duration::from_secs(60);
    let settled = source.settlements(7).await;
    assert_eq!(settled[0], (0, SettleAction::Release { after }), "the head was tried");
    assert_eq!(settled[1], (1, SettleAction::HandBack { after }), "the rest was not");
    eventually(|| source.settled().contains(&(10, REMOVED))).await;
    running.stop(&source).await;
}
