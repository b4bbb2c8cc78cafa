//! What is to fail: drops what fails anyway, commits where one way to fail is left, offers a choice otherwise.

use super::super::document::Node;
use super::super::engine::Engine;
use super::facts::{Branch, Item, Place};
use super::holds::Impossible;

/// What a branch needs next.
pub(super) enum Next<'a> {
    /// Something new is known.
    Again,
    /// A choice.
    Split(Vec<Vec<Item<'a>>>),
    /// Everything is a fact.
    Facts,
}

impl<'a> Engine<'a> {
    /// Looks at what is to fail: drops what fails anyway, commits where one way is left, offers the smallest choice.
    pub(super) fn narrow(&mut self, branch: &mut Branch<'a>) -> Result<Next<'a>, Impossible> {
        let mut smallest: Option<(usize, Vec<Vec<Item<'a>>>)> = None;
        let mut index = 0;
        while index < branch.failing.len() {
            let node = branch.failing[index];
            let held: Vec<_> = branch.literals.iter().filter(|l| l.accepts).map(|l| l.node).collect();
            if held.into_iter().any(|held| self.is_same(held, node)) {
                return Err(Impossible);
            }
            if self.is_refused_anyway(branch, node) {
                branch.failing.swap_remove(index);
                continue;
            }
            let Some(ways) = self.ways_to_fail(node, branch.kind) else {
                branch.failing.swap_remove(index);
                continue;
            };
            let mut open: Vec<_> = ways.into_iter().filter(|way| !self.is_impossible(branch, way)).collect();
            match open.len() {
                0 => return Err(Impossible),
                1 => {
                    branch.failing.swap_remove(index);
                    branch.queue.append(&mut open[0]);
                    return Ok(Next::Again);
                }
                count => {
                    if smallest.as_ref().is_none_or(|(_, ways)| count < ways.len()) {
                        smallest = Some((index, open));
                    }
                }
            }
            index += 1;
        }
        Ok(match smallest {
            None => Next::Facts,
            Some((index, ways)) => {
                branch.failing.swap_remove(index);
                Next::Split(ways)
            }
        })
    }

    /// Whether what is accepted already rules out that `node` holds.
    fn is_refused_anyway(&mut self, branch: &Branch<'a>, node: Node<'a>) -> bool {
        let mut accepting = branch.clone();
        // That it is to fail, and that others are, must not count as the reason.
        accepting.literals.retain(|literal| literal.accepts);
        self.is_impossible(&accepting, &[Item::Holds { node, place: Place::default() }])
    }

    /// Whether `items` contradict the branch, as far as that shows without a choice.
    fn is_impossible(&mut self, branch: &Branch<'a>, items: &[Item<'a>]) -> bool {
        if self.spend_many(branch.weight()).is_err() {
            return false;
        }
        let mut branch = branch.with(items);
        self.follow(&mut branch).is_err() || self.is_refuted(&branch)
    }
}
