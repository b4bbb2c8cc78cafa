//! What the consumer holds: the lease, the phase and the size of every delivery, until it leaves.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;
use crate::consumer::job::{Attempt, DeliveryId, Job};
use crate::consumer::schedule::Key;
use crate::delivery::{Lease, SettleAction};
use crate::handler::Cancellation;
use crate::slab::Slab;

pub(crate) struct Held {
    holdings: Slab<Holding>,
    bytes: usize,
    /// How long a delivery is kept at most, from its receipt on.
    max_lease: Duration,
}

/// What is known of a delivery until it leaves.
pub(crate) struct Holding {
    /// Until it is decided.
    pub(crate) job: Option<Job>,
    pub(crate) lease: Lease,
    pub(crate) received_at: Timestamp,
    /// `None` where leases do not end.
    pub(crate) lease_ends: Option<Timestamp>,
    pub(crate) phase: Phase,
    pub(crate) key: Option<Key>,
    pub(crate) bytes: usize,
    /// While it runs.
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) lost: bool,
    /// A call that extends the lease is on its way.
    pub(crate) extending: bool,
    /// What gives it back as soon as that call is over.
    pub(crate) postponed: Option<SettleAction>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Waiting,
    Running,
    Removing,
    /// The broker is to have it back: its lease is left alone, or an extension that overtakes would keep it.
    Releasing,
}

impl Held {
    pub(crate) fn new(max_lease: Duration) -> Self {
        Self { holdings: Slab::default(), bytes: 0, max_lease }
    }

    pub(crate) fn len(&self) -> usize {
        self.holdings.len()
    }

