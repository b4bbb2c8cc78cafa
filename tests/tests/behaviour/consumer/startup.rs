//! What start-up refuses, and how a failing source is lived with.

use std::sync::Arc;
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerErrorKind, ConsumerSettings, Status};
use event_runtime::delivery::SettleAction;
use event_runtime::transport::{Redrive, SourceError, SourceErrorKind, SourceInfo};
use event_runtime::{Endpoint, Incoming, Message, Outcome};

use tokio::sync::{mpsc, watch};

use super::fake::{FakeSource, Letters, body, delivery, info};
use super::{Running, advancing, consumer, eventually, manual_clock, settings};

fn redrive(max_receive_count: u32) -> SourceInfo {
    SourceInfo {
        redrive: Some(Redrive { max_receive_count, destination: Arc::new(Letters::default()) }),
        ..info()
    }
}

#[tokio::test]
async fn every_problem_is_reported_at_once() {
    struct Overlapping;
    impl Endpoint for Overlapping {
        fn handle(&self, _: Incoming) -> event_runtime::transport::BoxFuture<'_, Outcome> {
            unreachable!("a consumer that did not start")
        }
        fn problems(&self) -> Vec<String> {
            vec!["`OrderPaidEvent` has two handlers".into()]
        }
    }
    let settings = ConsumerSettings { concurrency: 0, batch: 0, ..settings() };
    let consumer = Consumer::new(FakeSource::new(info())).with_settings(settings);
    let error = consumer.run(Overlapping, std::future::pending()).await.unwrap_err();
    assert_eq!(error.kind(), ConsumerErrorKind::Startup);
    assert_eq!(error.problems().len(), 4, "{error}");
}

#[tokio::test]
async fn the_queues_own_redrive_policy_serves_unless_it_would_overtake_the_attempts() {
    for (max_receive_count, problems) in [(6, 0), (5, 1)] {
        let consumer = Consumer::new(FakeSource::new(redrive(max_receive_count))).with_settings(settings());
        let result = consumer.run(|_: Message| async {}, std::future::ready(())).await;
        assert_eq!(result.err().map_or(0, |error| error.problems().len()), problems);
    }
}

#[tokio::test]
async fn a_consumer_runs_once_at_a_time_and_again_after_it_stopped() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    let consumer = running.consumer.clone();
    eventually(|| consumer.health().status == Status::Running).await;
    let second = consumer.run(|_: Message| async {}, std::future::pending()).await.unwrap_err();
    assert_eq!(second.kind(), ConsumerErrorKind::AlreadyRunning);
    running.stop(&source).await;
    assert_eq!(consumer.health().status, Status::Stopped);
    consumer.run(|_: Message| async {}, std::future::ready(())).await.unwrap();
}

#[tokio::test]
async fn a_source_that_fails_for_a_while_degrades_health_and_recovers() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let consumer = consumer(&source, &letters).with_clock(clock.clock());
    let running = Running::start(consumer, |_: Message| async {});
    for _ in 0..3 {
        source.fail(SourceError::new(SourceErrorKind::Unavailable, "no connection"));
    }
    let consumer = running.consumer.clone();
    advancing(&clock, eventually(|| consumer.health().failed_receives == 3)).await;
    let health = consumer.health();
    assert_eq!((health.status, health.last_error), (Status::Degraded, Some(SourceErrorKind::Unavailable)));
    assert!(!health.is_healthy());
    source.deliver([delivery(body("1"))]);
    advancing(&clock, source.settlements(1)).await;
    assert!(consumer.health().is_healthy());
    advancing(&clock, running.stop(&source)).await;
}

#[tokio::test]
async fn failed_receives_are_spaced_out() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let consumer = consumer(&source, &letters).with_clock(clock.clock());
    let running = Running::start(consumer, |_: Message| async {});
    for _ in 0..10 {
        source.fail(SourceError::new(SourceErrorKind::Throttled, "slow down"));
    }
    let consumer = running.consumer.clone();
    eventually(|| consumer.health().failed_receives == 1).await;
    // With the clock standing still there is no second call, however often the tasks run.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(source.asked().len(), 1);
    let start = clock.now();
    advancing(&clock, eventually(|| consumer.health().failed_receives == 10)).await;
    assert!(clock.now().duration_since(start).unsigned_abs() > Duration::from_secs(10));
    running.run.abort();
}

#[tokio::test]
async fn a_source_that_fails_for_good_ends_the_run_after_what_runs_has_finished() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let (started, mut starts) = mpsc::unbounded_channel();
    let (gate, opened) = watch::channel(false);
    let running = Running::start(consumer(&source, &letters), move |_: Message| {
        let (started, mut opened) = (started.clone(), opened.clone());
        async move {
            started.send(()).unwrap();
            drop(opened.wait_for(|open| *open).await);
        }
    });
    source.deliver([delivery(body("1"))]);
    starts.recv().await.unwrap();
    source.fail(SourceError::new(SourceErrorKind::NotFound, "no such queue"));
    let watched = running.consumer.clone();
    eventually(|| watched.health().status == Status::Draining).await;
    gate.send(true).unwrap();
    let error = running.run.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ConsumerErrorKind::Source);
    assert_eq!(source.settled(), [(0, SettleAction::Remove)]);
}
