//! What one queue holds, and how time and requests change it. Everything here is synchronous and runs under the
//! queue's lock; times are microseconds since the Unix epoch.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use bytestring::ByteString;

use super::attributes::{DeduplicationScope, QueueAttributes};
use super::deadlines::Deadlines;
use super::error::{QueueError, QueueErrorKind};
use super::groups::Groups;
use super::ids::{Receipt, SequenceNumber};
use super::limits;
use super::list::{Chain, Links, List};
use super::memory::{Attempts, Deduplication, DeduplicationKey};
use super::message::{Content, SentMessage};
use super::room::{Capacity, Need, Room};
use super::stored::{Place, Stored};
use crate::slab::Slab;

/// The state of one queue.
#[derive(Debug)]
pub(super) struct State {
    pub(super) queue: u32,
    pub(super) attributes: QueueAttributes,
    pub(super) capacity: Capacity,
    pub(super) room: Room,
    /// The latest time seen: a wall clock that is set back must not make messages younger.
    pub(super) now: i64,
    /// Nothing is due before this time: at most that of the next deadline, expiry or id to forget.
    due: i64,
    pub(super) messages: Slab<Stored>,
    pub(super) groups: Groups,
    deadlines: Deadlines,
    /// All messages in the order they came. A dead letter keeps its earlier send time, so this is the order of
    /// expiry only nearly; whatever expired behind a younger message goes when it is picked.
    by_age: List,
    pub(super) in_flight: usize,
    delayed: usize,
    next_sequence: u64,
    deduplication: Deduplication,
    pub(super) attempts: Attempts,
    /// Receives that wait for messages.
    pub(super) waiting: usize,
    /// The time at which the receive that looked last will look again by itself.
    pub(super) watched: i64,
    purged_at: Option<i64>,
    pub(super) modified_at: i64,
    pub(super) deleted: bool,
}

/// A message on its way into a queue.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) content: Arc<Content>,
    /// Microseconds; `None` = the queue's own delay.
    pub(super) delay: Option<i64>,
}

impl Incoming {
    pub(super) fn need(&self) -> Need {
        Need { messages: 1, bytes: self.content.size }
    }
}

/// Why a message was not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The request itself is wrong.
    Error(QueueError),
    /// There is no room now.
    Full,
    /// There is no room for another deduplication id before this time.
    FullUntil(i64),
}

impl From<QueueError> for Refusal {
    fn from(error: QueueError) -> Self {
        Self::Error(error)
    }
}

/// Whom to wake after the lock is released.
#[derive(Debug, Default)]
pub(super) struct Wakes {
    pub(super) receiver: bool,
    pub(super) senders: Vec<Waker>,
}

/// How many messages a queue holds, as the service's approximate counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueCounts {
    /// Messages that could be received (on a FIFO queue, also those behind a hidden message of their group).
    pub visible: usize,
    /// Messages received and not yet settled.
    pub in_flight: usize,
    /// Messages that are kept back.
    pub delayed: usize,
    /// Bytes of bodies and attributes of all of them.
    pub bytes: usize,
}

impl State {
    pub(super) fn new(queue: u32, attributes: QueueAttributes, capacity: Capacity, now: i64) -> Self {
        Self {
            queue,
            attributes,
            capacity,
            room: Room::new(capacity),
            now,
            due: i64::MAX,
            messages: Slab::default(),
            groups: Groups::default(),
            deadlines: Deadlines::default(),
            by_age: List::default(),
            in_flight: 0,
            delayed: 0,
            next_sequence: 0,
            deduplication: Deduplication::default(),
            attempts: Attempts::default(),
            waiting: 0,
            watched: i64::MAX,
            purged_at: None,
            modified_at: now,
            deleted: false,
        }
    }

