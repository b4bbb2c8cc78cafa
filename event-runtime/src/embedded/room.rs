//! How much a queue may hold, and who waits for room.
//!
//! Senders get room in the order they asked for it, so that a large message does not starve behind small ones.

use std::collections::BTreeMap;
use std::task::Waker;

use super::limits;

/// The most that one queue holds. The service itself has no such bounds but the in-flight one; a process has.
///
/// ```
/// use event_runtime::embedded::{Broker, Capacity};
///
/// let broker = Broker::builder().capacity(Capacity::default().messages(10_000).bytes(64 << 20)).build();
/// # let _ = broker;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub(super) messages: usize,
    pub(super) bytes: usize,
    pub(super) in_flight: usize,
    pub(super) deduplication_ids: usize,
}

impl Default for Capacity {
    /// 1,000,000 messages, 256 MiB, 120,000 in flight, 1,000,000 deduplication ids.
    fn default() -> Self {
        Self {
            messages: 1_000_000,
            bytes: 256 << 20,
            in_flight: limits::MAX_IN_FLIGHT,
            deduplication_ids: 1_000_000,
        }
    }
}

impl Capacity {
    /// The most messages, visible or not; at least 1. An empty queue takes one request of any size.
    #[must_use]
    pub fn messages(mut self, messages: usize) -> Self {
        self.messages = messages.clamp(1, u32::MAX as usize - 1);
        self
    }

    /// The most bytes of bodies and attributes. An empty queue takes one request of any size.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The most messages received and not yet settled; at least 1.
    #[must_use]
    pub fn in_flight(mut self, messages: usize) -> Self {
        self.in_flight = messages.max(1);
        self
    }

    /// The most deduplication ids that a FIFO queue remembers for their five minutes; at least 1. A send beyond
    /// it waits until the oldest is forgotten.
    #[must_use]
    pub fn deduplication_ids(mut self, ids: usize) -> Self {
        self.deduplication_ids = ids.max(1);
        self
    }
}

/// What a send needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) messages: usize,
    pub(super) bytes: usize,
}

#[derive(Debug)]
pub(super) struct Room {
    messages: usize,
    bytes: usize,
    used: Need,
    /// Senders without room, by ticket: the lowest asked first.
    waiting: BTreeMap<u64, Waiting>,
    /// Room set aside for senders that were woken and have not taken it yet.
    granted: BTreeMap<u64, Need>,
    next_ticket: u64,
    woken: Vec<Waker>,
}

#[derive(Debug)]
struct Waiting {
    need: Need,
    waker: Waker,
}

impl Room {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self {
            messages: capacity.messages,
            bytes: capacity.bytes,
            used: Need::default(),
            waiting: BTreeMap::new(),
            granted: BTreeMap::new(),
            next_ticket: 0,
            woken: Vec::new(),
        }
    }

    pub(super) fn used(&self) -> Need {
        self.used
    }

    /// Takes room where there is some and nobody waits for it.
    pub(super) fn try_take(&mut self, need: Need) -> bool {
        let free = self.waiting.is_empty() && self.fits(need);
        if free {
            self.add(need);
        }
        free
    }

    /// Gives room back and passes it on to those who wait; their wakers come out of [`Room::take_woken`].
    pub(super) fn give_back(&mut self, need: Need) {
        self.used.messages = self.used.messages.saturating_sub(need.messages);
        self.used.bytes = self.used.bytes.saturating_sub(need.bytes);
        self.grant();
    }

    /// Gets in line.
    pub(super) fn wait(&mut self, need: Need, waker: Waker) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting.insert(ticket, Waiting { need, waker });
        ticket
    }

    /// Whether the room of this ticket is set aside; if so the ticket is used up, and the room is the caller's.
    pub(super) fn poll(&mut self, ticket: u64, waker: &Waker) -> bool {
        if let Some(waiting) = self.waiting.get_mut(&ticket) {
            waiting.waker.clone_from(waker);
        }
        self.granted.remove(&ticket).is_some()
    }

    /// Leaves the line; room that was set aside goes to the next.
    pub(super) fn cancel(&mut self, ticket: u64) {
        if let Some(need) = self.granted.remove(&ticket) {
            self.give_back(need);
        } else if self.waiting.remove(&ticket).is_some() {
            // Whoever stood behind may fit where this one did not.
            self.grant();
        }
    }

    /// Wakes everybody, for a queue that is being deleted.
    pub(super) fn wake_all(&mut self) {
        self.woken.extend(self.waiting.values().map(|waiting| waiting.waker.clone()));
    }

    pub(super) fn has_woken(&self) -> bool {
        !self.woken.is_empty()
    }

    pub(super) fn take_woken(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.woken)
    }

    fn fits(&self, need: Need) -> bool {
        let Need { messages, bytes } = self.used;
        let empty = messages == 0 && bytes == 0;
        empty || (messages + need.messages <= self.messages && bytes + need.bytes <= self.bytes)
    }

    fn add(&mut self, need: Need) {
        self.used.messages += need.messages;
        self.used.bytes += need.bytes;
    }

    fn grant(&mut self) {
        while let Some(entry) = self.waiting.first_entry() {
            let (ticket, need) = (*entry.key(), entry.get().need);
            if !self.fits(need) {
                break;
            }
            if let Some(waiting) = self.waiting.remove(&ticket) {
                self.woken.push(waiting.waker);
            }
            self.add(need);
            self.granted.insert(ticket, need);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Need = Need { messages: 1, bytes: 10 };

    fn room() -> Room {
        Room::new(Capacity::default().messages(2).bytes(100))
    }

    #[test]
    fn room_is_given_in_the_order_it_was_asked_for() {
        let (mut room, waker) = (room(), Waker::noop());
        let large = Need { messages: 1, bytes: 95 };
        assert!(room.try_take(ONE));
        let first = room.wait(large, waker.clone());
        let second = room.wait(ONE, waker.clone());
        assert!(!room.try_take(ONE), "the large one asked first");
        room.give_back(ONE);
        assert!(room.poll(first, waker) && !room.poll(second, waker));
        room.give_back(large);
        assert!(room.poll(second, waker));
        assert_eq!((room.take_woken().len(), room.used()), (2, ONE));
    }

    #[test]
    fn leaving_the_line_lets_the_next_one_in() {
        let (mut room, waker) = (room(), Waker::noop());
        assert!(room.try_take(ONE));
        let large = room.wait(Need { messages: 1, bytes: 95 }, waker.clone());
        let small = room.wait(ONE, waker.clone());
        room.cancel(large);
        room.cancel(small);
        assert_eq!(room.used(), ONE, "room that was set aside is given back");
    }

    #[test]
    fn an_empty_room_takes_what_is_larger_than_it() {
        let mut room = room();
        assert!(room.try_take(Need { messages: 10, bytes: 1000 }));
        assert!(!room.try_take(ONE));
    }
}
