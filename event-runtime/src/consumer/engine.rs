//! One run of a consumer: what is in flight, and every change of it.
//!
//! The tasks beside this file (receivers, workers, settler, lease keeper, timer) share one [`Engine`]; each
//! change of state is one short critical section here, and nothing waits inside one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, after, until};
use crate::codec::Codec;
use crate::consumer::report::Counts;
use crate::consumer::schedule::{Key, Schedule};
use crate::consumer::scope::Scope;
use crate::consumer::{ConsumerSettings, Order};
use crate::delivery::{Attributes, Delivery, Lease, SettleAction};
use crate::envelope::Message;
use crate::event::DecodeError;
use crate::handler::Endpoint;
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
    pub(crate) settlements: mpsc::UnboundedSender<(DeliveryId, SettleAction)>,
    /// Something became ready to run.
    pub(crate) work: Notify,
    /// Something left, or a worker went idle: there may be room to receive.
    pub(crate) room: Notify,
    /// A backoff was added.
    pub(crate) timer: Notify,
    /// Nothing is in flight any more.
    pub(crate) idle: Notify,
    /// No more receiving, no more starting of handlers.
    pub(crate) draining: CancellationToken,
    state: Mutex<State>,
}

/// Names a delivery within a run.
pub(crate) type DeliveryId = u64;

struct State {
    schedule: Schedule<Job>,
    tracked: HashMap<DeliveryId, Tracked>,
    next_id: DeliveryId,
    /// Messages that receives in flight may bring.
    reserved: usize,
    running: usize,
    bytes: usize,
    failed: Option<SourceError>,
}

/// A delivery that waits for its turn or runs.
pub(crate) struct Job {
    pub(crate) id: DeliveryId,
    pub(crate) key: Option<Key>,
    pub(crate) message: Result<Message, DecodeError>,
    pub(crate) body: Bytes,
    pub(crate) attributes: Attributes,
    pub(crate) transport_id: String,
    pub(crate) group: Option<String>,
    pub(crate) first_received_at: Option<Timestamp>,
    pub(crate) cancellation: CancellationToken,
    receive_count: u32,
    /// Attempts of this process on this delivery, beyond the first.
    repeats: u32,
}

impl Job {
    /// Which attempt this is, from 1 on.
    pub(crate) fn attempt(&self) -> u32 {
        self.receive_count.saturating_add(self.repeats)
    }
}

/// What is known of a delivery until it is settled.
pub(crate) struct Tracked {
    pub(crate) lease: Lease,
    pub(crate) received_at: Timestamp,
    /// `None` where leases do not end.
    pub(crate) lease_ends: Option<Timestamp>,
    pub(crate) lost: bool,
    phase: Phase,
    key: Option<Key>,
    bytes: usize,
    cancellation: CancellationToken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Settling,
}

/// What becomes of an attempt.
pub(crate) enum Verdict {
    /// Done with the message.
    Remove,
    /// Again, after a failed attempt.
    Retry { after: Duration },
    /// Again, and this was no attempt.
    Defer { after: Duration },
}

