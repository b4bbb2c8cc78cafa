//! Doubly linked lists through the slots of the messages themselves: no allocation, any element out in constant
//! time.

use super::stored::Stored;
use crate::slab::{NONE, Slab};

/// Which of a message's two pairs of links a list runs through.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chain {
    /// A group's messages: all of them in order on a FIFO queue, the visible ones on a standard queue.
    Group,
    /// All messages of a queue, in the order they came.
    Age,
}

/// A message's neighbours in one list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    pub(super) previous: u32,
    pub(super) next: u32,
}

impl Default for Links {
    fn default() -> Self {
        Self { previous: NONE, next: NONE }
    }
}

/// The two ends of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) head: u32,
    tail: u32,
}

impl Default for List {
    fn default() -> Self {
        Self { head: NONE, tail: NONE }
    }
}

impl List {
    pub(super) fn push_back(&mut self, messages: &mut Slab<Stored>, chain: Chain, slot: u32) {
        if let Some(stored) = messages.get_mut(slot) {
            stored.links[chain as usize] = Links { previous: self.tail, next: NONE };
        }
        match messages.get_mut(self.tail) {
            Some(tail) => tail.links[chain as usize].next = slot,
            None => self.head = slot,
        }
        self.tail = slot;
    }

    pub(super) fn push_front(&mut self, messages: &mut Slab<Stored>, chain: Chain, slot: u32) {
        if let Some(stored) = messages.get_mut(slot) {
            stored.links[chain as usize] = Links { previous: NONE, next: self.head };
        }
        match messages.get_mut(self.head) {
            Some(head) => head.links[chain as usize].previous = slot,
            None => self.tail = slot,
        }
        self.head = slot;
    }

    /// Takes `slot`, which must be in this list, out of it.
    pub(super) fn remove(&mut self, messages: &mut Slab<Stored>, chain: Chain, slot: u32) {
        let Some(stored) = messages.get_mut(slot) else { return };
        let Links { previous, next } = std::mem::take(&mut stored.links[chain as usize]);
        match messages.get_mut(previous) {
            Some(before) => before.links[chain as usize].next = next,
            None => self.head = next,
        }
        match messages.get_mut(next) {
            Some(after) => after.links[chain as usize].previous = previous,
            None => self.tail = previous,
        }
    }
}
