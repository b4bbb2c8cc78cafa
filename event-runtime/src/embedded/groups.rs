//! A queue's groups, and whose turn it is.
//!
//! On a FIFO queue a group holds all its messages in order and has a turn while its first message is visible.
//! On a standard queue a group is a tenant, holds its visible messages, and has a turn while there are any;
//! a tenant that occupies the consumers waits until the others were served.

use std::collections::{HashMap, VecDeque};

use bytestring::ByteString;

use super::list::List;
use crate::slab::Slab;

/// The group of messages without one, on standard queues.
pub(super) const UNGROUPED: u32 = 0;

/// A tenant is noisy with this many messages in flight, and …
pub(super) const NOISY_IN_FLIGHT: u32 = 30;
/// … more than one in this many of all messages in flight. Both are the service's own thresholds.
pub(super) const NOISY_SHARE: usize = 10;

#[derive(Debug, Default)]
pub(super) struct Group {
    name: Option<ByteString>,
    pub(super) list: List,
    /// Messages of the group that the queue holds, visible or not.
    messages: u32,
    pub(super) in_flight: u32,
    has_turn: bool,
}

#[derive(Debug)]
pub(super) struct Groups {
    groups: Slab<Group>,
    by_name: HashMap<ByteString, u32, foldhash::fast::RandomState>,
    turns: VecDeque<u32>,
}

impl Default for Groups {
    fn default() -> Self {
        let mut groups = Slab::default();
        groups.insert(Group::default());
        Self { groups, by_name: HashMap::default(), turns: VecDeque::new() }
    }
}

impl Groups {
    pub(super) fn get(&self, group: u32) -> Option<&Group> {
        self.groups.get(group)
    }

    pub(super) fn get_mut(&mut self, group: u32) -> Option<&mut Group> {
        self.groups.get_mut(group)
    }

    /// The group of this name with one message more.
    pub(super) fn enter(&mut self, name: Option<&ByteString>) -> u32 {
        let slot = match name {
            None => UNGROUPED,
            Some(name) => match self.by_name.get(name) {
                Some(slot) => *slot,
                None => {
                    let slot = self.groups.insert(Group { name: Some(name.clone()), ..Group::default() });
                    self.by_name.insert(name.clone(), slot);
                    slot
                }
            },
        };
        if let Some(group) = self.groups.get_mut(slot) {
            group.messages += 1;
        }
        slot
    }

    /// One message of the group is gone; an empty group is forgotten.
    pub(super) fn leave(&mut self, slot: u32) {
        if let Some(group) = self.groups.get_mut(slot) {
            group.messages -= 1;
            self.forget_if_empty(slot);
        }
    }

    /// Queues the group for its turn, unless it waits for one already.
    pub(super) fn give_turn(&mut self, slot: u32) {
        if let Some(group) = self.groups.get_mut(slot).filter(|group| !group.has_turn) {
            group.has_turn = true;
            self.turns.push_back(slot);
        }
    }

    /// Takes the next group out of the line. `tenants` puts noisy ones behind the others.
    pub(super) fn next_turn(&mut self, tenants: Option<Tenants>) -> Option<u32> {
        if let Some(tenants) = tenants.filter(|_| self.turns.len() > 1) {
            // More than a tenth each: at most nine groups are noisy, so this ends soon.
            for _ in 0..self.turns.len() {
                match self.turns.front() {
                    Some(slot) if tenants.is_noisy(*slot, self.groups.get(*slot)) => {
                        self.turns.rotate_left(1)
                    }
                    _ => break,
                }
            }
        }
        while let Some(slot) = self.turns.pop_front() {
            let group = self.groups.get_mut(slot)?;
            group.has_turn = false;
            if !self.forget_if_empty(slot) {
                return Some(slot);
            }
        }
        None
    }

    /// Whether no group waits for its turn.
    pub(super) fn is_idle(&self) -> bool {
        self.turns.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn forget_if_empty(&mut self, slot: u32) -> bool {
        let Some(group) = self.groups.get(slot) else { return true };
        if group.messages > 0 || group.has_turn {
            return false;
        }
        if slot != UNGROUPED
            && let Some(name) = self.groups.remove(slot).and_then(|group| group.name)
        {
            self.by_name.remove(&name);
        }
        true
    }
}

/// What makes a tenant noisy: the state of its queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tenants {
    /// All messages in flight.
    pub(super) in_flight: usize,
}

impl Tenants {
    fn is_noisy(self, slot: u32, group: Option<&Group>) -> bool {
        slot != UNGROUPED
            && group.is_some_and(|group| {
                group.in_flight >= NOISY_IN_FLIGHT && group.in_flight as usize * NOISY_SHARE > self.in_flight
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_one_turn_and_is_forgotten_when_empty() {
        let mut groups = Groups::default();
        let name = ByteString::from("a");
        let slot = groups.enter(Some(&name));
        assert_eq!(groups.enter(Some(&name)), slot);
        groups.give_turn(slot);
        groups.give_turn(slot);
        groups.leave(slot);
        assert_eq!(groups.next_turn(None), Some(slot));
        assert_eq!(groups.next_turn(None), None);
        groups.give_turn(slot);
        groups.leave(slot);
        assert!(groups.get(slot).is_some(), "it waits for its turn to be forgotten");
        assert_eq!(groups.next_turn(None), None);
        assert!(groups.get(slot).is_none() && groups.by_name.is_empty());
    }
}
