//! Order inside a key: the first successful handling of its messages is in the order in which they were sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Backoff, ConsumerSettings, Order};
use event_runtime::delivery::{Delivery, SettleAction};
use event_runtime::transport::SourceInfo;
use event_runtime::{HandlerError, Message};
use proptest::prelude::*;

use super::fake::{FakeSource, Letters, body, delivery, info};
use super::{Running, advancing, consumer, eventually, manual_clock, settings};

fn ordered() -> SourceInfo {
    SourceInfo { ordered: true, ..info() }
}

fn grouped(group: &str, id: &str) -> Delivery {
    Delivery { group: Some(group.into()), ..delivery(body(id)) }
}

/// What a handler of one message does, attempt by attempt, before it succeeds.
#[derive(Clone, Debug)]
enum Fate {
    SucceedsAfter(u32),
    IsDeadLetter,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![3 => (0_u32..4).prop_map(Fate::SucceedsAfter), 1 => Just(Fate::IsDeadLetter)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn first_successes_of_a_key_are_in_order(
        fates in prop::collection::vec((0_usize..3, fate()), 1..30),
        concurrency in 1_usize..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handled = runtime.block_on(run(fates.clone(), concurrency));
        let mut expected: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, (key, fate)) in fates.iter().enumerate() {
            if matches!(fate, Fate::SucceedsAfter(_)) {
                expected.entry(*key).or_default().push(number);
            }
        }
        prop_assert_eq!(handled, expected);
    }
}

/// Delivers one message a fate, and returns by key which succeeded, in the order in which they did.
async fn run(fates: Vec<(usize, Fate)>, concurrency: usize) -> BTreeMap<usize, Vec<usize>> {
    let (source, letters, clock) = (FakeSource::new(ordered()), Letters::default(), manual_clock());
    let backoff = Backoff { base: Duration::from_secs(1), max: Duration::from_secs(20) };
    let settings = ConsumerSettings { backoff, concurrency, max_messages: 100, ..settings() };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(settings);
    let handled: Arc<Mutex<BTreeMap<usize, Vec<usize>>>> = Arc::default();
    let left: Arc<Mutex<Vec<(usize, Fate)>>> = Arc::new(Mutex::new(fates.clone()));
    let running = Running::start(consumer, {
        let handled = handled.clone();
        move |message: Message| {
            let (handled, left) = (handled.clone(), left.clone());
            async move {
                let number: usize = message.metadata().id.parse()?;
                tokio::task::yield_now().await;
                let (key, fate) = &mut left.lock().unwrap()[number];
                match fate {
                    Fate::IsDeadLetter => Err(HandlerError::dead_letter("never")),
                    Fate::SucceedsAfter(0) => {
                        handled.lock().unwrap().entry(*key).or_default().push(number);
                        Ok(())
                    }
                    Fate::SucceedsAfter(failures) => {
                        *failures -= 1;
                        Err(HandlerError::retry("not yet"))
                    }
                }
            }
        }
    });
    for (number, (key, _)) in fates.iter().enumerate() {
        source.deliver([grouped(&key.to_string(), &number.to_string())]);
    }
    advancing(&clock, source.settlements(fates.len())).await;
    let report = advancing(&clock, running.stop(&source)).await;
    assert_eq!(report.acknowledged + report.dead_lettered, fates.len() as u64);
    std::mem::take(&mut *handled.lock().unwrap())
}

#[tokio::test]
async fn a_failing_key_holds_back_itself_and_no_other() {
    let (source, letters, clock) = (FakeSource::new(ordered()), Letters::default(), manual_clock());
    let backoff = Backoff { base: Duration::from_secs(60), max: Duration::from_secs(60) };
    let consumer = consumer(&source, &letters).with_clock(clock.clock()).with_settings(ConsumerSettings {
        backoff,
        max_attempts: 100,
        ..settings()
    });
    let running = Running::start(consumer, |message: Message| async move {
        if message.metadata().id == "bad" {
            Err(HandlerError::retry_after(Duration::from_secs(60), "no"))
        } else {
            Ok(())
        }
    });
    source.deliver([grouped("a", "bad"), grouped("a", "behind"), grouped("b", "free")]);
    assert_eq!(source.settlements(1).await, [(2, SettleAction::Remove)]);
    eventually(|| running.consumer.health().in_flight == 2).await;
    // A shutdown gives both back, the head first and neither before its time.
    running.stop(&source).await;
    let after = Duration::from_secs(60);
    let expected = [
        (2, SettleAction::Remove),
        (0, SettleAction::Release { after }),
        (1, SettleAction::HandBack { after: Duration::ZERO }),
    ];
    assert_eq!(source.settled(), expected);
}

#[tokio::test]
async fn a_dead_letter_unblocks_its_key_after_it_is_stored() {
    let (source, letters) = (FakeSource::new(ordered()), Letters::default());
    let stored = letters.clone();
    let running = Running::start(consumer(&source, &letters), move |message: Message| {
        let stored = stored.all().len();
        async move {
            match &*message.metadata().id {
                "bad" => Err(HandlerError::dead_letter("never")),
                _ if stored == 1 => Ok(()),
                _ => Err(HandlerError::discard("the dead letter was not stored yet")),
            }
        }
    });
    source.deliver([grouped("a", "bad"), grouped("a", "next")]);
    assert_eq!(source.settlements(2).await, [(0, SettleAction::Remove), (1, SettleAction::Remove)]);
    let report = running.stop(&source).await;
    assert_eq!((report.dead_lettered, report.acknowledged, report.discarded), (1, 1, 0));
}

#[tokio::test]
async fn ordering_keys_count_on_a_broker_without_order_where_asked_for() {
    for (order, most_at_once) in [(Order::PerKey, 1), (Order::Transport, 2)] {
        let (source, letters) = (FakeSource::new(info()), Letters::default());
        let consumer = consumer(&source, &letters).with_settings(ConsumerSettings { order, ..settings() });
        let at_once = Arc::new(Mutex::new((0, 0)));
        let running = Running::start(consumer, {
            let at_once = at_once.clone();
            move |_: Message| {
                let at_once = at_once.clone();
                async move {
                    {
                        let mut at_once = at_once.lock().unwrap();
                        at_once.0 += 1;
                        at_once.1 = at_once.1.max(at_once.0);
                    }
                    for _ in 0..10 {
                        tokio::task::yield_now().await;
                    }
                    at_once.lock().unwrap().0 -= 1;
                }
            }
        });
        let keyed = br#"{"id":"1","payload_type":"test","partition_key":"k","payload":{}}"#.as_slice();
        source.deliver([delivery(keyed), delivery(keyed)]);
        source.settlements(2).await;
        running.stop(&source).await;
        assert_eq!(at_once.lock().unwrap().1, most_at_once, "{order:?}");
    }
}
