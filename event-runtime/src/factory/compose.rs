//! Several packs as one.

use std::collections::BTreeMap;

use super::error::{PackConflict, PackConflicts};
use super::{MessageFactory, PackDescriptor};
use crate::event::EventDescriptor;

/// Several packs as one.
///
/// A pack that is named twice by the same descriptor counts once. What clashes is kept and reported by
/// [`Packs::check`] and [`Packs::register`], all of it at once.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Packs(Vec<&'static PackDescriptor>);

impl Packs {
    /// Joins packs.
    pub fn compose(packs: impl IntoIterator<Item = &'static PackDescriptor>) -> Self {
        let mut joined: Vec<&'static PackDescriptor> = Vec::new();
        for pack in packs {
            if !joined.iter().any(|known| std::ptr::eq(*known, pack)) {
                joined.push(pack);
            }
        }
        Self(joined)
    }

    /// These packs and some more.
    pub fn and(self, packs: impl IntoIterator<Item = &'static PackDescriptor>) -> Self {
        Self::compose(self.0.into_iter().chain(packs))
    }

    /// The packs in the order in which they were joined.
    pub fn descriptors(&self) -> impl Iterator<Item = &'static PackDescriptor> {
        self.0.iter().copied()
    }

    /// Every event of every pack, current versions only.
    pub fn events(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.descriptors().flat_map(|pack| pack.events.iter().copied())
    }

    /// Checks that names are given once: of packs, and of payload types over all packs.
    ///
    /// # Errors
    /// Every name that is given twice.
    pub fn check(&self) -> Result<(), PackConflicts> {
        let conflicts: Vec<_> = self.pack_conflicts().chain(self.type_conflicts()).collect();
        if conflicts.is_empty() { Ok(()) } else { Err(PackConflicts(conflicts)) }
    }

    /// Adds the packs to a factory; those that it holds already are checked with them.
    ///
    /// # Errors
    /// As for [`Packs::check`]; the factory is then as it was.
    pub fn register(&self, factory: &mut MessageFactory) -> Result<(), PackConflicts> {
        factory.register(self.descriptors())
    }

    fn pack_conflicts(&self) -> impl Iterator<Item = PackConflict> {
        let mut counts = BTreeMap::new();
        self.0.iter().for_each(|pack| *counts.entry(pack.name).or_insert(0) += 1);
        counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| PackConflict::Pack { name })
    }

    fn type_conflicts(&self) -> impl Iterator<Item = PackConflict> {
        let mut holders: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for pack in self.descriptors() {
            for event in pack.events {
                holders.entry(event.payload_type).or_default().push((pack.name, event.rust_name));
            }
        }
        holders
            .into_iter()
            .filter(|(_, holders)| holders.len() > 1)
            .map(|(payload_type, holders)| PackConflict::PayloadType { payload_type, holders })
    }
}

impl IntoIterator for Packs {
    type Item = &'static PackDescriptor;
    type IntoIter = std::vec::IntoIter<&'static PackDescriptor>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
