//! The consumer's side: what is to come back later goes into the delay queue.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::clock::{Clock, after};
use crate::delivery::{Attributes, Delivery, Lease, SettleAction, Settlement, attribute};
use crate::transport::{
    DeadLetter, DynDeadLetterSink, SettleError, Source, SourceError, SourceErrorKind, SourceInfo,
};

/// How long a delivery that nobody settles is remembered where the source says nothing of the longest lease.
const LONGEST_LEASE: Duration = Duration::from_secs(12 * 3600);

/// Deliveries that nobody settled are looked for when there are twice as many as after the last time.
const SWEEP_FROM: usize = 1024;

/// A source that can give a message back for longer than its broker can.
///
/// A message that is released or handed back for longer than the broker's own limit is stored in the delay queue first, then
/// removed. It carries its attempts with it, so that they are counted on. Where it can't be stored, it is given back as
/// the broker can.
///
/// A queue that keeps order is refused: a message in the delay queue would be overtaken by its successors. With
/// [`Order::PerKey`](crate::consumer::Order::PerKey) short backoffs stay in the process, and attempts that were made there
/// without giving the message back are not counted on after a delay.
///
/// ```
/// use std::time::Duration;
/// use event_runtime::consumer::Consumer;
/// use event_runtime::delay::{DelayRelay, DelayedRetries};
/// use event_runtime::embedded::{Broker, EmbeddedDeadLetters, EmbeddedSource, QueueSettings};
///
/// let broker = Broker::new();
/// let orders = broker.create_queue("orders", QueueSettings::new())?;
/// let later = broker.create_queue("orders-later", QueueSettings::new())?;
///
/// let source = DelayedRetries::new(EmbeddedSource::new(orders.clone()), EmbeddedDeadLetters::new(later.clone()));
/// let consumer = Consumer::new(source);
/// let relay = DelayRelay::new(EmbeddedSource::new(later), EmbeddedDeadLetters::new(orders));
/// // Run both: `consumer.run(router, shutdown)` and `relay.run(shutdown)`.
/// # let _ = (consumer, relay);
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// ```
pub struct DelayedRetries<S> {
    source: S,
    delay_queue: Arc<dyn DynDeadLetterSink>,
    max_delay: Duration,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The longest delay of the source itself.
    native: Duration,
    longest_lease: Option<Duration>,
    held: HashMap<Lease, Held, RandomState>,
    swept: usize,
}

/// What is to be stored, should the delivery come back later.
#[derive(Clone)]
struct Held {
    body: Bytes,
    attributes: Attributes,
    group: Option<String>,
    transport_id: String,
    /// Attempts before this delivery, and this one.
    attempts: u32,
    received_at: Timestamp,
    /// In the delay queue, and still to be removed.
    stored: bool,
}

impl<S: Source> DelayedRetries<S> {
    /// Puts what `source` can't delay into `delay_queue`. What the queue's name in the sink is, the dead-letter sink of its
    /// transport makes: any [`DeadLetterSink`](crate::DeadLetterSink) that keeps body and attributes.
    pub fn new(source: S, delay_queue: impl DynDeadLetterSink) -> Self {
        Self {
            source,
            delay_queue: Arc::new(delay_queue),
            max_delay: Duration::from_secs(7 * 24 * 3600),
            clock: Clock::system(),
            state: Mutex::default(),
        }
    }

    /// The longest delay; 7 days unless set. It should end before the delay queue drops its messages.
    #[must_use]
    pub fn with_max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// The clock by which messages are due, that of the relay.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a delivery, and counts on from the attempts that it had before it was delayed.
    fn admit(&self, delivery: &mut Delivery) {
        // Taken out, so that neither a dead letter nor what is redriven from it brings the count along.
        let earlier = delivery.attributes.remove(attribute::ATTEMPTS);
        let earlier = earlier.and_then(|attempts| attempts.parse().ok()).unwrap_or(0);
        let attempts = delivery.receive_count.unwrap_or(1).max(1).saturating_add(earlier);
        delivery.receive_count = Some(attempts);
        let held = Held {
            body: delivery.body.clone(),
            attributes: delivery.attributes.clone(),
            group: delivery.group.clone(),
            transport_id: delivery.transport_id.clone(),
            attempts,
            received_at: self.clock.now(),
            stored: false,
        };
        self.state().held.insert(delivery.lease.clone(), held);
    }

