//! What becomes of a message, by what its handler decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use event_runtime::consumer::{Backoff, ConsumerSettings, OnExhausted, ScopeDenied};
use event_runtime::delivery::{SettleAction, attribute};
use event_runtime::{Failure, FailureCode, HandlerError, Message, Outcome};

use super::fake::{FakeSource, Fault, Letters, body, delivery, info};
use super::{Running, consumer, manual_clock, settings};

const REMOVED: SettleAction = SettleAction::Remove;

fn released(seconds: u64) -> SettleAction {
    SettleAction::Release { after: Duration::from_secs(seconds) }
}

#[tokio::test]
async fn a_handled_message_is_removed_and_counted() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    source.deliver([delivery(body("1")), delivery(body("2"))]);
    assert_eq!(source.settlements(2).await, [(0, REMOVED), (1, REMOVED)]);
    let report = running.stop(&source).await;
    assert_eq!((report.received, report.acknowledged, report.unsettled), (2, 2, 0));
}

#[tokio::test]
async fn a_failed_attempt_is_released_and_the_last_one_is_a_dead_letter() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {
        Err::<(), _>(std::io::Error::other("no stock"))
    });
    let mut last = delivery(body("event-1"));
    last.receive_count = Some(6);
    last.attributes.set("own", "kept");
    source.deliver([delivery(body("event-1")), last]);
    source.settlements(2).await;
    let report = running.stop(&source).await;
    assert_eq!(source.settled().iter().filter(|(_, action)| *action == released(0)).count(), 1);
    assert_eq!((report.retried, report.dead_lettered), (1, 1));
    let letter = &letters.all()[0];
    assert_eq!(letter.body, body("event-1"));
    assert_eq!(letter.attributes.get("own"), Some("kept"));
    assert_eq!(letter.deduplication_id, "event-1:transport-id");
    let record = &letters.records()[0];
    assert_eq!(record["error"]["code"], "HANDLER_FAILED");
    assert_eq!(record["error"]["message"], "no stock");
    assert_eq!(record["attempts"], 6);
    assert_eq!(record["source"], "orders");
    assert_eq!(record["handler"], "test");
}

#[tokio::test]
async fn exhaustion_is_judged_only_after_the_handler_ran() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    let mut handed_out_often = delivery(body("1"));
    handed_out_often.receive_count = Some(99);
    source.deliver([handed_out_often]);
    assert_eq!(source.settlements(1).await, [(0, REMOVED)]);
    assert_eq!(running.stop(&source).await.acknowledged, 1);
    assert!(letters.all().is_empty());
}

#[tokio::test]
async fn each_decision_is_carried_out() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |message: Message| async move {
        match &*message.metadata().id {
            "later" => Err(HandlerError::retry_after(Duration::from_secs(7), "busy")),
            "dead" => Err(HandlerError::dead_letter("never")),
            "discard" => Err(HandlerError::discard("not for us")),
            _ => Ok(()),
        }
    });
    for id in ["later", "dead", "discard", "fine"] {
        source.deliver([delivery(body(id))]);
    }
    let mut settled = source.settlements(4).await;
    settled.sort_by_key(|(number, _)| *number);
    assert_eq!(settled, [(0, released(7)), (1, REMOVED), (2, REMOVED), (3, REMOVED)]);
    let report = running.stop(&source).await;
    assert_eq!((report.retried, report.dead_lettered, report.discarded, report.acknowledged), (1, 1, 1, 1));
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt_and_the_consumer_goes_on() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |message: Message| async move {
        assert_ne!(message.metadata().id, "bad", "a handler's own mistake");
    });
    let mut last = delivery(body("bad"));
    last.receive_count = Some(6);
    source.deliver([last, delivery(body("good"))]);
    source.settlements(2).await;
    assert_eq!(running.stop(&source).await.acknowledged, 1);
    assert_eq!(letters.records()[0]["error"]["code"], "HANDLER_PANICKED");
}

#[tokio::test]
async fn what_does_not_decode_is_a_dead_letter_at_once() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let calls = Arc::new(AtomicU32::new(0));
    let running = Running::start(consumer(&source, &letters), {
        let calls = calls.clone();
        move |_: Message| {
            calls.fetch_add(1, Ordering::Relaxed);
            async {}
        }
    });
    let deep = [b"{\"id\":".as_slice(), &b"[".repeat(100_000)].concat();
    let bad: [&[u8]; 5] = [b"", b"{\"id\":", b"\xff\xfe", b"{\"id\":\"1\",\"payload\":{}}", &deep];
    source.deliver(bad.map(|body| delivery(body.to_vec())));
    source.settlements(5).await;
    running.stop(&source).await;
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    let mut bodies: Vec<_> = letters.all().into_iter().map(|letter| letter.body.to_vec()).collect();
    let mut expected = bad.map(<[u8]>::to_vec).to_vec();
    bodies.sort();
    expected.sort();
    assert_eq!(bodies, expected);
    assert!(letters.records().iter().all(|record| record["error"]["code"] == "DECODE_FAILED"));
    assert!(letters.all().iter().all(|letter| letter.deduplication_id == "transport-id:transport-id"));
}

#[tokio::test]
async fn a_dead_letter_that_is_not_stored_keeps_its_original() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    letters.refuse_next(1);
    let running = Running::start(consumer(&source, &letters), |_: Message| async {
        Outcome::DeadLetter { failure: Failure::new(FailureCode::HandlerFailed, "never") }
    });
    source.deliver([delivery(body("1"))]);
    assert_eq!(source.settlements(1).await, [(0, released(0))]);
    source.deliver([delivery(body("1"))]);
    assert_eq!(source.settlements(2).await[1], (1, REMOVED));
    running.stop(&source).await;
    assert_eq!(letters.all().len(), 1);
}

