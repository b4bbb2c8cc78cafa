//! What a FIFO queue remembers for five minutes: deduplication ids, and the receives of attempt ids.

use std::collections::{HashMap, VecDeque};

use bytestring::ByteString;

use super::ids::{MessageId, Receipt, SequenceNumber};
use super::limits;

const DEDUPLICATION: i64 = limits::DEDUPLICATION_INTERVAL.as_micros() as i64;
const ATTEMPT: i64 = limits::ATTEMPT_INTERVAL.as_micros() as i64;

/// The id of a message that was sent: its group where ids are unique in groups only, and the id.
pub(super) type DeduplicationKey = (Option<ByteString>, ByteString);

/// Deduplication ids and the messages that first had them.
#[derive(Debug, Default)]
pub(super) struct Deduplication {
    seen: Remembered<DeduplicationKey, (MessageId, SequenceNumber)>,
}

impl Deduplication {
    pub(super) fn forget_before(&mut self, now: i64) {
        self.seen.forget_before(now);
    }

    pub(super) fn first(&self, key: &DeduplicationKey) -> Option<(MessageId, SequenceNumber)> {
        self.seen.values.get(key).map(|(_, first)| *first)
    }

    pub(super) fn remember(&mut self, key: DeduplicationKey, first: (MessageId, SequenceNumber), now: i64) {
        self.seen.insert(key, first, now + DEDUPLICATION);
    }

    pub(super) fn len(&self) -> usize {
        self.seen.values.len()
    }

    /// When the oldest id will be forgotten.
    pub(super) fn next_forgotten(&self) -> Option<i64> {
        self.seen.order.front().map(|(until, _)| *until)
    }

    pub(super) fn clear(&mut self) {
        self.seen = Remembered::default();
    }
}

/// Receives that carried an attempt id, so that the same id returns the same messages again.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    receives: Remembered<ByteString, Vec<Receipt>>,
}

impl Attempts {
    pub(super) fn forget_before(&mut self, now: i64) {
        self.receives.forget_before(now);
    }

    /// When the oldest id will be forgotten.
    pub(super) fn next_forgotten(&self) -> Option<i64> {
        self.receives.order.front().map(|(until, _)| *until)
    }

    pub(super) fn get(&self, id: &ByteString) -> Option<Vec<Receipt>> {
        self.receives.values.get(id).map(|(_, receipts)| receipts.clone())
    }

    pub(super) fn remember(&mut self, id: ByteString, receipts: Vec<Receipt>, now: i64) {
        self.receives.insert(id, receipts, now + ATTEMPT);
    }

    pub(super) fn clear(&mut self) {
        self.receives = Remembered::default();
    }
}

/// Values that are forgotten at a time, which for all of them is the same interval after they came.
#[derive(Debug)]
struct Remembered<K, V> {
    values: HashMap<K, (i64, V), foldhash::fast::RandomState>,
    order: VecDeque<(i64, K)>,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self { values: HashMap::default(), order: VecDeque::new() }
    }
}

impl<K: std::hash::Hash + Eq + Clone, V> Remembered<K, V> {
    fn insert(&mut self, key: K, value: V, until: i64) {
        self.values.insert(key.clone(), (until, value));
        self.order.push_back((until, key));
    }

    fn forget_before(&mut self, now: i64) {
        while let Some((until, key)) = self.order.front() {
            if *until > now {
                break;
            }
            // The key may have come again meanwhile, with a later end.
            if self.values.get(key).is_some_and(|(end, _)| end == until) {
                self.values.remove(key);
            }
            self.order.pop_front();
        }
    }
}
