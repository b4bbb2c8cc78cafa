//! The delay queue's side: what is due goes back.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{Clock, after, until};
use crate::delivery::{Delivery, Lease, SettleAction, Settlement, attribute};
use crate::transport::{
    BoxFuture, DeadLetter, DynDeadLetterSink, DynSource, SettleError, SourceError, SourceInfo,
};

/// A message that could not be put back, and a queue that could not be received from, wait this long.
const REPEAT: Duration = Duration::from_secs(5);

/// Puts the messages of a delay queue back into their queue when they are due.
///
/// It holds what is not due yet, leased, up to a limit; while so many are held, nothing more is received, so that a message
/// that is due can wait behind others that are not: give delays of very different lengths queues of their own, or a high
/// limit. A message is stored in its queue before it is removed here. Several relays may work on one delay queue.
///
/// The destination is the dead-letter sink of the queue that the messages came from. See [`DelayedRetries`](crate::delay::DelayedRetries).
#[derive(Clone)]
pub struct DelayRelay {
    source: Arc<dyn DynSource>,
    destination: Arc<dyn DynDeadLetterSink>,
    clock: Clock,
    max_held: usize,
    wait: Duration,
}

/// What a relay did in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayReport {
    /// Messages that were put back.
    pub forwarded: u64,
    /// Of them, those that could not be removed from the delay queue: they are put back once more.
    pub left_behind: u64,
    /// Messages that were given back to the delay queue at the end.
    pub handed_back: u64,
}

impl DelayRelay {
    /// A relay from `delay_queue` to `destination`.
    pub fn new(delay_queue: impl DynSource, destination: impl DynDeadLetterSink) -> Self {
        Self {
            source: Arc::new(delay_queue),
            destination: Arc::new(destination),
            clock: Clock::system(),
            max_held: 10_000,
            wait: Duration::from_secs(5),
        }
    }

    /// How many messages are held at once, at least one; 10,000 unless set.
    #[must_use]
    pub fn with_max_held(mut self, messages: usize) -> Self {
        self.max_held = messages.max(1);
        self
    }

    /// How long one receive waits for messages, and a shutdown for the receive; 5 seconds unless set.
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The clock by which messages are due.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Relays until `shutdown` completes, then gives back what it holds.
    ///
    /// # Errors
    /// The source's own, where it can't be described, or fails for good later; what is held then comes again by itself.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: what is held comes again when its lease ends.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<RelayReport, SourceError> {
        let info = self.source.describe().await?;
        let mut run = Run { relay: self, held: Held::default(), report: RelayReport::default(), info };
        let mut shutdown = pin!(shutdown);
        let mut receive: Option<BoxFuture<'_, Result<Vec<Delivery>, SourceError>>> = None;
        let mut extend_at = run.next_extension();
        let mut pause_until = Timestamp::MIN;
        loop {
            let room = self.max_held.saturating_sub(run.held.by_due.len());
            let pausing = pause_until > self.clock.now();
            if receive.is_none() && room > 0 && !pausing {
                receive = Some(self.source.receive(room.min(run.info.max_batch.max(1)), self.wait));
            }
            let mut wake = run.held.next_due().unwrap_or(Timestamp::MAX).min(extend_at);
            if pausing {
                wake = wake.min(pause_until);
            }
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                received = async { match &mut receive {
                    Some(receive) => receive.await,
                    None => std::future::pending().await,
                } } => {
                    receive = None;
                    match received {
                        Ok(deliveries) => {
                            run.admit(deliveries);
                            // A source that never waits leaves room for other tasks.
                            tokio::task::yield_now().await;
                        }
                        Err(error) if error.is_retryable() => {
                            tracing::warn!(source = %run.info.name, %error, "delay queue not received from; trying again");
                            pause_until = after(self.clock.now(), REPEAT);
                        }
                        Err(error) => return Err(error),
                    }
                }
                () = self.clock.sleep_until(wake) => {}
            }
            run.forward_due().await;
            if extend_at <= self.clock.now() {
                run.extend().await;
                extend_at = run.next_extension();
            }
        }
        // A receive that was under way may have leased messages already.
        if let Some(receive) = receive
            && let Ok(deliveries) = receive.await
        {
            run.admit(deliveries);
        }
        run.hand_back().await;
        Ok(run.report)
    }
}

struct Run<'a> {
    relay: &'a DelayRelay,
    info: SourceInfo,
    held: Held,
    report: RelayReport,
}

/// Messages by when they are due.
#[derive(Default)]
struct Held {
    by_due: BTreeMap<(Timestamp, u64), Waiting>,
    next_number: u64,
}

struct Waiting {
    delivery: Delivery,
    /// It is in its queue, and still to be removed here.
    stored: bool,
}

impl Held {
    fn next_due(&self) -> Option<Timestamp> {
        self.by_due.first_key_value().map(|((due, _), _)| *due)
    }