    /// Brings the state to the present: what is due becomes visible, what is too old goes.
    ///
    /// # Errors
    /// The queue was deleted.
    pub(super) fn tick(&mut self, now: i64) -> Result<(), QueueError> {
        if self.deleted {
            return Err(QueueError::does_not_exist());
        }
        self.now = self.now.max(now);
        if self.now >= self.due {
            self.end_what_is_due();
        }
        Ok(())
    }

    fn end_what_is_due(&mut self) {
        while let Some((deadline, slot)) = self.deadlines.first() {
            if deadline > self.now {
                break;
            }
            self.show(slot, End::Back);
        }
        while let Some(oldest) = self.messages.get(self.by_age.head) {
            if !self.is_expired(oldest) {
                break;
            }
            self.remove(self.by_age.head);
        }
        self.deduplication.forget_before(self.now);
        self.attempts.forget_before(self.now);
        let ids = [self.deduplication.next_forgotten(), self.attempts.next_forgotten()];
        let ids = ids.into_iter().flatten().min().unwrap_or(i64::MAX);
        self.due = self.next_event().min(self.next_expiry()).min(ids);
    }

    /// Something is due at `time`.
    fn expect(&mut self, time: i64) {
        self.due = self.due.min(time);
    }

    /// Hides a message until `deadline`.
    pub(super) fn hide_until(&mut self, slot: u32, deadline: i64) {
        self.deadlines.set(slot, deadline);
        self.expect(deadline);
    }

    /// What is due may have changed: the next request looks.
    pub(super) fn look_again(&mut self) {
        self.due = i64::MIN;
    }

    /// Remembers the receipts of an attempt id.
    pub(super) fn remember_attempt(&mut self, id: ByteString, receipts: Vec<Receipt>) {
        self.attempts.remember(id, receipts, self.now);
        self.expect(self.attempts.next_forgotten().unwrap_or(i64::MAX));
    }

    /// Takes a message in, with room that the caller got before where `has_room`.
    pub(super) fn send(&mut self, incoming: &Incoming, has_room: bool) -> Result<SentMessage, Refusal> {
        let key = self.deduplication_key(&incoming.content);
        if let Some((id, sequence)) = key.as_ref().and_then(|key| self.deduplication.first(key)) {
            if has_room {
                self.room.give_back(incoming.need());
            }
            return Ok(SentMessage { id, sequence_number: Some(sequence), duplicate: true });
        }
        if key.is_some() && self.deduplication.len() >= self.capacity.deduplication_ids {
            if has_room {
                self.room.give_back(incoming.need());
            }
            return Err(Refusal::FullUntil(self.deduplication.next_forgotten().unwrap_or(self.now)));
        }
        if !has_room && !self.room.try_take(incoming.need()) {
            return Err(Refusal::Full);
        }
        let own_delay = incoming.delay.filter(|delay| !self.attributes.fifo || *delay > 0);
        let delay = own_delay.unwrap_or(self.attributes.delay.as_micros() as i64);
        let content = Arc::clone(&incoming.content);
        let id = content.id;
        let sequence = self.insert(content, self.now, delay, None);
        if let Some(key) = key {
            self.deduplication.remember(key, (id, sequence), self.now);
            self.expect(self.deduplication.next_forgotten().unwrap_or(i64::MAX));
        }
        let sequence_number = self.attributes.fifo.then_some(sequence);
        Ok(SentMessage { id, sequence_number, duplicate: false })
    }

    /// Whether the size is within the queue's own limit.
    pub(super) fn check_size(&self, size: usize) -> Result<(), QueueError> {
        super::check::message_size(size, self.attributes.maximum_message_size)
    }

    /// Takes in what another queue gives away, if there is room: no deduplication, no delay.
    pub(super) fn take_over(
        &mut self,
        content: Arc<Content>,
        sent_at: i64,
        source: Option<Arc<str>>,
    ) -> bool {
        let need = Need { messages: 1, bytes: content.size };
        let has_room = !self.deleted && self.room.try_take(need);
        if has_room {
            self.insert(content, sent_at, 0, source);
        }
        has_room
    }

