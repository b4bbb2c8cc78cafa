//! A source, a sink or a scope validator that panics neither stops the consumer nor loses a message.

use std::time::Duration;

use event_runtime::consumer::{ConsumerSettings, ScopeDenied, Status};
use event_runtime::delivery::SettleAction;
use event_runtime::transport::{
    DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError, SourceErrorKind, SourceInfo,
};
use event_runtime::{HandlerError, Message};

use super::fake::{Call, FakeSource, Letters, body, delivery, info};
use super::{Running, advancing, consumer, eventually, manual_clock, settings};

const REMOVED: SettleAction = SettleAction::Remove;

#[tokio::test]
async fn a_receive_that_panics_is_a_failed_receive() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    source.panic_in(Call::Receive);
    let running =
        Running::start(consumer(&source, &letters).with_clock(clock.clock()), |_: Message| async {});
    let watched = running.consumer.clone();
    eventually(|| watched.health().failed_receives == 1).await;
    assert_eq!(
        (watched.health().status, watched.health().last_error),
        (Status::Degraded, Some(SourceErrorKind::Unavailable))
    );
    source.deliver([delivery(body("1"))]);
    assert_eq!(advancing(&clock, source.settlements(1)).await, [(0, REMOVED)]);
    advancing(&clock, running.stop(&source)).await;
}

#[tokio::test]
async fn a_settlement_that_panics_is_repeated() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    source.panic_in(Call::Settle);
    let running =
        Running::start(consumer(&source, &letters).with_clock(clock.clock()), |_: Message| async {});
    source.deliver([delivery(body("1"))]);
    assert_eq!(advancing(&clock, source.settlements(1)).await, [(0, REMOVED)]);
    assert_eq!(advancing(&clock, running.stop(&source)).await.unsettled, 0);
}

#[tokio::test]
async fn an_extension_that_panics_is_tried_again() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    source.panic_in(Call::Extend);
    let handler_clock = clock.clock();
    let running = Running::start(consumer(&source, &letters).with_clock(clock.clock()), move |_: Message| {
        handler_clock.sleep(Duration::from_secs(100))
    });
    source.deliver([delivery(body("1"))]);
    advancing(&clock, source.settlements(1)).await;
    assert!(source.has_panicked());
    assert_eq!(advancing(&clock, running.stop(&source)).await.leases_lost, 0);
}

#[tokio::test]
async fn a_scope_validator_that_panics_fails_the_attempt() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let check = |message: &Message| -> Result<(), ScopeDenied> {
        assert_ne!(message.metadata().id, "bad", "a validator's own mistake");
        Ok(())
    };
    let consumer = consumer(&source, &letters)
        .with_scope(check)
        .with_settings(ConsumerSettings { concurrency: 1, ..settings() });
    let running = Running::start(consumer, |_: Message| async {});
    let mut last = delivery(body("bad"));
    last.receive_count = Some(6);
    source.deliver([delivery(body("bad")), last, delivery(body("good"))]);
    let released = SettleAction::Release { after: Duration::ZERO };
    assert_eq!(source.settlements(3).await, [(0, released), (1, REMOVED), (2, REMOVED)]);
    assert_eq!(running.stop(&source).await.acknowledged, 1);
    assert_eq!(letters.records()[0]["error"]["code"], "HANDLER_PANICKED");
}

/// Panics instead of storing.
struct Broken;

impl DeadLetterSink for Broken {
    fn name(&self) -> &str {
        "broken"
    }

    fn limits(&self) -> DeadLetterLimits {
        DeadLetterLimits { max_bytes: 1 << 20, max_attributes: 10 }
    }

    async fn store(&self, _: DeadLetter) -> Result<(), ProduceError> {
        panic!("a sink's own mistake")
    }
}

#[tokio::test]
async fn a_sink_that_panics_has_not_stored() {
    let source = FakeSource::new(SourceInfo { ordered: true, ..info() });
    let consumer = consumer(&source, &Letters::default())
        .with_dead_letters(Broken)
        .with_settings(ConsumerSettings { concurrency: 1, ..settings() });
    let running = Running::start(consumer, |message: Message| async move {
        if message.metadata().id == "bad" { Err(HandlerError::dead_letter("never")) } else { Ok(()) }
    });
    source.deliver([delivery(body("bad")), delivery(body("good"))]);
    let released = SettleAction::Release { after: Duration::ZERO };
    assert_eq!(source.settlements(2).await, [(0, released), (1, REMOVED)]);
    running.stop(&source).await;
}
