//! What is in flight, and every change of it: plain state, no waiting and no clock of its own.
//!
//! A delivery is *waiting* (for its turn, or for the end of its backoff), *running*, or on its way out: *removing*
//! or *releasing*. It leaves when its settlement is confirmed or can't be any more. What is to be settled is sent to the settler from
//! here, so that the order of settlements is the order of decisions.

use std::time::Duration;

use foldhash::HashMap;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::{after, until};
use crate::consumer::held::{Held, Holding, Phase};
use crate::consumer::job::{Arrival, DeliveryId, Job, Verdict};
use crate::consumer::schedule::{Key, Schedule};
use crate::delivery::SettleAction;

#[cfg(test)]
mod tests;

/// The bounds of what is held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) batch: usize,
    pub(crate) max_messages: usize,
    pub(crate) max_bytes: usize,
    pub(crate) concurrency: usize,
    pub(crate) max_lease: Duration,
    pub(crate) max_release_delay: Duration,
}

/// The least time for which a message waits here that nobody tried: nothing else ends the repetitions of a layer that
/// defers again and again.
const LEAST_WAIT: Duration = Duration::from_millis(50);

/// Where settlements go to be batched.
pub(crate) type Settlements = mpsc::UnboundedSender<(DeliveryId, SettleAction)>;

pub(crate) struct InFlight {
    limits: Limits,
    settlements: Settlements,
    schedule: Schedule<Job>,
    held: Held,
    next_id: DeliveryId,
    /// Messages that receives in flight may bring.
    reserved: usize,
    running: usize,
}

