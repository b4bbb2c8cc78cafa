//! A shutdown loses nothing and ends in its time.

use std::time::Duration;

use event_runtime::consumer::{ConsumerSettings, Status};
use event_runtime::delivery::{SettleAction, attribute};
use event_runtime::{HandlerError, Message};
use tokio::sync::{mpsc, watch};

use super::fake::{FakeSource, Letters, body, delivery, info};
use super::{Running, advancing, consumer, eventually, manual_clock, settings};

const HANDED_BACK: SettleAction = SettleAction::HandBack { after: Duration::ZERO };

#[tokio::test]
async fn a_receive_in_flight_is_awaited_and_its_messages_handed_back() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    eventually(|| source.asked().len() == 1).await;
    let watched = running.consumer.clone();
    let stop = tokio::spawn(running.end());
    eventually(|| watched.health().status == Status::Draining).await;
    source.deliver([delivery(body("1")), delivery(body("2"))]);
    let report = stop.await.unwrap();
    assert_eq!(source.settled(), [(0, HANDED_BACK), (1, HANDED_BACK)]);
    assert_eq!((report.handed_back, report.acknowledged, report.unsettled), (2, 0, 0));
}

#[tokio::test]
async fn what_runs_finishes_and_what_waits_is_handed_back() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let settings = ConsumerSettings { concurrency: 1, ..settings() };
    let consumer = consumer(&source, &letters).with_settings(settings);
    let (started, mut starts) = mpsc::unbounded_channel();
    let (gate, opened) = watch::channel(false);
    let running = Running::start(consumer, move |_: Message| {
        let (started, mut opened) = (started.clone(), opened.clone());
        async move {
            started.send(()).unwrap();
            drop(opened.wait_for(|open| *open).await);
        }
    });
    source.deliver([delivery(body("runs")), delivery(body("waits"))]);
    starts.recv().await.unwrap();
    let stop = tokio::spawn(running.end());
    assert_eq!(source.settlements(1).await, [(1, HANDED_BACK)]);
    gate.send(true).unwrap();
    source.finish();
    let report = stop.await.unwrap();
    assert_eq!(source.settled()[1], (0, SettleAction::Remove));
    assert_eq!((report.acknowledged, report.handed_back, report.cut_off), (1, 1, 0));
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_told_then_cut_off_and_its_message_released() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let (started, mut starts) = mpsc::unbounded_channel();
    let running = Running::start(consumer, move |_: Message| {
        started.send(()).unwrap();
        std::future::pending::<()>()
    });
    source.deliver([delivery(body("1"))]);
    starts.recv().await.unwrap();
    let begin = clock.now();
    let report = advancing(&clock, running.stop(&source)).await;
    assert_eq!(source.settled(), [(0, SettleAction::Release { after: Duration::ZERO })]);
    assert_eq!((report.cut_off, report.unsettled), (1, 0));
    assert!(clock.now().duration_since(begin).unsigned_abs() <= Duration::from_secs(10));
}

#[tokio::test]
async fn a_broker_that_confirms_nothing_does_not_keep_the_process_from_ending() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    source.fault_settle(std::iter::repeat_n(super::fake::Fault::Transient, 10_000));
    let consumer = consumer(&source, &letters).with_clock(clock.clock());
    let running = Running::start(consumer, |_: Message| async {});
    source.deliver([delivery(body("1"))]);
    let watched = running.consumer.clone();
    eventually(|| watched.health().in_flight == 1 && source.asked().len() == 2).await;
    let report = advancing(&clock, running.stop(&source)).await;
    assert_eq!((report.acknowledged, report.unsettled), (1, 1));
}

#[tokio::test]
async fn a_failure_during_the_drain_goes_back_to_the_broker() {
    let mut ordered = info();
    ordered.ordered = true;
    let (source, letters) = (FakeSource::new(ordered), Letters::default());
    let (started, mut starts) = mpsc::unbounded_channel();
    let (gate, opened) = watch::channel(false);
    let running = Running::start(consumer(&source, &letters), move |_: Message| {
        let (started, mut opened) = (started.clone(), opened.clone());
        async move {
            started.send(()).unwrap();
            drop(opened.wait_for(|open| *open).await);
            Err::<(), _>(HandlerError::retry("not now"))
        }
    });
    let mut grouped = delivery(body("1"));
    grouped.group = Some("a".into());
    source.deliver([grouped]);
    starts.recv().await.unwrap();
    let watched = running.consumer.clone();
    let stop = tokio::spawn(running.end());
    eventually(|| watched.health().status == Status::Draining).await;
    gate.send(true).unwrap();
    source.finish();
    stop.await.unwrap();
    assert_eq!(source.settled(), [(0, SettleAction::Release { after: Duration::ZERO })]);
}

#[tokio::test]
async fn a_delayed_message_that_waits_for_its_time_was_no_attempt() {
    let mut ordered = info();
    ordered.ordered = true;
    let (source, letters, clock) = (FakeSource::new(ordered), Letters::default(), manual_clock());
    let running =
        Running::start(consumer(&source, &letters).with_clock(clock.clock()), |_: Message| async {});
    let mut delayed = delivery(body("1"));
    delayed.group = Some("a".into());
    delayed.attributes.set(attribute::DELAYED_UNTIL, "2026-01-01T00:01:00Z");
    source.deliver([delayed]);
    // The timer of its backoff, beside the lease keeper's.
    eventually(|| clock.sleepers() == 2).await;
    running.stop(&source).await;
    assert_eq!(source.settled(), [(0, SettleAction::HandBack { after: Duration::from_secs(60) })]);
}

#[tokio::test]
async fn a_receive_that_ends_just_within_the_deadline_is_awaited() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let running = Running::start(consumer, |_: Message| async {});
    eventually(|| source.asked().len() == 1).await;
    let watched = running.consumer.clone();
    let stop = tokio::spawn(running.end());
    eventually(|| watched.health().status == Status::Draining).await;
    for _ in 0..19 {
        clock.advance(Duration::from_millis(500));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
    source.deliver([delivery(body("1"))]);
    stop.await.unwrap();
    assert_eq!(source.settled(), [(0, HANDED_BACK)]);
}

#[tokio::test]
async fn a_receive_that_does_not_end_holds_up_the_drain_to_its_deadline_and_no_longer() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let running = Running::start(consumer, |_: Message| async {});
    eventually(|| source.asked().len() == 1).await;
    let begin = clock.now();
    advancing(&clock, running.end()).await;
    assert_eq!(clock.now().duration_since(begin).as_secs(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_blocks_its_thread_does_not_hold_up_the_drain() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let settings = ConsumerSettings { drain_deadline: Duration::from_secs(10), ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let (started, mut starts) = mpsc::unbounded_channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let running = Running::start(consumer, move |_: Message| {
        started.send(()).unwrap();
        let _ = released.lock().unwrap().recv();
        async {}
    });
    source.deliver([delivery(body("1"))]);
    starts.recv().await.unwrap();
    let stop = tokio::spawn({
        let source = source.clone();
        async move { running.stop(&source).await }
    });
    // The four moments of the drain, beside the lease keeper's.
    eventually(|| clock.sleepers() >= 5).await;
    clock.advance(Duration::from_millis(9_500));
    assert_eq!(source.settlements(1).await, [(0, SettleAction::Release { after: Duration::ZERO })]);
    let report = stop.await.unwrap();
    drop(release);
    assert_eq!((report.cut_off, report.acknowledged), (1, 0));
}