    /// The bytes of bodies and attributes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn insert(&mut self, holding: Holding) -> DeliveryId {
        self.bytes += holding.bytes;
        let slot = self.holdings.insert(holding);
        self.id_of(slot)
    }

    /// A delivery leaves.
    pub(crate) fn forget(&mut self, id: DeliveryId) {
        if self.get(id).is_some()
            && let Some(holding) = self.holdings.remove(slot_of(id))
        {
            self.bytes -= holding.bytes;
        }
    }

    pub(crate) fn get(&self, id: DeliveryId) -> Option<&Holding> {
        self.holdings.get_generation(slot_of(id), generation_of(id))
    }

    pub(crate) fn get_mut(&mut self, id: DeliveryId) -> Option<&mut Holding> {
        self.holdings.get_generation_mut(slot_of(id), generation_of(id))
    }

    pub(crate) fn enter(&mut self, id: DeliveryId, phase: Phase) {
        if let Some(holding) = self.get_mut(id) {
            holding.phase = phase;
        }
    }

    fn id_of(&self, slot: u32) -> DeliveryId {
        DeliveryId::from(self.holdings.generation(slot)) << 32 | DeliveryId::from(slot)
    }

    /// Starts `id`, unless its lease is gone at `now`.
    pub(super) fn start(
        &mut self,
        id: DeliveryId,
        now: Timestamp,
        cancellation: &Cancellation,
    ) -> Option<Attempt> {
        let holding = self.get_mut(id).filter(|holding| holding.is_leased(now))?;
        let job = holding.job.as_ref()?;
        let attempt = Attempt {
            id,
            message: job.message.clone(),
            delayed_until: job.delayed_until,
            number: job.receive_count.saturating_add(job.repeats),
            cancellation: cancellation.clone(),
        };
        holding.phase = Phase::Running;
        holding.cancellation = Some(cancellation.clone());
        Some(attempt)
    }

    /// `id` waits for another attempt, after so many more that failed.
    pub(super) fn wait_again(&mut self, id: DeliveryId, repeats: u32) {
        let Some(holding) = self.get_mut(id) else { return };
        holding.phase = Phase::Waiting;
        if let Some(job) = &mut holding.job {
            job.repeats += repeats;
        }
    }

    /// Whether `id` has a lease at `now`, so that settling it can succeed.
    pub(crate) fn is_leased(&self, id: DeliveryId, now: Timestamp) -> bool {
        self.get(id).is_some_and(|holding| holding.is_leased(now))
    }

    /// Whether `id` has left or is on its way out.
    pub(crate) fn is_settling(&self, id: DeliveryId) -> bool {
        self.get(id).is_none_or(|holding| matches!(holding.phase, Phase::Removing | Phase::Releasing))
    }

    /// The deliveries in this phase.
    pub(crate) fn in_phase(&self, phase: Phase) -> impl Iterator<Item = (DeliveryId, &Holding)> {
        let wanted = self.holdings.iter().filter(move |(_, holding)| holding.phase == phase);
        wanted.map(|(slot, holding)| (self.id_of(slot), holding))
    }

    /// The signals of the handlers that run.
    pub(crate) fn running_signals(&self) -> Vec<Cancellation> {
        self.in_phase(Phase::Running).filter_map(|(_, holding)| holding.cancellation.clone()).collect()
    }

    // Leases.

    /// Until when `holding` may be kept at most.
    pub(crate) fn cap(&self, holding: &Holding) -> Timestamp {
        after(holding.received_at, self.max_lease)
    }

    /// Begins to extend the leases that end before `soon` and may be kept until `extended`.
    pub(crate) fn begin_extensions(
        &mut self,
        soon: Timestamp,
        extended: Timestamp,
    ) -> Vec<(DeliveryId, Lease)> {
        let max_lease = self.max_lease;
        let ending = self.holdings.iter_mut().filter(|(_, holding)| {
            holding.ends_before(soon)
                && !holding.extending
                && holding.phase != Phase::Releasing
                && extended <= after(holding.received_at, max_lease)
        });
        let begun: Vec<(u32, Lease)> = ending
            .map(|(slot, holding)| {
                holding.extending = true;
                (slot, holding.lease.clone())
            })
            .collect();
        begun.into_iter().map(|(slot, lease)| (self.id_of(slot), lease)).collect()
    }

    /// Ends an extension; gives the settlement that waited for it.
    pub(super) fn extension_ended(
        &mut self,
        id: DeliveryId,
        ends: Option<Timestamp>,
    ) -> Option<SettleAction> {
        let holding = self.get_mut(id)?;
        holding.extending = false;
        holding.lease_ends = ends.or(holding.lease_ends);
        holding.postponed.take()
    }

    /// Keeps a settlement back that an extension on its way could undo; gives it back where there is none.
    pub(super) fn postpone(&mut self, id: DeliveryId, action: SettleAction) -> Option<SettleAction> {
        match self.get_mut(id) {
            Some(holding) if holding.extending && !holding.lost => {
                holding.postponed = Some(action);
                None
            }
            _ => Some(action),
        }
    }

    /// When the next lease ends.
    pub(crate) fn next_lease_end(&self) -> Option<Timestamp> {
        let kept = self.holdings.iter().filter(|(_, holding)| !holding.lost);
        kept.filter_map(|(_, holding)| holding.lease_ends).min()
    }

    /// The deliveries whose lease has ended by `now` unnoticed.
    pub(crate) fn leases_ended(&self, now: Timestamp) -> Vec<DeliveryId> {
        let ended = |holding: &Holding| !holding.lost && holding.lease_ends.is_some_and(|ends| ends <= now);
        let all = self.holdings.iter().filter(|(_, holding)| ended(holding));
        all.map(|(slot, _)| self.id_of(slot)).collect()
    }

    /// Notes that a lease is gone; gives, the first time, the signal of its handler, where one runs, and the settlement
    /// that waited for an extension.
    pub(super) fn lose(&mut self, id: DeliveryId) -> Option<(Option<Cancellation>, Option<SettleAction>)> {
        let holding = self.get_mut(id)?;
        let first = !std::mem::replace(&mut holding.lost, true);
        first.then(|| (holding.cancellation.clone(), holding.postponed.take()))
    }
}

impl Holding {
    fn is_leased(&self, now: Timestamp) -> bool {
        !self.lost && self.lease_ends.is_none_or(|ends| ends > now)
    }

    pub(crate) fn ends_before(&self, soon: Timestamp) -> bool {
        !self.lost && self.lease_ends.is_some_and(|ends| ends < soon)
    }
}

fn slot_of(id: DeliveryId) -> u32 {
    id as u32
}

fn generation_of(id: DeliveryId) -> u32 {
    (id >> 32) as u32
}