    fn insert(
        &mut self,
        content: Arc<Content>,
        sent_at: i64,
        delay: i64,
        dead_letter_source: Option<Arc<str>>,
    ) -> SequenceNumber {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let group = self.groups.enter(content.group.as_ref());
        let slot = self.messages.insert(Stored {
            content,
            place: Place::Delayed,
            group,
            sequence,
            sent_at,
            first_received_at: 0,
            received_at: 0,
            receive_count: 0,
            receives: 0,
            changed: false,
            dead_letter_source,
            links: [Links::default(); 2],
        });
        self.by_age.push_back(&mut self.messages, Chain::Age, slot);
        self.expect(sent_at.saturating_add(self.attributes.retention.as_micros() as i64));
        if self.attributes.fifo {
            self.with_list(group, |list, messages| list.push_back(messages, Chain::Group, slot));
        }
        self.delayed += 1;
        if delay > 0 {
            self.hide_until(slot, self.now.saturating_add(delay));
        } else {
            self.show(slot, End::Back);
        }
        SequenceNumber(sequence)
    }

    fn deduplication_key(&self, content: &Content) -> Option<DeduplicationKey> {
        let id = content.deduplication_id.clone().filter(|_| self.attributes.fifo)?;
        let in_group = self.attributes.deduplication_scope == DeduplicationScope::MessageGroup;
        Some((content.group.clone().filter(|_| in_group), id))
    }

    pub(super) fn is_expired(&self, stored: &Stored) -> bool {
        stored.sent_at.saturating_add(self.attributes.retention.as_micros() as i64) <= self.now
    }

    /// Makes a hidden message visible.
    pub(super) fn show(&mut self, slot: u32, end: End) {
        self.deadlines.remove(slot);
        let Some(stored) = self.messages.get_mut(slot) else { return };
        let (place, group) = (std::mem::replace(&mut stored.place, Place::Ready), stored.group);
        match place {
            Place::Ready => return,
            Place::Delayed => self.delayed -= 1,
            Place::InFlight | Place::Moving => self.count_in_flight(group, -1),
        }
        if !self.attributes.fifo {
            self.with_list(group, |list, messages| match end {
                End::Back => list.push_back(messages, Chain::Group, slot),
                End::Front => list.push_front(messages, Chain::Group, slot),
            });
        }
        self.offer(group);
    }

    /// Hides a visible message.
    pub(super) fn hide(&mut self, slot: u32, place: Place) {
        let Some(stored) = self.messages.get_mut(slot) else { return };
        let (old, group) = (std::mem::replace(&mut stored.place, place), stored.group);
        if old != Place::Ready {
            return;
        }
        self.count_in_flight(group, 1);
        if !self.attributes.fifo {
            self.with_list(group, |list, messages| list.remove(messages, Chain::Group, slot));
        }
    }

    /// Takes a message out for good.
    pub(super) fn remove(&mut self, slot: u32) -> Option<Arc<Content>> {
        let stored = self.messages.get(slot)?;
        let (place, group) = (stored.place, stored.group);
        if self.attributes.fifo || place == Place::Ready {
            self.with_list(group, |list, messages| list.remove(messages, Chain::Group, slot));
        }
        let was_oldest = self.by_age.head == slot;
        self.by_age.remove(&mut self.messages, Chain::Age, slot);
        if was_oldest {
            // What came next may be older: a dead letter keeps its send time.
            self.expect(self.next_expiry());
        }
        match place {
            Place::Ready => {}
            Place::Delayed => self.delayed -= 1,
            Place::InFlight | Place::Moving => self.count_in_flight(group, -1),
        }
        self.deadlines.remove(slot);
        let stored = self.messages.remove(slot)?;
        self.groups.leave(group);
        self.offer(group);
        self.room.give_back(Need { messages: 1, bytes: stored.content.size });
        Some(stored.content)
    }

