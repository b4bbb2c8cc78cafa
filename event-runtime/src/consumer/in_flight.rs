//! What is in flight, and every change of it: plain state, no waiting and no clock of its own.
//!
//! A delivery is *waiting* (for its turn, or for the end of its backoff), *running*, or on its way out: *removing*
//! or *releasing*. It leaves when its settlement is confirmed or can't be any more. What is to be settled is sent to the settler from
//! here, so that the order of settlements is the order of decisions.

use std::time::Duration;

use bytes::Bytes;
use foldhash::{HashMap, HashMapExt, HashSet};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::clock::{after, until};
use crate::consumer::schedule::{Key, Schedule};
use crate::delivery::{Attributes, Lease, SettleAction};
use crate::envelope::Message;
use crate::event::DecodeError;

/// Names a delivery within a run.
pub(crate) type DeliveryId = u64;

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
    /// How often the broker handed it out, this time included.
    pub(crate) receive_count: u32,
    /// Attempts of this process on this delivery, beyond the first.
    pub(crate) repeats: u32,
}

impl Job {
    /// Which attempt this is, from 1 on.
    pub(crate) fn attempt(&self) -> u32 {
        self.receive_count.saturating_add(self.repeats)
    }

    /// How it is given back while it waits: released when an attempt failed, handed back when there was none.
    fn given_back(&self, after: Duration) -> SettleAction {
        if self.repeats > 0 { SettleAction::Release { after } } else { SettleAction::HandBack { after } }
    }
}

/// A job that has just arrived, with what settles it.
pub(crate) struct Arrival {
    pub(crate) job: Job,
    pub(crate) lease: Lease,
    pub(crate) bytes: usize,
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done with the message.
    Remove,
    /// Again, after a failed attempt.
    Retry { after: Duration },
    /// Again, and this was no attempt.
    Defer { after: Duration },
}

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

/// Where settlements go to be batched.
pub(crate) type Settlements = mpsc::UnboundedSender<(DeliveryId, SettleAction)>;

pub(crate) struct InFlight {
    limits: Limits,
    settlements: Settlements,
    schedule: Schedule<Job>,
    tracked: HashMap<DeliveryId, Tracked>,
    next_id: DeliveryId,
    /// Messages that receives in flight may bring.
    reserved: usize,
    running: usize,
    bytes: usize,
}

/// What is known of a delivery until it leaves.
struct Tracked {
    lease: Lease,
    received_at: Timestamp,
    /// `None` where leases do not end.
    lease_ends: Option<Timestamp>,
    lost: bool,
    phase: Phase,
    key: Option<Key>,
    bytes: usize,
    cancellation: CancellationToken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Removing,
    /// The broker is to have it back: its lease is left alone, or an extension that overtakes would keep it.
    Releasing,
}