    /// What is to be done at the source; what it can't delay is stored on the way.
    async fn resolve(&self, settlement: &Settlement) -> SettleAction {
        let (delay, tried) = match settlement.action {
            SettleAction::Remove => return SettleAction::Remove,
            SettleAction::Release { after } => (after, true),
            SettleAction::HandBack { after } => (after, false),
        };
        let (native, held) = {
            let state = self.state();
            (state.native, state.held.get(&settlement.lease).cloned())
        };
        let held = match held {
            Some(held) if held.stored => return SettleAction::Remove,
            Some(held) if delay > native => held,
            _ => return settlement.action,
        };
        let native_action = match settlement.action {
            SettleAction::HandBack { .. } => SettleAction::HandBack { after: native },
            _ => SettleAction::Release { after: native },
        };
        let attempts = if tried { held.attempts } else { held.attempts.saturating_sub(1) };
        let letter = held.into_letter(after(self.clock.now(), delay), attempts);
        let name = self.delay_queue.name();
        if letter.attributes.len() > self.delay_queue.limits().max_attributes {
            tracing::warn!(
                delay_queue = name,
                "a message with too many attributes to be delayed; it comes again sooner"
            );
            return native_action;
        }
        match self.delay_queue.store(letter).await {
            Ok(()) => {
                if let Some(held) = self.state().held.get_mut(&settlement.lease) {
                    held.stored = true;
                }
                SettleAction::Remove
            }
            Err(error) => {
                tracing::warn!(delay_queue = name, %error, "message not stored in the delay queue; it comes again sooner");
                native_action
            }
        }
    }
}

impl Held {
    fn into_letter(self, due: Timestamp, attempts: u32) -> DeadLetter {
        let mut attributes = self.attributes;
        // The hops stay what they are: a delay is no new sending, and crashes before it count on after it.
        let id = attributes.get(attribute::ID).unwrap_or(&self.transport_id);
        let deduplication_id = format!("{id}:{}", self.transport_id);
        attributes.set(attribute::DELAYED_UNTIL, due.to_string());
        attributes.set(attribute::ATTEMPTS, attempts.to_string());
        DeadLetter { body: self.body, attributes, group: self.group, deduplication_id }
    }
}

impl State {
    fn sweep(&mut self, now: Timestamp) {
        if self.held.len() < (self.swept * 2).max(SWEEP_FROM) {
            return;
        }
        let longest = self.longest_lease.unwrap_or(LONGEST_LEASE);
        self.held.retain(|_, held| after(held.received_at, longest) > now);
        self.swept = self.held.len();
    }
}

impl<S: Source> Source for DelayedRetries<S> {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        let mut info = self.source.describe().await?;
        if info.ordered {
            let text = format!(
                "queue `{}` keeps order, and a message in a delay queue would be overtaken: consume it without delayed retries",
                info.name
            );
            return Err(SourceError::new(SourceErrorKind::Refused, text));
        }
        let mut state = self.state();
        (state.native, state.longest_lease) = (info.max_release_delay, info.max_lease);
        drop(state);
        info.max_release_delay = info.max_release_delay.max(self.max_delay);
        Ok(info)
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let mut deliveries = self.source.receive(max, wait).await?;
        deliveries.iter_mut().for_each(|delivery| self.admit(delivery));
        self.state().sweep(self.clock.now());
        Ok(deliveries)
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        let mut resolved = Vec::with_capacity(batch.len());
        for settlement in batch {
            let action = self.resolve(settlement).await;
            resolved.push(Settlement { lease: settlement.lease.clone(), action });
        }
        let results = self.source.settle(&resolved).await;
        let mut state = self.state();
        for (settlement, result) in resolved.iter().zip(&results) {
            if !matches!(result, Err(SettleError::Transient(_))) {
                state.held.remove(&settlement.lease);
            }
        }
        results
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        self.source.extend(leases, lease).await
    }
}

impl<S: fmt::Debug> fmt::Debug for DelayedRetries<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DelayedRetries")
            .field("source", &self.source)
            .field("delay_queue", &self.delay_queue.name())
            .finish_non_exhaustive()
    }
}
