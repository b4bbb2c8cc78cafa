//! One run of a consumer: the parts that its tasks share, and who is told of which change.
//!
//! The tasks beside this file (receivers, workers, settler, lease keeper, timer) share one [`Engine`]. Its
//! state is [`InFlight`], behind one lock that is held for one change at a time and never across an await.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, after, until};
use crate::codec::Codec;
use crate::consumer::in_flight::{Decided, InFlight, Limits};
use crate::consumer::job::{Arrival, Attempt, DeliveryId, Job, Undecodable, Verdict};
use crate::consumer::report::Counts;
use crate::consumer::schedule::Key;
use crate::consumer::scope::Scope;
use crate::consumer::settlements::Settlements;
use crate::consumer::{ConsumerSettings, Order};
use crate::delivery::{Delivery, Lease, Settlement, attribute};
use crate::handler::{Cancellation, Endpoint};
use crate::layer::unless_panicked;
use crate::transport::{DynDeadLetterSink, DynSource, SourceError, SourceInfo};

pub(crate) struct Engine {
    pub(crate) source: Arc<dyn DynSource>,
    pub(crate) info: SourceInfo,
    pub(crate) endpoint: Arc<dyn Endpoint>,
    pub(crate) dead_letters: Option<Arc<dyn DynDeadLetterSink>>,
    pub(crate) scope: Scope,
    pub(crate) settings: ConsumerSettings,
    pub(crate) clock: Clock,
    pub(crate) counts: Counts,
    /// No more receiving, no more starting of handlers.
    pub(crate) draining: CancellationToken,
    /// The same without a lock.
    drains: AtomicBool,
    /// A backoff was added.
    pub(crate) timer: Notify,
    /// There is something to settle, after there was nothing.
    pub(crate) to_settle: Arc<Notify>,
    /// Something became ready to run.
    work: Notify,
    /// Something left, or a worker went idle: there may be room to receive.
    room: Notify,
    /// Nothing is in flight any more.
    idle: Notify,
    in_flight: Mutex<InFlight>,
    failure: Mutex<Option<SourceError>>,
}

/// The parts of an engine that a consumer chooses.
pub(crate) struct Parts {
    pub(crate) source: Arc<dyn DynSource>,
    pub(crate) info: SourceInfo,
    pub(crate) endpoint: Arc<dyn Endpoint>,
    pub(crate) dead_letters: Option<Arc<dyn DynDeadLetterSink>>,
    pub(crate) scope: Scope,
    pub(crate) settings: ConsumerSettings,
    pub(crate) clock: Clock,
}