impl InFlight {
    pub(crate) fn new(limits: Limits, settlements: Settlements) -> Self {
        Self {
            limits,
            settlements,
            schedule: Schedule::new(),
            tracked: HashMap::new(),
            next_id: 0,
            reserved: 0,
            running: 0,
            bytes: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.tracked.len()
    }

    pub(crate) fn has_ready(&self) -> bool {
        self.schedule.has_ready()
    }

    /// Sets room aside for a receive: for a full batch, or for less while a worker has nothing to do.
    pub(crate) fn reserve(&mut self) -> Option<usize> {
        let Limits { batch, max_messages, max_bytes, concurrency, .. } = self.limits;
        let room = max_messages.saturating_sub(self.tracked.len() + self.reserved);
        let starving = !self.schedule.has_ready() && self.running < concurrency && self.reserved == 0;
        let enough = room >= batch || (room > 0 && starving);
        // A message larger than the bound is taken when nothing else is held.
        let fits = self.bytes < max_bytes || self.tracked.is_empty();
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
        self.bytes += bytes;
        let phase = if draining { Phase::Releasing } else { Phase::Waiting };
        let (key, cancellation) = (job.key.clone(), job.cancellation.clone());
        let tracked =
            Tracked { lease, received_at: now, lease_ends, lost: false, phase, key, bytes, cancellation };
        self.tracked.insert(job.id, tracked);
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
        held <= self.limits.max_messages / 2
    }

    /// Starts the next job that may run.
    pub(crate) fn start_next(&mut self, now: Timestamp) -> Option<Job> {
        while let Some(job) = self.schedule.next() {
            match self.tracked.get_mut(&job.id) {
                Some(tracked) if tracked.is_leased(now) => {
                    tracked.phase = Phase::Running;
                    self.running += 1;
                    return Some(job);
                }
                // The broker will hand it out again: what follows it in its key must not overtake it.
                _ => {
                    self.forget(job.id);
                    if let Some(key) = &job.key {
                        self.release_key(key, Duration::ZERO, now);
                        self.schedule.decided(key);
                    }
                }
            }
        }
        None
    }

    /// Carries out what was decided about a job that ran, and returns whether it backs off; `draining`
    /// consumers hold nothing back.
    pub(crate) fn decide(&mut self, mut job: Job, verdict: Verdict, now: Timestamp, draining: bool) -> bool {
        self.running -= 1;
        let Some(tracked) = self.tracked.get(&job.id) else { return false };
        if tracked.phase != Phase::Running {
            // Cut off by the drain and released, and its handler ended all the same.
            return false;
        }
        let capped = after(tracked.received_at, self.limits.max_lease);
        let lost = tracked.lost;
        let (delay, action) = match verdict {
            Verdict::Remove => (Duration::ZERO, SettleAction::Remove),
            Verdict::Retry { after } => (after, SettleAction::Release { after }),
            Verdict::Defer { after } => (after, SettleAction::HandBack { after }),
        };
        let Some(key) = job.key.clone() else {
            self.settle(job.id, action);
            return false;
        };
        if verdict == Verdict::Remove {
            self.settle(job.id, action);
            self.schedule.decided(&key);
            return false;
        }
        let until = after(now, delay);
        let few = self.may_hold(self.schedule.held_with(&key));
        if few && until < capped && !lost && !draining {
            self.wait(job.id);
            job.repeats += u32::from(matches!(verdict, Verdict::Retry { .. }));
            self.schedule.back_off(&key, until, job);
            return true;
        }
        self.settle(job.id, action);
        self.release_key(&key, delay, now);
        self.schedule.decided(&key);
        false
    }

    fn wait(&mut self, id: DeliveryId) {
        if let Some(tracked) = self.tracked.get_mut(&id) {
            tracked.phase = Phase::Waiting;
        }
    }

    /// Makes ready whose backoff has ended by `now`, and returns when the next one ends.
    pub(crate) fn wake(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.schedule.wake(now);
        self.schedule.next_due()
    }

    // Settling.

    /// The lease to settle `id` with; `None` when it has left.
    pub(crate) fn lease_of(&self, id: DeliveryId) -> Option<Lease> {
        self.tracked.get(&id).map(|tracked| tracked.lease.clone())
    }

    /// Whether settling `id` can still succeed.
    pub(crate) fn is_leased(&self, id: DeliveryId, now: Timestamp) -> bool {
        self.tracked.get(&id).is_some_and(|tracked| tracked.is_leased(now))
    }

    /// Whether `id` is on its way out.
    pub(crate) fn is_settling(&self, id: DeliveryId) -> bool {
        let settling = |tracked: &Tracked| matches!(tracked.phase, Phase::Removing | Phase::Releasing);
        self.tracked.get(&id).is_none_or(settling)
    }

    /// A delivery leaves.
    pub(crate) fn forget(&mut self, id: DeliveryId) {
        if let Some(tracked) = self.tracked.remove(&id) {
            self.bytes -= tracked.bytes;
        }
    }

    fn settle(&mut self, id: DeliveryId, action: SettleAction) {
        if let Some(tracked) = self.tracked.get_mut(&id) {
            let removing = action == SettleAction::Remove;
            tracked.phase = if removing { Phase::Removing } else { Phase::Releasing };
        }
        let max = self.limits.max_release_delay;
        let action = match action {
            SettleAction::Remove => action,
            SettleAction::Release { after } => SettleAction::Release { after: after.min(max) },
            SettleAction::HandBack { after } => SettleAction::HandBack { after: after.min(max) },
        };
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
        match self.tracked.get(&job.id) {
            Some(tracked) if !tracked.lost => self.settle(job.id, job.given_back(after)),
            _ => self.forget(job.id),
        }
    }

    // Leases.

    /// The leases that end before `soon` and may be extended to `extended`.
    pub(crate) fn leases_ending(&self, soon: Timestamp, extended: Timestamp) -> Vec<(DeliveryId, Lease)> {
        let may_be_extended = |tracked: &Tracked| {
            tracked.ends_before(soon)
                && tracked.phase != Phase::Releasing
                && extended <= tracked.capped(&self.limits)
        };
        let ending = self.tracked.iter().filter(|(_, tracked)| may_be_extended(tracked));
        ending.map(|(id, tracked)| (*id, tracked.lease.clone())).collect()
    }

    /// When the next lease ends.
    pub(crate) fn next_lease_end(&self) -> Option<Timestamp> {
        let kept = self.tracked.values().filter(|tracked| !tracked.lost);
        kept.filter_map(|tracked| tracked.lease_ends).min()
    }

    pub(crate) fn extended(&mut self, id: DeliveryId, ends: Timestamp) {
        if let Some(tracked) = self.tracked.get_mut(&id) {
            tracked.lease_ends = Some(ends);
        }
    }

    /// The deliveries whose lease has ended by `now` unnoticed.
    pub(crate) fn leases_ended(&self, now: Timestamp) -> Vec<DeliveryId> {
        let ended = |tracked: &Tracked| !tracked.lost && tracked.lease_ends.is_some_and(|ends| ends <= now);
        self.tracked.iter().filter(|(_, tracked)| ended(tracked)).map(|(id, _)| *id).collect()
    }

    /// Notes that a lease is gone; gives the token of its handler the first time.
    pub(crate) fn lose(&mut self, id: DeliveryId) -> Option<CancellationToken> {
        let tracked = self.tracked.get_mut(&id)?;
        (!std::mem::replace(&mut tracked.lost, true)).then(|| tracked.cancellation.clone())
    }

    /// Gives back what waits with a lease that ends before `soon` and can't be kept until `extended`, each with
    /// the rest of its key.
    pub(crate) fn release_capped(&mut self, soon: Timestamp, extended: Timestamp, now: Timestamp) {
        let Self { tracked, schedule, limits, .. } = self;
        let capped = |tracked: &&Tracked| {
            tracked.phase == Phase::Waiting && tracked.ends_before(soon) && extended > tracked.capped(limits)
        };
        let ids: HashSet<DeliveryId> =
            tracked.iter().filter(|(_, tracked)| capped(tracked)).map(|(id, _)| *id).collect();
        if ids.is_empty() {
            return;
        }
        let mut keys: Vec<Key> = ids.iter().filter_map(|id| tracked.get(id)?.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let ready = schedule.take_ready(|job| ids.contains(&job.id));
        for job in ready {
            self.give_back(&job, Duration::ZERO);
            if let Some(key) = &job.key {
                self.release_key(key, Duration::ZERO, now);
                self.schedule.decided(key);
            }
        }
        keys.iter().for_each(|key| self.release_key(key, Duration::ZERO, now));
    }

    // Draining.

    /// Gives back everything that has not started.
    pub(crate) fn hand_back_waiting(&mut self, now: Timestamp) {
        for (due, job) in self.schedule.take_all() {
            self.give_back(&job, due.map_or(Duration::ZERO, |due| until(now, due)));
        }
    }

    /// The tokens of the handlers that run.
    pub(crate) fn running_tokens(&self) -> Vec<CancellationToken> {
        let running = self.tracked.values().filter(|tracked| tracked.phase == Phase::Running);
        running.map(|tracked| tracked.cancellation.clone()).collect()
    }

    /// Releases what still runs, because its handler was cut off; returns how many there were.
    pub(crate) fn release_running(&mut self) -> u64 {
        let running: Vec<DeliveryId> = self
            .tracked
            .iter()
            .filter(|(_, tracked)| tracked.phase == Phase::Running)
            .map(|(id, _)| *id)
            .collect();
        for id in &running {
            self.settle(*id, SettleAction::Release { after: Duration::ZERO });
        }
        running.len() as u64
    }
}

impl Tracked {
    fn is_leased(&self, now: Timestamp) -> bool {
        !self.lost && self.lease_ends.is_none_or(|ends| ends > now)
    }

    fn ends_before(&self, soon: Timestamp) -> bool {
        !self.lost && self.lease_ends.is_some_and(|ends| ends < soon)
    }

    /// Until when it may be kept at most.
    fn capped(&self, limits: &Limits) -> Timestamp {
        after(self.received_at, limits.max_lease)
    }
}

#[cfg(test)]
mod tests {
    use bytestring::ByteString;

    use super::*;
    use crate::envelope::{Metadata, PayloadText, WireFormat};

    const LIMITS: Limits = Limits {
        batch: 4,
        max_messages: 8,
        max_bytes: 100,
        concurrency: 2,
        max_lease: Duration::from_secs(100),
        max_release_delay: Duration::from_secs(50),
    };

    struct Fixture {
        in_flight: InFlight,
        settlements: mpsc::UnboundedReceiver<(DeliveryId, SettleAction)>,
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    impl Fixture {
        fn new() -> Self {
            let (sender, settlements) = mpsc::unbounded_channel();
            Self { in_flight: InFlight::new(LIMITS, sender), settlements }
        }

        fn admit(&mut self, key: Option<&str>) {
            let message = Message::from_parts(
                Metadata::new("test", 1),
                ByteString::from_static("null"),
                PayloadText::Within(0..4),
                WireFormat::Native,
                None,
            );
            let job = Job {
                id: 0,
                key: key.map(Key::from),
                message: Ok(message),
                body: Bytes::new(),
                attributes: Attributes::new(),
                transport_id: String::new(),
                group: None,
                first_received_at: None,
                cancellation: CancellationToken::new(),
                receive_count: 1,
                repeats: 0,
            };
            let arrival = Arrival { job, lease: Lease::Numbers(0, 0), bytes: 10 };
            self.in_flight.admit(arrival, at(0), Some(at(30)), false);
        }

        fn start(&mut self) -> Option<DeliveryId> {
            self.start_job().map(|job| job.id)
        }

        fn start_job(&mut self) -> Option<Job> {
            self.in_flight.start_next(at(0))
        }

        fn settled(&mut self) -> Vec<(DeliveryId, SettleAction)> {
            std::iter::from_fn(|| self.settlements.try_recv().ok()).collect()
        }
    }

    #[test]
    fn room_is_set_aside_for_full_batches_unless_a_worker_starves() {
        let mut fixture = Fixture::new();
        assert_eq!(fixture.in_flight.reserve(), Some(4));
        assert_eq!(fixture.in_flight.reserve(), Some(4));
        assert_eq!(fixture.in_flight.reserve(), None);
        fixture.in_flight.unreserve(8);
        (0..7).for_each(|_| fixture.admit(None));
        assert_eq!(fixture.in_flight.reserve(), None, "one place is no batch, and work is ready");
        let jobs: Vec<Job> = std::iter::from_fn(|| fixture.start_job()).collect();
        assert_eq!(fixture.in_flight.reserve(), None, "both workers are busy");
        for job in jobs {
            fixture.in_flight.decide(job, Verdict::Remove, at(0), false);
        }
        assert_eq!(fixture.in_flight.reserve(), Some(1), "a worker has nothing to do");
    }

    #[test]
    fn bytes_are_bounded_and_one_large_message_still_passes() {
        let mut fixture = Fixture::new();
        (0..3).for_each(|_| fixture.admit(None));
        fixture.in_flight.bytes = 100;
        assert_eq!(fixture.in_flight.reserve(), None);
        (0..3).for_each(|id| fixture.in_flight.forget(id));
        assert_eq!(fixture.in_flight.reserve(), Some(4));
    }

    #[test]
    fn a_failure_without_a_key_goes_back_to_the_broker_within_its_limit() {
        let mut fixture = Fixture::new();
        fixture.admit(None);
        let job = fixture.start_job().unwrap();
        fixture.in_flight.decide(job, Verdict::Retry { after: seconds(80) }, at(0), false);
        assert_eq!(fixture.settled(), [(0, SettleAction::Release { after: seconds(50) })]);
    }

    #[test]
    fn a_failure_with_a_key_is_tried_again_here_before_the_rest_of_its_key() {
        let mut fixture = Fixture::new();
        (0..2).for_each(|_| fixture.admit(Some("a")));
        let job = fixture.start_job().unwrap();
        fixture.in_flight.decide(job, Verdict::Retry { after: seconds(5) }, at(0), false);
        assert_eq!((fixture.start(), fixture.settled()), (None, vec![]));
        assert_eq!(fixture.in_flight.wake(at(4)), Some(at(5)));
        fixture.in_flight.wake(at(5));
        let job = fixture.start_job().unwrap();
        assert_eq!((job.id, job.attempt()), (0, 2));
        fixture.in_flight.decide(job, Verdict::Remove, at(5), false);
        assert_eq!(fixture.start(), Some(1));
    }

    #[test]
    fn waiting_that_was_no_attempt_is_not_counted() {
        let mut fixture = Fixture::new();
        fixture.admit(Some("a"));
        let job = fixture.start_job().unwrap();
        fixture.in_flight.decide(job, Verdict::Defer { after: seconds(5) }, at(0), false);
        fixture.in_flight.wake(at(5));
        assert_eq!(fixture.start_job().unwrap().attempt(), 1);
    }

    #[test]
    fn a_backoff_beyond_the_lease_cap_gives_the_whole_key_back_in_order() {
        let mut fixture = Fixture::new();
        (0..3).for_each(|_| fixture.admit(Some("a")));
        let job = fixture.start_job().unwrap();
        fixture.in_flight.decide(job, Verdict::Retry { after: seconds(101) }, at(0), false);
        let after = seconds(50);
        let expected = [
            (0, SettleAction::Release { after }),
            (1, SettleAction::HandBack { after }),
            (2, SettleAction::HandBack { after }),
        ];
        assert_eq!(fixture.settled(), expected);
        fixture.admit(Some("a"));
        assert_eq!(fixture.start(), Some(3), "the key is free again");
    }

    #[test]
    fn keys_that_back_off_never_fill_the_consumer() {
        let mut fixture = Fixture::new();
        (0..5).for_each(|_| fixture.admit(Some("a")));
        let job = fixture.start_job().unwrap();
        fixture.in_flight.decide(job, Verdict::Retry { after: seconds(1) }, at(0), false);
        assert_eq!(fixture.settled().len(), 5, "five of eight is more than half");
    }

    #[test]
    fn what_arrives_for_a_key_that_backs_off_is_given_back_with_it_and_does_not_overtake_it() {
        let mut fixture = Fixture::new();
        fixture.admit(Some("a"));
        let job = fixture.start_job().unwrap();
        fixture.in_flight.decide(job, Verdict::Retry { after: seconds(5) }, at(0), false);
        (0..6).for_each(|_| fixture.admit(Some("a")));
        fixture.in_flight.release_overfull(at(1));
        let after = seconds(4);
        let mut expected = vec![(0, SettleAction::Release { after })];
        expected.extend((1..7).map(|id| (id, SettleAction::HandBack { after })));
        assert_eq!((fixture.settled(), fixture.start()), (expected, None));
    }

    #[test]
    fn a_lost_lease_takes_the_rest_of_its_key_with_it() {
        let mut fixture = Fixture::new();
        (0..2).for_each(|_| fixture.admit(Some("a")));
        fixture.admit(Some("b"));
        assert!(fixture.in_flight.lose(0).is_some());
        assert!(fixture.in_flight.lose(0).is_none(), "told once");
        assert_eq!(fixture.start(), Some(2));
        assert_eq!(fixture.settled(), [(1, SettleAction::HandBack { after: seconds(0) })]);
        assert_eq!(fixture.in_flight.lease_of(0), None);
    }

    #[test]
    fn leases_are_extended_up_to_the_cap_and_then_their_keys_given_back() {
        let mut fixture = Fixture::new();
        (0..2).for_each(|_| fixture.admit(Some("a")));
        fixture.start();
        assert_eq!(fixture.in_flight.leases_ending(at(30), at(100)).len(), 0, "30 is not before 30");
        assert_eq!(fixture.in_flight.leases_ending(at(31), at(100)).len(), 2);
        assert_eq!(fixture.in_flight.leases_ending(at(31), at(101)).len(), 0);
        fixture.in_flight.release_capped(at(30), at(101), at(29));
        assert_eq!(fixture.settled(), [], "their lease goes on for a while");
        fixture.in_flight.release_capped(at(31), at(101), at(29));
        assert_eq!(fixture.settled(), [(1, SettleAction::HandBack { after: seconds(0) })]);
        fixture.in_flight.extended(0, at(60));
        assert_eq!(fixture.in_flight.next_lease_end(), Some(at(30)));
        assert_eq!(fixture.in_flight.leases_ended(at(59)), [1]);
        assert_eq!(fixture.in_flight.leases_ended(at(60)).len(), 2);
    }

    #[test]
    fn at_the_cap_nothing_that_waits_burns_its_receive() {
        let mut fixture = Fixture::new();
        fixture.admit(None);
        (0..2).for_each(|_| fixture.admit(Some("a")));
        fixture.in_flight.release_capped(at(31), at(101), at(29));
        let handed_back = SettleAction::HandBack { after: seconds(0) };
        assert_eq!(fixture.settled(), [0, 1, 2].map(|id| (id, handed_back)));
        assert_eq!(fixture.start(), None);
        fixture.admit(Some("a"));
        assert_eq!(fixture.start(), Some(3), "the key is free again");
    }

    #[test]
    fn nothing_starts_after_its_lease_has_ended_unnoticed() {
        let mut fixture = Fixture::new();
        (0..2).for_each(|_| fixture.admit(Some("a")));
        assert!(fixture.in_flight.start_next(at(30)).is_none());
        assert_eq!(fixture.in_flight.leases_ended(at(30)), [1], "the first has left");
    }

    #[test]
    fn what_is_released_is_not_extended_and_what_is_removed_is() {
        let mut fixture = Fixture::new();
        (0..2).for_each(|_| fixture.admit(None));
        for verdict in [Verdict::Retry { after: seconds(5) }, Verdict::Remove] {
            let job = fixture.start_job().unwrap();
            fixture.in_flight.decide(job, verdict, at(0), false);
        }
        let extended: Vec<_> =
            fixture.in_flight.leases_ending(at(31), at(60)).into_iter().map(|(id, _)| id).collect();
        assert_eq!(extended, [1]);
    }

    #[test]
    fn a_handler_that_ends_after_it_was_cut_off_settles_nothing_twice() {
        let mut fixture = Fixture::new();
        fixture.admit(None);
        let job = fixture.start_job().unwrap();
        fixture.in_flight.release_running();
        fixture.in_flight.decide(job, Verdict::Remove, at(0), true);
        assert_eq!(fixture.settled(), [(0, SettleAction::Release { after: seconds(0) })]);
    }

    #[test]
    fn a_drain_gives_back_what_waits_and_releases_what_backs_off() {
        let mut fixture = Fixture::new();
        (0..2).for_each(|_| fixture.admit(Some("a")));
        fixture.admit(None);
        let failing = fixture.start_job().unwrap();
        fixture.in_flight.decide(failing, Verdict::Retry { after: seconds(5) }, at(0), false);
        fixture.in_flight.hand_back_waiting(at(1));
        let expected = [
            (2, SettleAction::HandBack { after: seconds(0) }),
            (0, SettleAction::Release { after: seconds(4) }),
            (1, SettleAction::HandBack { after: seconds(0) }),
        ];
        assert_eq!(fixture.settled(), expected);
        assert_eq!(fixture.in_flight.release_running(), 0);
    }

    #[test]
    fn a_handler_that_is_cut_off_releases_its_message() {
        let mut fixture = Fixture::new();
        fixture.admit(None);
        fixture.start();
        assert_eq!(fixture.in_flight.running_tokens().len(), 1);
        assert_eq!(fixture.in_flight.release_running(), 1);
        assert_eq!(fixture.settled(), [(0, SettleAction::Release { after: seconds(0) })]);
    }
}
