//! Which entries go into the next batch: plain state, no waiting and no clock of its own.
//!
//! An entry is *ready*, *sent* (its call is under way), *backing off*, or decided. On an ordered queue one entry
//! of a group is under way at a time, so that a failed one is never overtaken by its successors; the rest of its
//! group waits behind it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::Timestamp;

use crate::limits::{MAX_BATCH, MAX_BYTES};

/// What became of one entry in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Taken, or refused for good: its successors may go.
    Decided,
    /// Not taken this time: again at this moment.
    Again(Timestamp),
    /// Given up although it might pass later: its successors must not overtake it.
    GivenUp,
}

#[derive(Debug, Default)]
pub(crate) struct Plan {
    sizes: Vec<usize>,
    /// The lane of each entry, where there are lanes.
    lanes: Vec<Option<usize>>,
    /// What waits behind the entry of its lane that is ready, sent or backing off.
    waiting: Vec<VecDeque<usize>>,
    ready: VecDeque<usize>,
    backing_off: BTreeMap<Timestamp, Vec<usize>>,
}

impl Plan {
    /// A plan for entries of these sizes; those with the same group go one after the other.
    pub(crate) fn new<'a>(entries: impl IntoIterator<Item = (usize, Option<&'a str>)>) -> Self {
        let entries = entries.into_iter();
        let count = entries.size_hint().0;
        let mut plan = Self {
            sizes: Vec::with_capacity(count),
            lanes: Vec::with_capacity(count),
            ready: VecDeque::with_capacity(count),
            ..Self::default()
        };
        let mut groups: HashMap<&str, usize> = HashMap::new();
        for (index, (size, group)) in entries.enumerate() {
            plan.sizes.push(size);
            let known = group.and_then(|group| groups.get(group)).copied();
            match (group, known) {
                (Some(_), Some(lane)) => {
                    plan.lanes.push(Some(lane));
                    plan.waiting[lane].push_back(index);
                    continue;
                }
                (Some(group), None) => {
                    groups.insert(group, plan.waiting.len());
                    plan.lanes.push(Some(plan.waiting.len()));
                    plan.waiting.push(VecDeque::new());
                }
                (None, _) => plan.lanes.push(None),
            }
            plan.ready.push_back(index);
        }
        plan
    }

    /// The next batch, in the entries' order: at most 10 entries and 1,048,576 bytes.
    pub(crate) fn next_batch(&mut self) -> Option<Vec<usize>> {
        let mut batch = Vec::with_capacity(self.ready.len().min(MAX_BATCH));
        let mut bytes = 0;
        while let Some(index) = self.ready.front().copied() {
            bytes += self.sizes[index];
            if batch.len() == MAX_BATCH || (bytes > MAX_BYTES && !batch.is_empty()) {
                break;
            }
            self.ready.pop_front();
            batch.push(index);
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Notes what became of an entry that was sent; returns those that are given up with it.
    pub(crate) fn note(&mut self, index: usize, outcome: Outcome) -> Vec<usize> {
        let lane = self.lanes[index].map(|lane| &mut self.waiting[lane]);
        match (outcome, lane) {
            (Outcome::Again(at), _) => {
                self.backing_off.entry(at).or_default().push(index);
                Vec::new()
            }
            (Outcome::Decided, Some(waiting)) => {
                self.ready.extend(waiting.pop_front());
                Vec::new()
            }
            (Outcome::GivenUp, Some(waiting)) => waiting.drain(..).collect(),
            (_, None) => Vec::new(),
        }
    }

    /// Makes ready whose backoff has ended by `now`, and returns when the next one ends.
    pub(crate) fn wake(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some(entry) = self.backing_off.first_entry() {
            if *entry.key() > now {
                return Some(*entry.key());
            }
            self.ready.extend(entry.remove());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn plan(sizes: &[usize]) -> Plan {
        Plan::new(sizes.iter().map(|size| (*size, None)))
    }

    fn grouped(groups: &[&'static str]) -> Plan {
        Plan::new(groups.iter().map(|group| (1, Some(*group))))
    }

    #[test]
    fn batches_are_split_by_count_and_by_bytes_in_order() {
        let mut plan = plan(&[1; 21]);
        let lengths: Vec<_> = std::iter::from_fn(|| plan.next_batch()).map(|batch| batch.len()).collect();
        assert_eq!(lengths, [10, 10, 1]);

        let half = MAX_BYTES / 2;
        let mut plan = self::plan(&[half, half, 1, MAX_BYTES, half]);
        let batches: Vec<_> = std::iter::from_fn(|| plan.next_batch()).collect();
        assert_eq!(batches, [vec![0, 1], vec![2], vec![3], vec![4]]);
    }

    #[test]
    fn one_entry_of_a_group_is_under_way_at_a_time() {
        let mut plan = grouped(&["a", "a", "b", "a"]);
        assert_eq!(plan.next_batch(), Some(vec![0, 2]));
        assert_eq!(plan.next_batch(), None);
        assert_eq!(plan.note(2, Outcome::Decided), Vec::<usize>::new());
        assert_eq!(plan.next_batch(), None);
        plan.note(0, Outcome::Decided);
        assert_eq!(plan.next_batch(), Some(vec![1]));
    }

    #[test]
    fn a_failed_entry_goes_again_alone_and_is_not_overtaken() {
        let mut plan = grouped(&["a", "a", "b", "b"]);
        assert_eq!(plan.next_batch(), Some(vec![0, 2]));
        plan.note(0, Outcome::Again(at(5)));
        plan.note(2, Outcome::Decided);
        assert_eq!(plan.next_batch(), Some(vec![3]));
        assert_eq!(plan.wake(at(4)), Some(at(5)));
        assert_eq!(plan.next_batch(), None);
        assert_eq!(plan.wake(at(5)), None);
        assert_eq!(plan.next_batch(), Some(vec![0]));
    }

    #[test]
    fn who_gives_up_takes_the_rest_of_its_group_along() {
        let mut plan = grouped(&["a", "b", "a", "a"]);
        assert_eq!(plan.next_batch(), Some(vec![0, 1]));
        assert_eq!(plan.note(0, Outcome::GivenUp), [2, 3]);
        plan.note(1, Outcome::Decided);
        assert_eq!(plan.next_batch(), None);
        assert_eq!(plan.wake(at(0)), None);
    }
}
