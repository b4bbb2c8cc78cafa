//! Leases live as long as their messages are held, up to a cap.

use std::time::Duration;

use event_runtime::consumer::ConsumerSettings;
use event_runtime::{Endpoint, Incoming, Message, Outcome};
use tokio::sync::mpsc;

use super::fake::{FakeSource, Letters, body, delivery, info};
use super::{Running, advancing, consumer, eventually, manual_clock, settings};

/// Tells when a message's handler was told to give up, and acknowledges then.
struct UntilCancelled(mpsc::UnboundedSender<String>);

impl Endpoint for UntilCancelled {
    fn handle(&self, incoming: Incoming) -> event_runtime::transport::BoxFuture<'_, Outcome> {
        Box::pin(async move {
            incoming.cancellation().cancelled().await;
            self.0.send(incoming.message().metadata().id.to_string()).unwrap();
            Outcome::Ack
        })
    }
}

#[tokio::test]
async fn a_running_handlers_lease_is_extended_until_it_ends() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let consumer = consumer(&source, &letters).with_clock(clock.clock());
    let handler_clock = clock.clock();
    let running = Running::start(consumer, move |_: Message| handler_clock.sleep(Duration::from_secs(600)));
    source.deliver([delivery(body("1"))]);
    advancing(&clock, source.settlements(1)).await;
    // A lease of 40 s that is extended below 20 s: at least once in 40 s, at most once in 20 s.
    let extensions = source.extensions().len();
    assert!((15..=30).contains(&extensions), "{extensions}");
    assert_eq!(advancing(&clock, running.stop(&source)).await.leases_lost, 0);
}

#[tokio::test]
async fn a_lost_lease_cancels_its_handler_and_no_other() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let consumer = consumer(&source, &letters).with_clock(clock.clock());
    let (sender, mut cancelled) = mpsc::unbounded_channel();
    let running = Running::start(consumer, UntilCancelled(sender));
    source.deliver([delivery(body("kept")), delivery(body("lost"))]);
    source.lose(1);
    assert_eq!(advancing(&clock, cancelled.recv()).await.as_deref(), Some("lost"));
    assert!(cancelled.try_recv().is_err());
    running.run.abort();
}

#[tokio::test]
async fn at_the_cap_extension_ends_and_the_handler_is_told() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    let max_lease = Duration::from_secs(100);
    let consumer = consumer(&source, &letters)
        .with_clock(clock.clock())
        .with_settings(ConsumerSettings { max_lease, ..settings() });
    let (sender, mut cancelled) = mpsc::unbounded_channel();
    let start = clock.now();
    let running = Running::start(consumer, UntilCancelled(sender));
    source.deliver([delivery(body("1"))]);
    advancing(&clock, cancelled.recv()).await.unwrap();
    let held = clock.now().duration_since(start).unsigned_abs();
    assert!(held <= max_lease && held >= max_lease / 2, "{held:?}");
    assert_eq!(advancing(&clock, running.stop(&source)).await.leases_lost, 1);
}

#[tokio::test]
async fn no_more_is_received_than_may_be_held() {
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let settings = ConsumerSettings { max_messages: 12, concurrency: 3, ..settings() };
    let consumer = consumer(&source, &letters).with_settings(settings);
    let running = Running::start(consumer, |_: Message| std::future::pending::<()>());
    source.deliver((0..10).map(|_| delivery(body("1"))));
    let watched = running.consumer.clone();
    eventually(|| watched.health().in_flight == 10).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(source.asked(), [10], "three run, seven wait: two places are no batch");
    running.run.abort();
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_does_not_end_leases() {
    // Timers run, and the wall clock does not: the same as setting it back all the time.
    let (source, letters) = (FakeSource::new(info()), Letters::default());
    let running = Running::start(consumer(&source, &letters), |_: Message| {
        tokio::time::sleep(Duration::from_secs(600))
    });
    source.deliver([delivery(body("1"))]);
    source.settlements(1).await;
    let extensions = source.extensions().len();
    assert!((15..=30).contains(&extensions), "{extensions}");
    assert_eq!(running.stop(&source).await.leases_lost, 0);
}

#[tokio::test]
async fn a_handler_is_told_at_the_moment_its_lease_ends() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    // One lease is all that the cap allows; the keeper looks every 5 s, and the lease ends at 42 s.
    let consumer = consumer(&source, &letters)
        .with_clock(clock.clock())
        .with_settings(ConsumerSettings { max_lease: Duration::from_secs(40), ..settings() });
    let (sender, mut cancelled) = mpsc::unbounded_channel();
    let start = clock.now();
    let running = Running::start(consumer, UntilCancelled(sender));
    eventually(|| clock.sleepers() == 1).await;
    clock.advance(Duration::from_secs(2));
    source.deliver([delivery(body("1"))]);
    advancing(&clock, cancelled.recv()).await.unwrap();
    assert_eq!(clock.now().duration_since(start).as_secs(), 42);
    running.run.abort();
}

#[tokio::test]
async fn an_extension_that_does_not_come_back_keeps_no_lost_lease_from_its_handler() {
    let (source, letters, clock) = (FakeSource::new(info()), Letters::default(), manual_clock());
    source.extend_for_ever();
    let consumer = consumer(&source, &letters).with_clock(clock.clock());
    let (sender, mut cancelled) = mpsc::unbounded_channel();
    let start = clock.now();
    let running = Running::start(consumer, UntilCancelled(sender));
    source.deliver([delivery(body("1"))]);
    advancing(&clock, cancelled.recv()).await.unwrap();
    assert_eq!(clock.now().duration_since(start).as_secs(), 40);
    running.run.abort();
}