    fn insert(&mut self, due: Timestamp, waiting: Waiting) {
        self.by_due.insert((due, self.next_number), waiting);
        self.next_number += 1;
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<Waiting> {
        let later = self.by_due.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.by_due, later).into_values().collect()
    }
}

impl Run<'_> {
    fn now(&self) -> Timestamp {
        self.relay.clock.now()
    }

    fn admit(&mut self, deliveries: Vec<Delivery>) {
        for delivery in deliveries {
            // Without a moment, or with one that can't be read, there is nothing to wait for.
            let due = delivery.attributes.get(attribute::DELAYED_UNTIL).and_then(|due| due.parse().ok());
            self.held.insert(due.unwrap_or(Timestamp::MIN), Waiting { delivery, stored: false });
        }
    }

    async fn forward_due(&mut self) {
        let now = self.now();
        let (mut done, mut again) = (Vec::new(), Vec::new());
        for mut waiting in self.held.take_due(now) {
            if !waiting.stored {
                let destination = self.relay.destination.as_ref();
                if let Err(error) = destination.store(letter(&waiting.delivery)).await {
                    tracing::warn!(destination = destination.name(), %error, "message that is due not put back; trying again");
                    again.push(waiting);
                    continue;
                }
                self.report.forwarded += 1;
                waiting.stored = true;
            }
            done.push(waiting);
        }
        again.append(&mut self.settle(done, |_| SettleAction::Remove).await);
        for waiting in again {
            self.held.insert(after(now, REPEAT), waiting);
        }
    }

    /// Settles, and returns what the broker did not take this time.
    async fn settle(
        &mut self,
        waiting: Vec<Waiting>,
        action: impl Fn(&Delivery) -> SettleAction,
    ) -> Vec<Waiting> {
        let mut again = Vec::new();
        let mut waiting = waiting.into_iter();
        loop {
            let batch: Vec<Waiting> = waiting.by_ref().take(self.info.max_batch.max(1)).collect();
            if batch.is_empty() {
                return again;
            }
            let settlements: Vec<Settlement> = batch
                .iter()
                .map(|waiting| Settlement {
                    lease: waiting.delivery.lease.clone(),
                    action: action(&waiting.delivery),
                })
                .collect();
            let results = self.relay.source.settle(&settlements).await;
            let results = results.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
            for (waiting, result) in batch.into_iter().zip(results) {
                match result {
                    Some(Ok(())) => {}
                    Some(Err(SettleError::LeaseLost(_))) => {
                        self.report.left_behind += u64::from(waiting.stored);
                    }
                    Some(Err(SettleError::Transient(_))) | None => again.push(waiting),
                }
            }
        }
    }

    fn next_extension(&self) -> Timestamp {
        self.info.lease.map_or(Timestamp::MAX, |lease| after(self.now(), lease / 3))
    }

    /// Keeps what is held leased; what is not any more comes again by itself.
    async fn extend(&mut self) {
        let Some(lease) = self.info.lease else { return };
        let keys: Vec<_> = self.held.by_due.keys().copied().collect();
        for keys in keys.chunks(self.info.max_batch.max(1)) {
            let leases: Vec<Lease> = keys
                .iter()
                .filter_map(|key| Some(self.held.by_due.get(key)?.delivery.lease.clone()))
                .collect();
            let results = self.relay.source.extend(&leases, lease).await;
            for (key, result) in keys.iter().zip(results) {
                if let Err(SettleError::LeaseLost(_)) = result {
                    self.held.by_due.remove(key);
                }
            }
        }
    }

    async fn hand_back(&mut self) {
        let (now, max) = (self.now(), self.info.max_release_delay);
        let (stored, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.held.by_due).into_values().partition(|waiting| waiting.stored);
        let count = waiting.len();
        let not_removed = self.settle(stored, |_| SettleAction::Remove).await;
        let not_given_back = self
            .settle(waiting, |delivery| {
                let due = delivery.attributes.get(attribute::DELAYED_UNTIL).and_then(|due| due.parse().ok());
                let left = due.map_or(Duration::ZERO, |due| until(now, due));
                SettleAction::HandBack { after: left.min(max) }
            })
            .await;
        self.report.left_behind += not_removed.len() as u64;
        self.report.handed_back += count.saturating_sub(not_given_back.len()) as u64;
    }
}

/// The message as it goes back into its queue.
fn letter(delivery: &Delivery) -> DeadLetter {
    let mut attributes = delivery.attributes.clone();
    attributes.remove(attribute::DELAYED_UNTIL);
    let id = attributes.get(attribute::ID).unwrap_or(&delivery.transport_id);
    let deduplication_id = format!("{id}:{}", delivery.transport_id);
    DeadLetter { body: delivery.body.clone(), attributes, group: delivery.group.clone(), deduplication_id }
}

impl fmt::Debug for DelayRelay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DelayRelay")
            .field("destination", &self.destination.name())
            .field("max_held", &self.max_held)
            .finish_non_exhaustive()
    }
}