impl InFlight {
    pub(crate) fn new(limits: Limits, settlements: Settlements) -> Self {
        Self {
            limits,
            settlements,
            schedule: Schedule::new(),
            held: Held::new(limits.max_lease),
            next_id: 0,
            reserved: 0,
            running: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn has_ready(&self) -> bool {
        self.schedule.has_ready()
    }

    /// Sets room aside for a receive: for a full batch, or for less while a worker has nothing to do.
    pub(crate) fn reserve(&mut self) -> Option<usize> {
        let Limits { batch, max_messages, max_bytes, concurrency, .. } = self.limits;
        let room = max_messages.saturating_sub(self.held.len() + self.reserved);
        let starving = !self.schedule.has_ready() && self.running < concurrency && self.reserved == 0;
        let enough = room >= batch || (room > 0 && starving);
        // A message larger than the bound is taken when nothing else is held.
        let fits = self.held.bytes() < max_bytes || self.held.len() == 0;
        if !enough || !fits {
            return None;
        }
        let count = room.min(batch);
        self.reserved += count;
        Some(count)
    }

    pub(crate) fn unreserve(&mut self, reserved: usize) {
        self.reserved -= reserved;
    }

    /// Takes in an arrival; while the consumer drains, only to hand it back.
    pub(crate) fn admit(
        &mut self,
        arrival: Arrival,
        now: Timestamp,
        lease_ends: Option<Timestamp>,
        draining: bool,
    ) {
        let Arrival { mut job, lease, bytes } = arrival;
        job.id = self.next_id;
        self.next_id += 1;
        let phase = if draining { Phase::Releasing } else { Phase::Waiting };
        let holding = Holding {
            lease,
            received_at: now,
            lease_ends,
            phase,
            key: job.key.clone(),
            bytes,
            cancellation: job.cancellation.clone(),
            lost: false,
            extending: false,
            postponed: None,
        };
        self.held.insert(job.id, holding);
        if draining {
            self.settle(job.id, SettleAction::HandBack { after: Duration::ZERO });
        } else {
            let key = job.key.clone();
            self.schedule.admit(key.as_ref(), job);
        }
    }

    /// Gives back keys that back off while more than half of the room waits for them, the fullest first. For whole
    /// batches: what comes after what is given back must not overtake it.
    pub(crate) fn release_overfull(&mut self, now: Timestamp) {
        while !self.may_hold(self.schedule.held()) {
            let Some(key) = self.schedule.fullest() else { return };
            self.release_key(&key, Duration::ZERO, now);
        }
    }

    /// Whether so many messages may wait for keys that back off: the other half is for keys that do not.
    fn may_hold(&self, held: usize) -> bool {
        held <= self.limits.max_messages / 2 || self.comes_at_once()
    }

    /// Whether the source hands out again at once what it is given back: then everything that is to wait waits here, and
    /// while it fills the room, nothing more is received.
    fn comes_at_once(&self) -> bool {
        self.limits.max_release_delay.is_zero()
    }

    /// Starts the next job that may run.
    pub(crate) fn start_next(&mut self, now: Timestamp) -> Option<Job> {
        while let Some(job) = self.schedule.next() {
            if self.held.is_leased(job.id, now) {
                self.held.enter(job.id, Phase::Running);
                self.running += 1;
                return Some(job);
            }
            // The broker will hand it out again: what follows it in its key must not overtake it.
            self.held.forget(job.id);
            if let Some(key) = &job.key {
                self.release_key(key, Duration::ZERO, now);
                self.schedule.decided(key);
            }
        }
        None
    }

    /// Carries out what was decided about a job that ran, and returns whether it backs off; `draining`
    /// consumers hold nothing back.
    pub(crate) fn decide(&mut self, mut job: Job, verdict: Verdict, now: Timestamp, draining: bool) -> bool {
        self.running -= 1;
        let Some(holding) = self.held.get(job.id) else { return false };
        if holding.phase != Phase::Running {
            // Cut off by the drain and released, and its handler ended all the same.
            return false;
        }
        let (received_at, lost) = (holding.received_at, holding.lost);
        let (delay, action) = match verdict {
            Verdict::Remove => (Duration::ZERO, SettleAction::Remove),
            Verdict::Retry { after } => (after, SettleAction::Release { after }),
            Verdict::Defer { after } => (after, SettleAction::HandBack { after }),
        };
        let key = job.key.clone();
        let counts = matches!(verdict, Verdict::Retry { .. });
        if verdict != Verdict::Remove && !lost && !draining {
            let capped = after(received_at, self.limits.max_lease);
            let until = after(now, if counts { delay } else { delay.max(LEAST_WAIT) });
            let held = match &key {
                _ if self.comes_at_once() => now < capped,
                Some(key) => until < capped && self.may_hold(self.schedule.held_with(key)),
                None => false,
            };
            if held {
                self.held.enter(job.id, Phase::Waiting);
                job.repeats += u32::from(counts);
                match key {
                    Some(key) => self.schedule.back_off(&key, until.min(capped), job),
                    None => self.schedule.back_off_alone(until.min(capped), job),
                }
                return true;
            }
        }
        self.settle(job.id, action);
        if let Some(key) = key {
            if verdict != Verdict::Remove {
                self.release_key(&key, delay, now);
            }
            self.schedule.decided(&key);
        }
        false
    }

    /// Makes ready whose backoff has ended by `now`, and returns when the next one ends.
    pub(crate) fn wake(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.schedule.wake(now);
        self.schedule.next_due()
    }

    // Settling.

    fn settle(&mut self, id: DeliveryId, action: SettleAction) {
        let max = self.limits.max_release_delay;
        let action = match action {
            SettleAction::Remove => {
                self.held.enter(id, Phase::Removing);
                return self.send(id, action);
            }
            SettleAction::Release { after } => SettleAction::Release { after: after.min(max) },
            SettleAction::HandBack { after } => SettleAction::HandBack { after: after.min(max) },
        };
        self.held.enter(id, Phase::Releasing);
        if let Some(action) = self.held.postpone(id, action) {
            self.send(id, action);
        }
    }

    fn send(&self, id: DeliveryId, action: SettleAction) {
        // The settler lives as long as the run does.
        let _ = self.settlements.send((id, action));
    }

    /// Gives back what waits behind the head of `key`, and the head where it backs off. Nothing of the key is
    /// to come out before its head does, so the rest is kept back as long.
    fn release_key(&mut self, key: &Key, delay: Duration, now: Timestamp) {
        let mut delay = delay;
        for (due, job) in self.schedule.take_key(key) {
            delay = due.map_or(delay, |due| until(now, due));
            self.give_back(&job, delay);
        }
    }

    /// Settles a job that waits, unless its lease is gone anyway.
    fn give_back(&mut self, job: &Job, after: Duration) {
        match self.held.get(job.id) {
            Some(holding) if !holding.lost => self.settle(job.id, job.given_back(after)),
            _ => self.held.forget(job.id),
        }
    }

    // Leases.

    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    pub(crate) fn held_mut(&mut self) -> &mut Held {
        &mut self.held
    }

    /// The call that was to extend the lease of `id` is over, and the lease lasts until `ends` where it succeeded.
    pub(crate) fn extension_ended(&mut self, id: DeliveryId, ends: Option<Timestamp>) {
        if let Some(action) = self.held.extension_ended(id, ends) {
            self.send(id, action);
        }
    }

    /// Notes that a lease is gone; gives the token of its handler the first time.
    pub(crate) fn lose(&mut self, id: DeliveryId) -> Option<CancellationToken> {
        let (token, postponed) = self.held.lose(id)?;
        if let Some(action) = postponed {
            self.send(id, action);
        }
        Some(token)
    }

    /// Gives back what waits with a lease that ends before `soon` and can't be kept until `extended`, each with
    /// the rest of its key.
    pub(crate) fn release_capped(&mut self, soon: Timestamp, extended: Timestamp, now: Timestamp) {
        let waiting = self.held.in_phase(Phase::Waiting);
        let capped: HashMap<DeliveryId, Option<Key>> = waiting
            .filter(|(_, holding)| holding.ends_before(soon) && extended > self.held.cap(holding))
            .map(|(id, holding)| (id, holding.key.clone()))
            .collect();
        if capped.is_empty() {
            return;
        }
        let mut keys: Vec<&Key> = capped.values().flatten().collect();
        keys.sort_unstable();
        keys.dedup();
        let ready = self.schedule.take_ready(|job| capped.contains_key(&job.id));
        for job in ready {
            self.give_back(&job, Duration::ZERO);
            if let Some(key) = &job.key {
                self.release_key(key, Duration::ZERO, now);
                self.schedule.decided(key);
            }
        }
        keys.into_iter().for_each(|key| self.release_key(key, Duration::ZERO, now));
    }

    // Draining.

    /// Gives back everything that has not started.
    pub(crate) fn hand_back_waiting(&mut self, now: Timestamp) {
        for (due, job) in self.schedule.take_all() {
            self.give_back(&job, due.map_or(Duration::ZERO, |due| until(now, due)));
        }
    }

    /// Releases what still runs, because its handler was cut off; returns how many there were.
    pub(crate) fn release_running(&mut self) -> u64 {
        let running: Vec<DeliveryId> = self.held.in_phase(Phase::Running).map(|(id, _)| id).collect();
        for id in &running {
            self.settle(*id, SettleAction::Release { after: Duration::ZERO });
        }
        running.len() as u64
    }
}
