//! Which messages a receive gets.

use std::sync::Arc;

use super::groups::Tenants;
use super::ids::{Receipt, SequenceNumber};
use super::message::{Content, ReceivedMessage};
use super::state::{End, State};
use super::stored::{Place, Stored};
use crate::slab::NONE;

/// What one receive asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) max: usize,
    /// Microseconds; `None` = the queue's own timeout.
    pub(super) visibility_timeout: Option<i64>,
    /// Whether messages that were received too often move away instead of being handed out.
    pub(super) redrive: bool,
}

/// A message that is leaving for another queue; it stays hidden here until it arrived there.
#[derive(Debug)]
pub(super) struct Departure {
    pub(super) slot: u32,
    pub(super) generation: u32,
    pub(super) content: Arc<Content>,
    pub(super) sent_at: i64,
    pub(super) dead_letter_source: Option<Arc<str>>,
}

enum Picked {
    Received,
    Departing,
    /// Too old: it is gone.
    Expired,
}

impl State {
    /// Receives up to `wanted.max` messages into `received`; those that are to move away go into `departures`.
    pub(super) fn pick(
        &mut self,
        wanted: Wanted,
        received: &mut Vec<ReceivedMessage>,
        departures: &mut Vec<Departure>,
    ) {
        let first = received.len();
        if received.capacity() == 0 {
            received.reserve_exact(wanted.max.min(self.messages.len()));
        }
        while received.len() < wanted.max && self.in_flight < self.capacity.in_flight {
            let tenants = (!self.attributes.fifo).then_some(Tenants { in_flight: self.in_flight });
            let Some(group) = self.groups.next_turn(tenants) else { break };
            if self.attributes.fifo {
                self.pick_in_order(group, wanted, received, departures);
            } else {
                self.pick_from_tenant(group, wanted, received, departures);
            }
            self.offer(group);
        }
        // A message received with a timeout of zero is visible again, but not twice in one answer.
        if self.timeout_of(wanted) == 0 {
            for message in &received[first..] {
                self.show(message.receipt.slot, End::Back);
            }
        }
    }

    /// From the first message of a group on, as far as nothing is hidden.
    fn pick_in_order(
        &mut self,
        group: u32,
        wanted: Wanted,
        received: &mut Vec<ReceivedMessage>,
        departures: &mut Vec<Departure>,
    ) {
        let mut slot = self.groups.get(group).map_or(NONE, |group| group.list.head);
        while received.len() < wanted.max && self.in_flight < self.capacity.in_flight {
            let Some(stored) = self.messages.get(slot).filter(|stored| stored.place == Place::Ready) else {
                break;
            };
            let next = stored.next_in_group();
            if let Picked::Departing = self.pick_one(slot, wanted, received, departures) {
                break;
            }
            slot = next;
        }
    }

    /// One message, or as many as wanted where no other tenant waits.
    fn pick_from_tenant(
        &mut self,
        group: u32,
        wanted: Wanted,
        received: &mut Vec<ReceivedMessage>,
        departures: &mut Vec<Departure>,
    ) {
        while received.len() < wanted.max && self.in_flight < self.capacity.in_flight {
            let slot = self.groups.get(group).map_or(NONE, |group| group.list.head);
            if slot == NONE {
                break;
            }
            self.pick_one(slot, wanted, received, departures);
            if !self.groups.is_idle() {
                break;
            }
        }
    }

    fn pick_one(
        &mut self,
        slot: u32,
        wanted: Wanted,
        received: &mut Vec<ReceivedMessage>,
        departures: &mut Vec<Departure>,
    ) -> Picked {
        let Some(stored) = self.messages.get(slot) else { return Picked::Expired };
        if self.is_expired(stored) {
            self.remove(slot);
            return Picked::Expired;
        }
        let most = self.attributes.redrive.as_ref().filter(|_| wanted.redrive);
        if most.is_some_and(|policy| stored.receive_count >= policy.max_receive_count) {
            departures.extend(self.depart(slot));
            return Picked::Departing;
        }
        received.extend(self.receive(slot, self.timeout_of(wanted)));
        Picked::Received
    }

    fn receive(&mut self, slot: u32, timeout: i64) -> Option<ReceivedMessage> {
        self.hide(slot, Place::InFlight);
        if timeout > 0 {
            self.hide_until(slot, self.now.saturating_add(timeout));
        }
        let now = self.now;
        let stored = self.messages.get_mut(slot)?;
        stored.receive_count += 1;
        stored.receives = stored.receives.wrapping_add(1);
        stored.received_at = now;
        stored.changed = false;
        if stored.receive_count == 1 {
            stored.first_received_at = now;
        }
        self.received(slot)
    }

    /// The present receive of a message, as its consumer sees it.
    pub(super) fn received(&self, slot: u32) -> Option<ReceivedMessage> {
        let stored = self.messages.get(slot)?;
        Some(ReceivedMessage {
            content: Arc::clone(&stored.content),
            receipt: self.receipt(slot, stored),
            receive_count: stored.receive_count,
            sent_at: stored.sent_at,
            first_received_at: stored.first_received_at,
            sequence_number: self.attributes.fifo.then_some(SequenceNumber(stored.sequence)),
            dead_letter_source: stored.dead_letter_source.clone(),
        })
    }

    fn receipt(&self, slot: u32, stored: &Stored) -> Receipt {
        Receipt {
            queue: self.queue,
            slot,
            generation: self.messages.generation(slot),
            receive: stored.receives,
        }
    }

    fn timeout_of(&self, wanted: Wanted) -> i64 {
        wanted.visibility_timeout.unwrap_or(self.attributes.visibility_timeout.as_micros() as i64)
    }

    /// The next visible message, for a move task.
    pub(super) fn pick_departure(&mut self) -> Option<Departure> {
        loop {
            let group = self.groups.next_turn(None)?;
            let slot = self.groups.get(group).map_or(NONE, |group| group.list.head);
            let ready = self.messages.get(slot).is_some_and(|stored| stored.place == Place::Ready);
            let departure = if ready { self.depart(slot) } else { None };
            self.offer(group);
            if departure.is_some() {
                return departure;
            }
        }
    }

    fn depart(&mut self, slot: u32) -> Option<Departure> {
        self.hide(slot, Place::Moving);
        let stored = self.messages.get(slot)?;
        Some(Departure {
            slot,
            generation: self.messages.generation(slot),
            content: Arc::clone(&stored.content),
            sent_at: stored.sent_at,
            dead_letter_source: stored.dead_letter_source.clone(),
        })
    }

    /// Ends a departure: the message is gone, or stays hidden for `timeout` (zero = visible at once).
    pub(super) fn conclude(&mut self, departure: &Departure, arrived: bool, timeout: i64) {
        let Departure { slot, generation, .. } = *departure;
        let moving = |stored: &&Stored| stored.place == Place::Moving;
        if self.messages.get_generation(slot, generation).filter(moving).is_none() {
            return; // purged or expired meanwhile
        }
        if arrived {
            self.remove(slot);
        } else if timeout == 0 {
            self.show(slot, End::Front);
        } else if let Some(stored) = self.messages.get_mut(slot) {
            stored.place = Place::InFlight;
            self.hide_until(slot, self.now.saturating_add(timeout));
        }
    }
}