impl Verdict {
    fn release(&self) -> Option<(Duration, SettleAction)> {
        match *self {
            Self::Remove => None,
            Self::Retry { after } => Some((after, SettleAction::Release { after })),
            Self::Defer { after } => Some((after, SettleAction::HandBack { after })),
        }
    }
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
    pub(crate) fn new(parts: Parts) -> (Arc<Self>, mpsc::UnboundedReceiver<(DeliveryId, SettleAction)>) {
        let Parts { source, info, endpoint, dead_letters, scope, mut settings, clock } = parts;
        settings.batch = settings.batch.min(info.max_batch).min(settings.max_messages);
        settings.max_lease = info.max_lease.map_or(settings.max_lease, |max| max.min(settings.max_lease));
        let (settlements, queue) = mpsc::unbounded_channel();
        let engine = Self {
            counts: Counts::new(&info.name),
            source,
            info,
            endpoint,
            dead_letters,
            scope,
            settings,
            clock,
            settlements,
            work: Notify::new(),
            room: Notify::new(),
            timer: Notify::new(),
            idle: Notify::new(),
            draining: CancellationToken::new(),
            state: Mutex::new(State {
                schedule: Schedule::new(),
                tracked: HashMap::new(),
                next_id: 0,
                reserved: 0,
                running: 0,
                bytes: 0,
                failed: None,
            }),
        };
        (Arc::new(engine), queue)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // Receiving.

    /// Waits until a batch, or enough for an idle worker, has room, and sets that room aside; `None` when the
    /// consumer drains.
    pub(crate) async fn reserve(&self) -> Option<usize> {
        loop {
            let room = self.room.notified();
            if self.draining.is_cancelled() {
                return None;
            }
            if let Some(count) = self.state().reserve(&self.settings) {
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
        let now = self.clock.now();
        let lease_ends = self.info.lease.map(|lease| after(now, lease));
        self.counts.received.add(deliveries.len() as u64);
        let arrivals: Vec<_> = deliveries.into_iter().map(|delivery| self.arrival(delivery)).collect();
        {
            let mut state = self.state();
            // Asked under the lock: a drain takes out what waits under the same lock, after it was announced.
            let draining = self.draining.is_cancelled();
            state.reserved -= reserved;
            for (mut job, lease, bytes) in arrivals {
                job.id = state.next_id;
                state.next_id += 1;
                state.bytes += bytes;
                let phase = if draining { Phase::Settling } else { Phase::Waiting };
                let (key, cancellation) = (job.key.clone(), job.cancellation.clone());
                let tracked = Tracked {
                    lease,
                    received_at: now,
                    lease_ends,
                    lost: false,
                    phase,
                    key,
                    bytes,
                    cancellation,
                };
                state.tracked.insert(job.id, tracked);
                if draining {
                    self.hand_back(job.id, Duration::ZERO);
                } else {
                    let key = job.key.clone();
                    state.schedule.admit(key.as_ref(), job);
                }
            }
            self.counts.in_flight.set(state.tracked.len() as f64);
        }
        self.work.notify_one();
        self.room.notify_one();
    }

    fn arrival(&self, delivery: Delivery) -> (Job, Lease, usize) {
        let Delivery {
            body, attributes, transport_id, group, receive_count, first_received_at, lease, ..
        } = delivery;
        let bytes = body.len() + attributes.size();
        let message = Codec::decode(body.clone());
        let key = match (&group, self.settings.order, &message) {
            (Some(group), _, _) if self.info.ordered => Some(Key::from(group.as_str())),
            (_, Order::PerKey, Ok(message)) => message.metadata().partition_key.as_deref().map(Key::from),
            _ => None,
        };
        let job = Job {
            id: 0,
            key,
            message,
            body,
            attributes,
            transport_id,
            group,
            first_received_at,
            cancellation: CancellationToken::new(),
            receive_count: receive_count.unwrap_or(1).max(1),
            repeats: 0,
        };
        (job, lease, bytes)
    }

    /// Gives reserved room back after a failed receive.
    pub(crate) fn unreserve(&self, reserved: usize) {
        self.state().reserved -= reserved;
        self.room.notify_one();
    }

    /// Ends the run: the source has failed for good.
    pub(crate) fn fail(&self, error: SourceError) {
        self.state().failed.get_or_insert(error);
        self.draining.cancel();
    }

    pub(crate) fn take_failure(&self) -> Option<SourceError> {
        self.state().failed.take()
    }

    // Handling.

    /// Waits for the next job that may run; `None` when the consumer drains.
    pub(crate) async fn next_job(&self) -> Option<Job> {
        loop {
            let work = self.work.notified();
            if self.draining.is_cancelled() {
                return None;
            }
            if let Some(job) = self.start_next() {
                return Some(job);
            }
            tokio::select! {
                () = work => {}
                () = self.draining.cancelled() => return None,
            }
        }
    }

    fn start_next(&self) -> Option<Job> {
        let mut state = self.state();
        while let Some(job) = state.schedule.next() {
            match state.tracked.get_mut(&job.id) {
                Some(tracked) if !tracked.lost => {
                    tracked.phase = Phase::Running;
                    state.running += 1;
                    let more = state.schedule.has_ready();
                    drop(state);
                    if more {
                        self.work.notify_one();
                    }
                    return Some(job);
                }
                // The broker will hand it out again: what follows it in its key must not overtake it.
                _ => {
                    self.forget(&mut state, job.id);
                    if let Some(key) = &job.key {
                        self.release_key(&mut state, key, Duration::ZERO);
                        state.schedule.decided(key);
                    }
                }
            }
        }
        drop(state);
        // This worker is idle: a receive may be worth its while for less than a full batch.
        self.room.notify_one();
        None
    }

    /// Carries out what was decided about a job that ran.
    pub(crate) fn decide(&self, mut job: Job, verdict: &Verdict) {
        let now = self.clock.now();
        let mut state = self.state();
        state.running -= 1;
        let Some(tracked) = state.tracked.get_mut(&job.id) else { return };
        tracked.phase = Phase::Settling;
        let lost = tracked.lost;
        let capped = after(tracked.received_at, self.settings.max_lease);
        let Some((delay, action)) = verdict.release() else {
            self.settle(job.id, SettleAction::Remove);
            if let Some(key) = &job.key {
                state.schedule.decided(key);
            }
            drop(state);
            self.work.notify_one();
            return;
        };
        let Some(key) = job.key.clone() else {
            self.settle(job.id, action);
            return;
        };
        let until = after(now, delay);
        let holds = until < capped
            && !lost
            && !self.draining.is_cancelled()
            && state.schedule.held_with(&key) <= self.settings.max_messages / 2;
        if holds {
            if let Some(tracked) = state.tracked.get_mut(&job.id) {
                tracked.phase = Phase::Waiting;
            }
            job.repeats += u32::from(matches!(verdict, Verdict::Retry { .. }));
            state.schedule.back_off(&key, until, job);
            drop(state);
            self.timer.notify_one();
            return;
        }
        self.settle(job.id, action);
        self.release_key(&mut state, &key, delay);
        state.schedule.decided(&key);
    }

    /// Makes ready whose backoff has ended, and returns when the next one ends.
    pub(crate) fn wake_due(&self) -> Option<Timestamp> {
        let mut state = self.state();
        state.schedule.wake(self.clock.now());
        let (ready, next) = (state.schedule.has_ready(), state.schedule.next_due());
        drop(state);
        if ready {
            self.work.notify_one();
        }
        next
    }

    /// Gives back what waits behind the head of `key`, and the head where it backs off.
    fn release_key(&self, state: &mut State, key: &Key, delay: Duration) {
        let now = self.clock.now();
        let mut delay = delay;
        for (due, job) in state.schedule.take_key(key) {
            if let Some(due) = due {
                delay = until(now, due);
            }
            self.give_back(state, &job, due.map(|due| until(now, due)), delay);
        }
    }

    /// Settles a job that is not running: released when it had failed before, handed back otherwise.
    fn give_back(&self, state: &mut State, job: &Job, backing_off: Option<Duration>, delay: Duration) {
        match state.tracked.get_mut(&job.id) {
            Some(tracked) if !tracked.lost => tracked.phase = Phase::Settling,
            _ => return self.forget(state, job.id),
        }
        match backing_off {
            Some(after) => self.settle(job.id, SettleAction::Release { after }),
            None => self.hand_back(job.id, delay),
        }
    }

    fn hand_back(&self, id: DeliveryId, after: Duration) {
        self.counts.handed_back.add(1);
        self.settle(id, SettleAction::HandBack { after });
    }

    fn settle(&self, id: DeliveryId, action: SettleAction) {
        let max = self.info.max_release_delay;
        let action = match action {
            SettleAction::Remove => action,
            SettleAction::Release { after } => SettleAction::Release { after: after.min(max) },
            SettleAction::HandBack { after } => SettleAction::HandBack { after: after.min(max) },
        };
        // The receiver lives as long as the run does.
        let _ = self.settlements.send((id, action));
    }

    // Settling.

    /// The lease to settle `id` with; `None` when it is forgotten.
    pub(crate) fn lease_of(&self, id: DeliveryId) -> Option<Lease> {
        self.state().tracked.get(&id).map(|tracked| tracked.lease.clone())
    }

    /// Whether settling `id` can still succeed.
    pub(crate) fn is_leased(&self, id: DeliveryId) -> bool {
        let now = self.clock.now();
        self.state()
            .tracked
            .get(&id)
            .is_some_and(|tracked| !tracked.lost && tracked.lease_ends.is_none_or(|ends| ends > now))
    }

    /// Forgets deliveries that are settled, or can't be any more.
    pub(crate) fn settled(&self, ids: impl IntoIterator<Item = DeliveryId>) {
        let mut state = self.state();
        for id in ids {
            self.forget(&mut state, id);
        }
        let left = state.tracked.len();
        drop(state);
        self.counts.in_flight.set(left as f64);
        self.room.notify_one();
    }

    fn forget(&self, state: &mut State, id: DeliveryId) {
        if let Some(tracked) = state.tracked.remove(&id) {
            state.bytes -= tracked.bytes;
        }
        if state.tracked.is_empty() {
            self.idle.notify_one();
        }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.state().tracked.len()
    }

    // Leases.

    /// The leases that end before `soon` and may be extended to `extended`.
    pub(crate) fn leases_ending(&self, soon: Timestamp, extended: Timestamp) -> Vec<(DeliveryId, Lease)> {
        let max_lease = self.settings.max_lease;
        self.state()
            .tracked
            .iter()
            .filter(|(_, tracked)| {
                !tracked.lost
                    && tracked.lease_ends.is_some_and(|ends| ends < soon)
                    && extended <= after(tracked.received_at, max_lease)
            })
            .map(|(id, tracked)| (*id, tracked.lease.clone()))
            .collect()
    }

    pub(crate) fn extended(&self, id: DeliveryId, ends: Timestamp) {
        if let Some(tracked) = self.state().tracked.get_mut(&id) {
            tracked.lease_ends = Some(ends);
        }
    }

    /// Notes that a lease is gone, and tells the handler.
    pub(crate) fn lost(&self, id: DeliveryId) {
        let Some(cancellation) = self.state().lose(id) else { return };
        self.counts.leases_lost.add(1);
        cancellation.cancel();
        tracing::warn!(source = %self.info.name, delivery = id, "lease lost; the message will be handled again");
    }

    /// Every lease that has ended by `now` is lost.
    pub(crate) fn expire_leases(&self, now: Timestamp) {
        let ended: Vec<DeliveryId> = {
            let state = self.state();
            let ended = |tracked: &Tracked| tracked.lease_ends.is_some_and(|ends| ends <= now);
            state.tracked.iter().filter(|(_, tracked)| ended(tracked)).map(|(id, _)| *id).collect()
        };
        ended.into_iter().for_each(|id| self.lost(id));
    }

    /// Gives back keys of which something waits that can't be kept leased until `extended`.
    pub(crate) fn release_capped(&self, extended: Timestamp) {
        let mut state = self.state();
        let max_lease = self.settings.max_lease;
        let mut keys: Vec<Key> = state
            .tracked
            .values()
            .filter(|tracked| tracked.phase == Phase::Waiting)
            .filter(|tracked| {
                tracked.lease_ends.is_some() && extended > after(tracked.received_at, max_lease)
            })
            .filter_map(|tracked| tracked.key.clone())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            self.release_key(&mut state, &key, Duration::ZERO);
        }
    }

    // Draining.

    /// Gives back everything that has not started.
    pub(crate) fn hand_back_waiting(&self) {
        let now = self.clock.now();
        let mut state = self.state();
        for (due, job) in state.schedule.take_all() {
            self.give_back(&mut state, &job, due.map(|due| until(now, due)), Duration::ZERO);
        }
    }

    /// Tells the handlers that still run to give up.
    pub(crate) fn cancel_running(&self) {
        let state = self.state();
        let running = state.tracked.values().filter(|tracked| tracked.phase == Phase::Running);
        let tokens: Vec<_> = running.map(|tracked| tracked.cancellation.clone()).collect();
        drop(state);
        tokens.iter().for_each(CancellationToken::cancel);
    }

    /// Releases the messages of handlers that were cut off.
    pub(crate) fn release_cut_off(&self) {
        let mut state = self.state();
        let running = state.tracked.iter_mut().filter(|(_, tracked)| tracked.phase == Phase::Running);
        for (id, tracked) in running {
            tracked.phase = Phase::Settling;
            self.counts.cut_off.add(1);
            self.settle(*id, SettleAction::Release { after: Duration::ZERO });
        }
    }
}

impl State {
    fn reserve(&mut self, settings: &ConsumerSettings) -> Option<usize> {
        let held = self.tracked.len() + self.reserved;
        let room = settings.max_messages.saturating_sub(held);
        let starving =
            !self.schedule.has_ready() && self.running < settings.concurrency && self.reserved == 0;
        let enough = room >= settings.batch || (room > 0 && starving);
        // A message larger than the bound is taken when nothing else is held.
        let fits = self.bytes < settings.max_bytes || self.tracked.is_empty();
        if !enough || !fits {
            return None;
        }
        let count = room.min(settings.batch);
        self.reserved += count;
        Some(count)
    }

    fn lose(&mut self, id: DeliveryId) -> Option<CancellationToken> {
        let tracked = self.tracked.get_mut(&id)?;
        (!std::mem::replace(&mut tracked.lost, true)).then(|| tracked.cancellation.clone())
    }
}
