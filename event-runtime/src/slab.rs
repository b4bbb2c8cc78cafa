//! Values in numbered slots, with generations that tell a slot's present value from an earlier one.

/// The number of no slot.
pub(crate) const NONE: u32 = u32::MAX;

/// Values in slots. Inserting and removing are constant; a slot's number is used again, its generation is not.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: u32,
    len: usize,
}

#[derive(Debug)]
struct Entry<T> {
    generation: u32,
    /// The next free slot, where this one is free.
    next_free: u32,
    value: Option<T>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: NONE, len: 0 }
    }
}

impl<T> Slab<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts `value` into a free slot and returns the slot's number.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if let Some(entry) = self.entries.get_mut(self.free as usize) {
            let slot = self.free;
            self.free = entry.next_free;
            entry.value = Some(value);
            return slot;
        }
        let slot = self.entries.len() as u32;
        self.entries.push(Entry { generation: 0, next_free: NONE, value: Some(value) });
        slot
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let entry = self.entries.get_mut(slot as usize)?;
        let value = entry.value.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        entry.next_free = self.free;
        self.free = slot;
        self.len -= 1;
        Some(value)
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.entries.get(slot as usize)?.value.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.entries.get_mut(slot as usize)?.value.as_mut()
    }

    /// The value in `slot`, unless the slot was used again since it had this generation.
    pub(crate) fn get_generation(&self, slot: u32, generation: u32) -> Option<&T> {
        let entry = self.entries.get(slot as usize)?;
        if entry.generation == generation { entry.value.as_ref() } else { None }
    }

    pub(crate) fn get_generation_mut(&mut self, slot: u32, generation: u32) -> Option<&mut T> {
        let entry = self.entries.get_mut(slot as usize)?;
        if entry.generation == generation { entry.value.as_mut() } else { None }
    }

    pub(crate) fn generation(&self, slot: u32) -> u32 {
        self.entries.get(slot as usize).map_or(0, |entry| entry.generation)
    }

    /// What is in slots, by their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.entries).filter_map(|(slot, entry)| Some((slot, entry.value.as_ref()?)))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        (0..).zip(&mut self.entries).filter_map(|(slot, entry)| Some((slot, entry.value.as_mut()?)))
    }

    /// Empties every slot; generations go on.
    pub(crate) fn clear(&mut self) {
        for slot in 0..self.entries.len() as u32 {
            self.remove(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_used_again_under_another_generation() {
        let mut slab = Slab::default();
        let slot = slab.insert('a');
        let generation = slab.generation(slot);
        assert_eq!(slab.get_generation(slot, generation), Some(&'a'));
        assert_eq!(slab.remove(slot), Some('a'));
        assert_eq!(slab.remove(slot), None);
        assert_eq!(slab.insert('b'), slot);
        assert_eq!(slab.get_generation(slot, generation), None);
        assert_eq!((slab.get(slot), slab.len()), (Some(&'b'), 1));
        slab.clear();
        assert_eq!((slab.get(slot), slab.len()), (None, 0));
    }
}