    /// Gives the group a turn if a message of it can be received.
    pub(super) fn offer(&mut self, group: u32) {
        let head = self.groups.get(group).and_then(|group| self.messages.get(group.list.head));
        if head.is_some_and(|head| head.place == Place::Ready) {
            self.groups.give_turn(group);
        }
    }

    fn with_list(&mut self, group: u32, change: impl FnOnce(&mut List, &mut Slab<Stored>)) {
        if let Some(group) = self.groups.get_mut(group) {
            change(&mut group.list, &mut self.messages);
        }
    }

    fn count_in_flight(&mut self, group: u32, change: i32) {
        self.in_flight = self.in_flight.saturating_add_signed(change as isize);
        if let Some(group) = self.groups.get_mut(group) {
            group.in_flight = group.in_flight.saturating_add_signed(change);
        }
    }

    /// Removes every message and every deduplication id, at most once in 60 seconds.
    pub(super) fn purge(&mut self, name: &str) -> Result<(), QueueError> {
        let cool_down = limits::COOL_DOWN.as_micros() as i64;
        if self.purged_at.is_some_and(|purged_at| self.now < purged_at + cool_down) {
            return Err(purge_in_progress(name));
        }
        self.purged_at = Some(self.now);
        self.clear();
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        let held = Need { messages: self.messages.len(), bytes: self.message_bytes() };
        self.messages.clear();
        self.groups.clear();
        self.deadlines.clear();
        self.by_age = List::default();
        (self.in_flight, self.delayed) = (0, 0);
        self.deduplication.clear();
        self.attempts.clear();
        self.room.give_back(held);
    }

    /// Applies a changed delay to what is delayed now, which is how FIFO queues behave.
    pub(super) fn reset_delays(&mut self) {
        let delay = self.attributes.delay.as_micros() as i64;
        let (mut slot, mut delayed) = (self.by_age.head, VecDeque::new());
        while let Some(stored) = self.messages.get(slot) {
            if stored.place == Place::Delayed {
                delayed.push_back((slot, stored.sent_at.saturating_add(delay)));
            }
            slot = stored.links[Chain::Age as usize].next;
        }
        for (slot, deadline) in delayed {
            self.hide_until(slot, deadline);
        }
    }

    fn message_bytes(&self) -> usize {
        let (mut slot, mut bytes) = (self.by_age.head, 0);
        while let Some(stored) = self.messages.get(slot) {
            bytes += stored.content.size;
            slot = stored.links[Chain::Age as usize].next;
        }
        bytes
    }

    pub(super) fn counts(&self) -> QueueCounts {
        QueueCounts {
            visible: self.messages.len() - self.in_flight - self.delayed,
            in_flight: self.in_flight,
            delayed: self.delayed,
            bytes: self.room.used().bytes,
        }
    }

    /// When something becomes visible by itself; the end of time where nothing does.
    pub(super) fn next_event(&self) -> i64 {
        self.deadlines.first().map_or(i64::MAX, |(deadline, _)| deadline)
    }

    /// When the oldest message will be too old; the end of time in an empty queue.
    pub(super) fn next_expiry(&self) -> i64 {
        let retention = self.attributes.retention.as_micros() as i64;
        self.messages
            .get(self.by_age.head)
            .map_or(i64::MAX, |oldest| oldest.sent_at.saturating_add(retention))
    }

    /// What the request that just ended makes possible for others; `None` where nobody waits.
    pub(super) fn take_wakes(&mut self) -> Option<Wakes> {
        if self.waiting == 0 && !self.room.has_woken() {
            return None;
        }
        let receiver = self.waiting > 0 && {
            let available = !self.groups.is_idle() && self.in_flight < self.capacity.in_flight;
            available || self.next_event() < self.watched
        };
        Some(Wakes { receiver, senders: self.room.take_woken() })
    }
}

pub(super) fn purge_in_progress(queue: &str) -> QueueError {
    let text = format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.");
    QueueError::new(QueueErrorKind::PurgeQueueInProgress, text)
}

/// Where a message that becomes visible lines up on a standard queue.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Front,
    Back,
}