impl Engine {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let Parts { source, info, endpoint, dead_letters, scope, settings, clock } = parts;
        let to_settle = Arc::new(Notify::new());
        let limits = Limits {
            batch: settings.batch.min(info.max_batch.max(1)).min(settings.max_messages),
            max_messages: settings.max_messages,
            max_bytes: settings.max_bytes,
            concurrency: settings.concurrency,
            max_lease: info.max_lease.map_or(settings.max_lease, |max| max.min(settings.max_lease)),
            max_release_delay: info.max_release_delay,
        };
        let engine = Self {
            counts: Counts::new(&info.name),
            source,
            info,
            endpoint,
            dead_letters,
            scope,
            settings,
            clock,
            draining: CancellationToken::new(),
            drains: AtomicBool::new(false),
            timer: Notify::new(),
            work: Notify::new(),
            room: Notify::new(),
            idle: Notify::new(),
            in_flight: Mutex::new(InFlight::new(limits, Settlements::new(to_settle.clone()))),
            to_settle,
            failure: Mutex::new(None),
        };
        Arc::new(engine)
    }

    /// No more receiving, no more starting of handlers.
    pub(crate) fn drain(&self) {
        self.drains.store(true, Ordering::SeqCst);
        self.draining.cancel();
    }

    fn is_draining(&self) -> bool {
        self.drains.load(Ordering::SeqCst)
    }

    fn state(&self) -> MutexGuard<'_, InFlight> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.state().len()
    }

    // For the receivers.

    /// Waits for room and sets it aside; `None` when the consumer drains.
    pub(crate) async fn reserve(&self) -> Option<usize> {
        loop {
            let room = self.room.notified();
            if self.is_draining() {
                return None;
            }
            let reserved = self.state().reserve();
            if let Some(count) = reserved {
                // There may be room for another receiver too.
                self.room.notify_one();
                return Some(count);
            }
            tokio::select! {
                () = room => {}
                () = self.draining.cancelled() => return None,
            }
        }
    }

    /// Takes in what a receive brought, and gives its reserved room back.
    pub(crate) fn admit(&self, reserved: usize, deliveries: Vec<Delivery>) {
        let now = self.clock.steady();
        let lease_ends = self.info.lease.map(|lease| after(now, lease));
        self.counts.received.add(deliveries.len() as u64);
        let mut left = reserved;
        // One by one: decoding is not for under the lock, and a list of ten messages is no small allocation.
        for delivery in deliveries {
            let arrival = self.arrival(delivery);
            let mut state = self.state();
            // Asked under the lock: a drain announces itself first and takes out what waits under the same lock.
            let draining = self.is_draining();
            state.unreserve(left.min(1));
            left -= left.min(1);
            state.admit(arrival, now, lease_ends, draining);
        }
        let mut state = self.state();
        state.unreserve(left);
        state.release_overfull(now);
        let held = state.len();
        drop(state);
        self.counts.in_flight.set(held as f64);
        self.work.notify_one();
        self.room.notify_one();
    }

    fn arrival(&self, delivery: Delivery) -> Arrival {
        let Delivery {
            body, attributes, transport_id, group, receive_count, first_received_at, lease, ..
        } = delivery;
        let bytes = body.len() + attributes.size();
        let message = Codec::decode(body.clone()).map(|message| message.with_attributes(&attributes));
        let message = message.map_err(|error| {
            let event_id = attributes.get(attribute::ID).unwrap_or(&transport_id).to_owned();
            Arc::new(Undecodable { event_id, failure: error.to_failure() })
        });
        let key = match (&group, self.settings.order, &message) {
            (Some(group), _, _) if self.info.ordered => Some(Key::from(group.as_str())),
            (_, Order::PerKey, Ok(message)) => message.metadata().partition_key.as_deref().map(Key::from),
            _ => None,
        };
        let receive_count = receive_count.unwrap_or(1).max(1);
        let delayed = attributes.get(attribute::DELAYED_UNTIL).filter(|_| self.settings.process_delayed);
        let delayed_until = delayed.and_then(|until| until.parse().ok());
        let job = Job {
            message,
            body,
            attributes,
            transport_id,
            group,
            first_received_at,
            delayed_until,
            receive_count,
            repeats: 0,
        };
        Arrival { job, key, lease, bytes }
    }

    /// Gives reserved room back after a failed receive.
    pub(crate) fn unreserve(&self, reserved: usize) {
        self.state().unreserve(reserved);
        self.room.notify_one();
    }

    /// Ends the run: the source has failed for good.
    pub(crate) fn fail(&self, error: SourceError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.drain();
    }

    pub(crate) fn take_failure(&self) -> Option<SourceError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    // For the workers and the timer.

    /// Waits for the next job that may run; `None` when the consumer drains.
    pub(crate) async fn next_attempt(&self, cancellation: &Cancellation) -> Option<Attempt> {
        loop {
            let work = self.work.notified();
            if self.is_draining() {
                return None;
            }
            if let Some(attempt) = self.start_next(cancellation) {
                return Some(attempt);
            }
            tokio::select! {
                () = work => {}
                () = self.draining.cancelled() => return None,
            }
        }
    }

    fn start_next(&self, cancellation: &Cancellation) -> Option<Attempt> {
        let now = self.clock.steady();
        let mut state = self.state();
        let attempt = state.start_next(now, cancellation);
        let more = state.has_ready();
        self.tell_if_idle(state);
        if more {
            self.work.notify_one();
        } else {
            // A worker that finds nothing from now on starves: a receive may be worth less than a full batch.
            self.room.notify_one();
        }
        attempt
    }

    /// Carries out what was decided about an attempt.
    pub(crate) fn decide(&self, id: DeliveryId, verdict: Verdict) {
        let Decided { backs_off, job } =
            self.state().decide(id, verdict, || self.clock.steady(), self.is_draining());
        drop(job);
        // What became ready is this worker's own next job: nobody else needs to be woken for it.
        if backs_off {
            self.timer.notify_one();
        }
    }

    /// What is kept of a delivery that is not decided yet.
    pub(crate) fn job(&self, id: DeliveryId) -> Option<Job> {
        self.state().held().get(id)?.job.clone()
    }

    /// Makes ready whose backoff has ended, and returns when the next one ends.
    pub(crate) fn wake_due(&self) -> Option<Timestamp> {
        let now = self.clock.steady();
        let mut state = self.state();
        let next = state.wake(now);
        let ready = state.has_ready();
        drop(state);
        if ready {
            self.work.notify_one();
        }
        next
    }

    // For the settler.

    /// Adds settlements to a batch of at most `max`, and says whether there were any; where there were none,
    /// [`Engine::to_settle`] tells of the next.
    pub(crate) fn take_settlements(&self, max: usize, batch: &mut Vec<(DeliveryId, Settlement)>) -> bool {
        self.state().take_settlements(max, batch)
    }

    pub(crate) fn is_leased(&self, id: DeliveryId) -> bool {
        let now = self.clock.steady();
        self.state().held().is_leased(id, now)
    }

    /// These deliveries leave: they are settled, or can't be any more.
    pub(crate) fn settled(&self, ids: Vec<DeliveryId>) {
        let mut state = self.state();
        ids.into_iter().for_each(|id| state.held_mut().forget(id));
        self.counts.in_flight.set(state.len() as f64);
        self.tell_if_idle(state);
        self.room.notify_one();
    }

    fn tell_if_idle(&self, state: MutexGuard<'_, InFlight>) {
        let idle = state.len() == 0;
        drop(state);
        if idle {
            self.idle.notify_one();
        }
    }

    // For the lease keeper.

    /// Begins to extend the leases that end before `soon` and may be kept until `extended`.
    pub(crate) fn begin_extensions(&self, soon: Timestamp, extended: Timestamp) -> Vec<(DeliveryId, Lease)> {
        self.state().held_mut().begin_extensions(soon, extended)
    }

    /// How long until the next lease ends, at most `period`.
    pub(crate) fn next_lease_end(&self, period: Duration) -> Duration {
        let now = self.clock.steady();
        self.state().held().next_lease_end().map_or(period, |ends| until(now, ends).min(period))
    }

    /// A call that was to extend a lease is over; the lease lasts until `ends` where it succeeded.
    pub(crate) fn extension_ended(&self, id: DeliveryId, ends: Option<Timestamp>) {
        self.state().extension_ended(id, ends);
    }

    /// The broker refused to extend a lease: it is gone, unless a settlement on its way was faster.
    pub(crate) fn not_extended(&self, id: DeliveryId) {
        let settling = self.state().held().is_settling(id);
        if !settling {
            self.lost(id);
        }
    }

    /// Notes that a lease is gone, and tells the handler.
    pub(crate) fn lost(&self, id: DeliveryId) {
        let Some(cancellation) = self.state().lose(id) else { return };
        self.counts.leases_lost.add(1);
        cancellation.iter().for_each(Cancellation::cancel);
        tracing::warn!(source = %self.info.name, delivery = id, "lease lost; the message will be handled again");
    }

    /// Every lease that has ended is lost.
    pub(crate) fn expire_leases(&self) {
        let now = self.clock.steady();
        let ended = self.state().held().leases_ended(now);
        ended.into_iter().for_each(|id| self.lost(id));
    }

    pub(crate) fn release_capped(&self, soon: Timestamp, extended: Timestamp) {
        let now = self.clock.steady();
        let mut state = self.state();
        state.release_capped(soon, extended, now);
        self.tell_if_idle(state);
        self.room.notify_one();
    }

    // For the drain.

    /// Gives back everything that has not started.
    pub(crate) fn hand_back_waiting(&self) {
        let now = self.clock.steady();
        let mut state = self.state();
        state.hand_back_waiting(now);
        self.tell_if_idle(state);
    }

    /// Tells the handlers that still run to give up.
    pub(crate) fn cancel_running(&self) {
        let signals = self.state().held().running_signals();
        signals.iter().for_each(Cancellation::cancel);
    }

    /// Releases the messages of handlers that were cut off.
    pub(crate) fn release_cut_off(&self) {
        let cut_off = self.state().release_running();
        self.counts.cut_off.add(cut_off);
    }

    /// Completes when layers have nothing left to do.
    pub(crate) async fn drained(&self) {
        if unless_panicked(async { self.endpoint.drained().await }).await.is_err() {
            tracing::error!(source = %self.info.name, "a layer panicked at the end of the drain");
        }
    }

    /// Completes when nothing is in flight.
    pub(crate) async fn flushed(&self) {
        while self.in_flight() > 0 {
            self.idle.notified().await;
        }
    }
}
