//! What the consumer holds: the lease, the phase and the size of every delivery, until it leaves.

use std::time::Duration;

use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::clock::after;
use crate::consumer::job::DeliveryId;
use crate::consumer::schedule::Key;
use crate::delivery::{Lease, SettleAction};

pub(crate) struct Held {
    holdings: HashMap<DeliveryId, Holding>,
    bytes: usize,
    /// How long a delivery is kept at most, from its receipt on.
    max_lease: Duration,
}

/// What is known of a delivery until it leaves.
pub(crate) struct Holding {
    pub(crate) lease: Lease,
    pub(crate) received_at: Timestamp,
    /// `None` where leases do not end.
    pub(crate) lease_ends: Option<Timestamp>,
    pub(crate) phase: Phase,
    pub(crate) key: Option<Key>,
    pub(crate) bytes: usize,
    pub(crate) cancellation: CancellationToken,
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
        Self { holdings: HashMap::new(), bytes: 0, max_lease }
    }

    pub(crate) fn len(&self) -> usize {
        self.holdings.len()
    }

    /// The bytes of bodies and attributes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn insert(&mut self, id: DeliveryId, holding: Holding) {
        self.bytes += holding.bytes;
        self.holdings.insert(id, holding);
    }

    /// A delivery leaves.
    pub(crate) fn forget(&mut self, id: DeliveryId) {
        if let Some(holding) = self.holdings.remove(&id) {
            self.bytes -= holding.bytes;
        }
    }

    pub(crate) fn get(&self, id: DeliveryId) -> Option<&Holding> {
        self.holdings.get(&id)
    }

    pub(crate) fn enter(&mut self, id: DeliveryId, phase: Phase) {
        if let Some(holding) = self.holdings.get_mut(&id) {
            holding.phase = phase;
        }
    }

    /// Whether `id` has a lease at `now`, so that settling it can succeed.
    pub(crate) fn is_leased(&self, id: DeliveryId, now: Timestamp) -> bool {
        self.get(id).is_some_and(|holding| !holding.lost && holding.lease_ends.is_none_or(|ends| ends > now))
    }

    /// Whether `id` has left or is on its way out.
    pub(crate) fn is_settling(&self, id: DeliveryId) -> bool {
        self.get(id).is_none_or(|holding| matches!(holding.phase, Phase::Removing | Phase::Releasing))
    }

    /// The deliveries in this phase.
    pub(crate) fn in_phase(&self, phase: Phase) -> impl Iterator<Item = (DeliveryId, &Holding)> {
        let all = self.holdings.iter().map(|(id, holding)| (*id, holding));
        all.filter(move |(_, holding)| holding.phase == phase)
    }

    /// The tokens of the handlers that run.
    pub(crate) fn running_tokens(&self) -> Vec<CancellationToken> {
        self.in_phase(Phase::Running).map(|(_, holding)| holding.cancellation.clone()).collect()
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
        ending
            .map(|(id, holding)| {
                holding.extending = true;
                (*id, holding.lease.clone())
            })
            .collect()
    }

    /// Ends an extension; gives the settlement that waited for it.
    pub(super) fn extension_ended(
        &mut self,
        id: DeliveryId,
        ends: Option<Timestamp>,
    ) -> Option<SettleAction> {
        let holding = self.holdings.get_mut(&id)?;
        holding.extending = false;
        holding.lease_ends = ends.or(holding.lease_ends);
        holding.postponed.take()
    }

    /// Keeps a settlement back that an extension on its way could undo; gives it back where there is none.
    pub(super) fn postpone(&mut self, id: DeliveryId, action: SettleAction) -> Option<SettleAction> {
        match self.holdings.get_mut(&id) {
            Some(holding) if holding.extending && !holding.lost => {
                holding.postponed = Some(action);
                None
            }
            _ => Some(action),
        }
    }

    /// When the next lease ends.
    pub(crate) fn next_lease_end(&self) -> Option<Timestamp> {
        let kept = self.holdings.values().filter(|holding| !holding.lost);
        kept.filter_map(|holding| holding.lease_ends).min()
    }

    /// The deliveries whose lease has ended by `now` unnoticed.
    pub(crate) fn leases_ended(&self, now: Timestamp) -> Vec<DeliveryId> {
        let ended = |holding: &Holding| !holding.lost && holding.lease_ends.is_some_and(|ends| ends <= now);
        self.holdings.iter().filter(|(_, holding)| ended(holding)).map(|(id, _)| *id).collect()
    }

    /// Notes that a lease is gone; gives, the first time, the token of its handler and the settlement that
    /// waited for an extension.
    pub(super) fn lose(&mut self, id: DeliveryId) -> Option<(CancellationToken, Option<SettleAction>)> {
        let holding = self.holdings.get_mut(&id)?;
        let first = !std::mem::replace(&mut holding.lost, true);
        first.then(|| (holding.cancellation.clone(), holding.postponed.take()))
    }
}

impl Holding {
    pub(crate) fn ends_before(&self, soon: Timestamp) -> bool {
        !self.lost && self.lease_ends.is_some_and(|ends| ends < soon)
    }
}
