//! Which slot is due next: a binary heap that knows where each slot stands, so that a deadline can be taken
//! back or moved.
//!
//! An ordinary heap would keep the deadline of every message that was acknowledged in time until that deadline
//! passes, up to twelve hours; this one holds one entry a hidden message and nothing else.

/// Deadlines of slots, the earliest at hand. Every operation is logarithmic, and constant for a deadline that is
/// later than all others, which is what a receive sets.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: Vec<(i64, u32)>,
    /// Where a slot stands in the heap; `NOWHERE` for slots without a deadline.
    positions: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl Deadlines {
    /// The earliest deadline and its slot.
    pub(super) fn first(&self) -> Option<(i64, u32)> {
        self.heap.first().copied()
    }

    /// Sets or moves the deadline of `slot`.
    pub(super) fn set(&mut self, slot: u32, deadline: i64) {
        let index = slot as usize;
        if self.positions.len() <= index {
            self.positions.resize(index + 1, NOWHERE);
        }
        let position = self.positions[index];
        if position == NOWHERE {
            self.heap.push((deadline, slot));
            self.rise(self.heap.len() - 1);
        } else {
            self.heap[position as usize].0 = deadline;
            self.settle(position as usize);
        }
    }

    /// Forgets the deadline of `slot`, if it has one.
    pub(super) fn remove(&mut self, slot: u32) {
        let Some(position) = self.positions.get_mut(slot as usize) else { return };
        let position = std::mem::replace(position, NOWHERE);
        if position == NOWHERE {
            return;
        }
        self.heap.swap_remove(position as usize);
        if (position as usize) < self.heap.len() {
            self.settle(position as usize);
        }
    }

    pub(super) fn clear(&mut self) {
        self.heap.clear();
        self.positions.clear();
    }

    fn settle(&mut self, position: usize) {
        let position = self.rise(position);
        self.sink(position);
    }

    /// Moves the entry at `position` up to where it belongs and returns its new place.
    fn rise(&mut self, mut position: usize) -> usize {
        let entry = self.heap[position];
        while position > 0 {
            let parent = (position - 1) / 2;
            if self.heap[parent].0 <= entry.0 {
                break;
            }
            self.place(position, self.heap[parent]);
            position = parent;
        }
        self.place(position, entry);
        position
    }

    fn sink(&mut self, mut position: usize) {
        let entry = self.heap[position];
        loop {
            let left = 2 * position + 1;
            let Some(&(left_deadline, _)) = self.heap.get(left) else { break };
            let right_is_earlier = self.heap.get(left + 1).is_some_and(|right| right.0 < left_deadline);
            let child = if right_is_earlier { left + 1 } else { left };
            if self.heap[child].0 >= entry.0 {
                break;
            }
            self.place(position, self.heap[child]);
            position = child;
        }
        self.place(position, entry);
    }

    fn place(&mut self, position: usize, entry: (i64, u32)) {
        self.heap[position] = entry;
        self.positions[entry.1 as usize] = position as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// A small generator, so that the test needs no crate and repeats itself.
    fn next(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *state >> 33
    }

    #[test]
    fn behaves_like_a_sorted_map_under_random_operations() {
        let (mut deadlines, mut model, mut random) = (Deadlines::default(), BTreeMap::new(), 1);
        for _ in 0..20_000 {
            let (slot, action) = (next(&mut random) as u32 % 64, next(&mut random) % 4);
            if action == 0 {
                deadlines.remove(slot);
                model.remove(&slot);
            } else {
                let deadline = next(&mut random) as i64 % 1000;
                deadlines.set(slot, deadline);
                model.insert(slot, deadline);
            }
            assert_eq!(deadlines.first().map(|(deadline, _)| deadline), model.values().min().copied());
            assert_eq!(deadlines.heap.len(), model.len());
            for (slot, deadline) in &model {
                let position = deadlines.positions[*slot as usize] as usize;
                assert_eq!(deadlines.heap[position], (*deadline, *slot));
            }
        }
    }
}
