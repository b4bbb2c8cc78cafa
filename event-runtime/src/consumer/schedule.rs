//! Which message may run next: plain state, no waiting and no clock of its own.
//!
//! A message with a key runs when no other of its key runs or backs off; keys are independent of one another.
//! Items are opaque here, so that the order can be tested without an engine.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use jiff::Timestamp;

pub(crate) type Key = Arc<str>;

/// Messages that were received and not yet handled, in the order in which they may run.
#[derive(Debug)]
pub(crate) struct Schedule<T> {
    ready: VecDeque<T>,
    keys: HashMap<Key, Lane<T>>,
    /// Keys whose head backs off, by the time it may run again.
    due: BTreeMap<(Timestamp, Key), ()>,
    /// Items without a key that back off, by the time they may run again and by the order in which they came.
    alone: BTreeMap<(Timestamp, u64), T>,
    came: u64,
    /// Items in lanes that back off.
    held: usize,
}

/// One key: something of it is ready, runs or backs off; the rest waits behind.
#[derive(Debug)]
struct Lane<T> {
    /// The head that backs off, and until when; `None` while the head is ready or runs.
    backing_off: Option<(Timestamp, T)>,
    waiting: VecDeque<T>,
}

impl<T> Lane<T> {
    fn held(&self) -> usize {
        if self.backing_off.is_some() { 1 + self.waiting.len() } else { 0 }
    }
}

impl<T> Schedule<T> {
    pub(crate) fn new() -> Self {
        Self {
            ready: VecDeque::new(),
            keys: HashMap::new(),
            due: BTreeMap::new(),
            alone: BTreeMap::new(),
            came: 0,
            held: 0,
        }
    }

    /// Takes in an item behind everything of its key.
    pub(crate) fn admit(&mut self, key: Option<&Key>, item: T) {
        let Some(key) = key else {
            self.ready.push_back(item);
            return;
        };
        match self.keys.get_mut(key) {
            Some(lane) => {
                self.held += usize::from(lane.backing_off.is_some());
                lane.waiting.push_back(item);
            }
            None => {
                self.keys.insert(key.clone(), Lane { backing_off: None, waiting: VecDeque::new() });
                self.ready.push_back(item);
            }
        }
    }

    /// Hands out the next item that may run.
    pub(crate) fn next(&mut self) -> Option<T> {
        self.ready.pop_front()
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The running item of `key` is decided: the next of the key becomes ready.
    pub(crate) fn decided(&mut self, key: &Key) {
        let Some(lane) = self.keys.get_mut(key) else { return };
        match lane.waiting.pop_front() {
            Some(item) => self.ready.push_back(item),
            None => {
                self.keys.remove(key);
            }
        }
    }

    /// The running item of `key` is to run again at `until`; its key waits for it.
    pub(crate) fn back_off(&mut self, key: &Key, until: Timestamp, item: T) {
        let lane = self
            .keys
            .entry(key.clone())
            .or_insert_with(|| Lane { backing_off: None, waiting: VecDeque::new() });
        lane.backing_off = Some((until, item));
        self.held += lane.held();
        self.due.insert((until, key.clone()), ());
    }

    /// An item without a key is to run again at `until`; nothing waits for it.
    pub(crate) fn back_off_alone(&mut self, until: Timestamp, item: T) {
        self.came += 1;
        self.alone.insert((until, self.came), item);
    }

    /// Makes every item ready whose backoff has ended.
    pub(crate) fn wake(&mut self, now: Timestamp) {
        while let Some(entry) = self.alone.first_entry().filter(|entry| entry.key().0 <= now) {
            self.ready.push_back(entry.remove());
        }
        while let Some(entry) = self.due.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((_, key), ()) = entry.remove_entry();
            if let Some(lane) = self.keys.get_mut(&key) {
                self.held -= lane.held();
                if let Some((_, item)) = lane.backing_off.take() {
                    self.ready.push_back(item);
                }
            }
        }
    }