#[tokio::test]
async fn exhausted_messages_are_discarded_where_the_consumer_is_set_to() {
    let source = FakeSource::new(info());
    let settings = ConsumerSettings { on_exhausted: OnExhausted::Discard, max_attempts: 1, ..settings() };
    let consumer = event_runtime::consumer::Consumer::new(source.clone()).with_settings(settings);
    let running = Running::start(consumer, |_: Message| async { Err::<(), _>(HandlerError::retry("no")) });
    source.deliver([delivery(body("1"))]);
    assert_eq!(source.settlements(1).await, [(0, REMOVED)]);
    assert_eq!(running.stop(&source).await.discarded, 1);
}

#[tokio::test]
async fn the_scope_is_asked_before_the_handler_unless_it_is_switched_off() {
    let refuse = |_: &Message| Err(ScopeDenied("tenant `b` is not served here".into()));
    for without_scope in [false, true] {
        let (source, letters) = (FakeSource::new(info()), Letters::default());
        let consumer = consumer(&source, &letters)
            .with_scope(refuse)
            .with_settings(ConsumerSettings { without_scope, ..settings() });
        let running = Running::start(consumer, |_: Message| async {});
        source.deliver([delivery(body("1"))]);
        source.settlements(1).await;
        let report = running.stop(&source).await;
        assert_eq!(report.acknowledged, u64::from(without_scope));
        let codes: Vec<_> = letters.records().iter().map(|record| record["error"]["code"].clone()).collect();
        assert_eq!(codes, if without_scope { vec![] } else { vec!["SCOPE_DENIED"] });
    }
}

#[tokio::test]
async fn a_message_that_came_early_is_handed_back_until_its_time() {
    for (process_delayed, expected) in
        [(true, SettleAction::HandBack { after: Duration::from_secs(90) }), (false, REMOVED)]
    {
        let (source, letters) = (FakeSource::new(info()), Letters::default());
        let consumer = consumer(&source, &letters)
            .with_clock(manual_clock().clock())
            .with_settings(ConsumerSettings { process_delayed, ..settings() });
        let running = Running::start(consumer, |_: Message| async {});
        let mut early = delivery(body("1"));
        early.attributes.set(attribute::DELAYED_UNTIL, "2026-01-01T00:01:30Z");
        source.deliver([early]);
        assert_eq!(source.settlements(1).await, [(0, expected)]);
        running.stop(&source).await;
    }
}

#[tokio::test]
async fn a_delay_that_has_passed_or_is_none_changes_nothing() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    let delayed = |until: &str| {
        let mut delivery = delivery(body("1"));
        delivery.attributes.set(attribute::DELAYED_UNTIL, until);
        delivery
    };
    source.deliver([delayed("2020-01-01T00:00:00Z"), delayed("tomorrow")]);
    assert_eq!(source.settlements(2).await.len(), 2);
    assert_eq!(running.stop(&source).await.acknowledged, 2);
}

#[tokio::test]
async fn the_backoff_is_within_its_schedule() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let backoff = Backoff { base: Duration::from_secs(5), max: Duration::from_secs(900) };
    let consumer = consumer(&source, &letters).with_settings(ConsumerSettings { backoff, ..settings() });
    let running = Running::start(consumer, |_: Message| async { Err::<(), _>(HandlerError::retry("no")) });
    for attempt in 1..=5 {
        let mut delivery = delivery(body("1"));
        delivery.receive_count = Some(attempt);
        source.deliver([delivery]);
    }
    for (number, action) in source.settlements(5).await {
        let SettleAction::Release { after } = action else { panic!("{action:?}") };
        assert!(after <= backoff.ceiling(number as u32 + 1), "delivery {number}: {after:?}");
    }
    running.stop(&source).await;
}

#[tokio::test(start_paused = true)]
async fn settlements_that_fail_are_repeated_until_the_broker_confirms() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    source.fault_settle([Fault::Transient, Fault::NoReply, Fault::LongReply]);
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    source.deliver([delivery(body("1"))]);
    assert_eq!(source.settlements(1).await, [(0, REMOVED)]);
    let report = running.stop(&source).await;
    assert_eq!((report.leases_lost, report.unsettled), (0, 0));
}

#[tokio::test]
async fn a_settlement_that_comes_too_late_is_counted_and_forgotten() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    source.fault_settle([Fault::LeaseLost]);
    let running = Running::start(consumer(&source, &letters), |_: Message| async {});
    source.deliver([delivery(body("1"))]);
    super::eventually(|| source.asked().len() > 1 && running.consumer.health().in_flight == 0).await;
    let report = running.stop(&source).await;
    assert_eq!((report.leases_lost, report.unsettled), (1, 0));
}

#[tokio::test]
async fn settlements_that_keep_failing_hold_up_no_others() {
    let one_a_call = event_runtime::transport::SourceInfo { max_batch: 1, ..info() };
    let (source, letters, clock) = (FakeSource::new(one_a_call), Letters::default(), manual_clock());
    (0..8).for_each(|number| source.stick(number));
    let running =
        Running::start(consumer(&source, &letters).with_clock(clock.clock()), |_: Message| async {});
    for _ in 0..9 {
        source.deliver([delivery(body("1"))]);
    }
    assert_eq!(source.settlements(1).await, [(8, REMOVED)]);
    running.run.abort();
}