    /// When the next backoff ends.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let alone = self.alone.keys().next().map(|(until, _)| *until);
        self.due.keys().next().map(|(until, _)| *until).into_iter().chain(alone).min()
    }

    /// Takes out, in order, what is `wanted` and ready, or backs off alone; its keys wait until it is
    /// [decided](Self::decided).
    pub(crate) fn take_ready(&mut self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
        let (taken, rest) = std::mem::take(&mut self.ready).into_iter().partition(&wanted);
        self.ready = rest;
        let alone = self.alone.extract_if(.., |_, item| wanted(item)).map(|(_, item)| item);
        VecDeque::into_iter(taken).chain(alone).collect()
    }

    /// The key that backs off with the most behind it.
    pub(crate) fn fullest(&self) -> Option<Key> {
        let backing_off = self.keys.iter().filter(|(_, lane)| lane.held() > 0);
        backing_off.max_by_key(|(_, lane)| lane.held()).map(|(key, _)| key.clone())
    }

    /// How many items are in keys that back off.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// How many items are in keys that back off, and how many more would be if `key` did.
    pub(crate) fn held_with(&self, key: &Key) -> usize {
        self.held + 1 + self.keys.get(key).map_or(0, |lane| lane.waiting.len())
    }

    /// Takes everything of `key` out that is not running, in order: its head when it backs off, with the time
    /// of its next attempt, and the rest. A head that is ready or runs keeps its place.
    pub(crate) fn take_key(&mut self, key: &Key) -> Vec<(Option<Timestamp>, T)> {
        let Some(lane) = self.keys.get_mut(key) else { return Vec::new() };
        self.held -= lane.held();
        let mut taken = Vec::with_capacity(lane.waiting.len() + 1);
        let head = lane.backing_off.take();
        let rest = std::mem::take(&mut lane.waiting);
        if let Some((until, item)) = head {
            self.due.remove(&(until, key.clone()));
            self.keys.remove(key);
            taken.push((Some(until), item));
        }
        taken.extend(rest.into_iter().map(|item| (None, item)));
        taken
    }

    /// Takes everything out that is not running, each with the time of its next attempt where it backs off.
    pub(crate) fn take_all(&mut self) -> Vec<(Option<Timestamp>, T)> {
        let mut taken: Vec<_> = self.ready.drain(..).map(|item| (None, item)).collect();
        let alone = std::mem::take(&mut self.alone);
        taken.extend(alone.into_iter().map(|((until, _), item)| (Some(until), item)));
        let keys: Vec<Key> = self.keys.keys().cloned().collect();
        for key in keys {
            taken.extend(self.take_key(&key));
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::from(name)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn one_of_a_key_runs_at_a_time_and_keys_do_not_wait_for_each_other() {
        let mut schedule = Schedule::new();
        let (a, b) = (key("a"), key("b"));
        for (key, item) in [(&a, 1), (&a, 2), (&b, 3), (&a, 4)] {
            schedule.admit(Some(key), item);
        }
        schedule.admit(None, 5);
        assert_eq!([schedule.next(), schedule.next(), schedule.next()], [Some(1), Some(3), Some(5)]);
        assert_eq!(schedule.next(), None);
        schedule.decided(&a);
        assert_eq!((schedule.next(), schedule.next()), (Some(2), None));
        schedule.decided(&a);
        assert_eq!((schedule.next(), schedule.next()), (Some(4), None));
    }

    #[test]
    fn a_key_waits_while_its_head_backs_off() {
        let mut schedule = Schedule::new();
        let a = key("a");
        schedule.admit(Some(&a), 1);
        schedule.admit(Some(&a), 2);
        assert_eq!(schedule.next(), Some(1));
        assert_eq!(schedule.held_with(&a), 2);
        schedule.back_off(&a, at(10), 1);
        schedule.admit(Some(&a), 3);
        assert_eq!((schedule.next(), schedule.next_due()), (None, Some(at(10))));
        schedule.wake(at(9));
        assert_eq!(schedule.next(), None);
        schedule.wake(at(10));
        assert_eq!((schedule.next(), schedule.next(), schedule.next_due()), (Some(1), None, None));
        schedule.decided(&a);
        assert_eq!(schedule.next(), Some(2));
        assert_eq!(schedule.held_with(&key("z")), 1);
    }

    #[test]
    fn a_key_is_taken_out_in_order_and_forgotten() {
        let mut schedule = Schedule::new();
        let a = key("a");
        schedule.admit(Some(&a), 1);
        schedule.admit(Some(&a), 2);
        schedule.next();
        schedule.back_off(&a, at(5), 1);
        assert_eq!(schedule.take_key(&a), [(Some(at(5)), 1), (None, 2)]);
        assert_eq!((schedule.next_due(), schedule.held_with(&a)), (None, 1));
        schedule.admit(Some(&a), 9);
        assert_eq!(schedule.next(), Some(9));
    }
}
