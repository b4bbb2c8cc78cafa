//! What is searched for.

use super::super::document::Node;

/// One schema that is to accept the value, or to refuse it.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Literal<'a> {
    pub(in super::super) node: Node<'a>,
    pub(in super::super) accepts: bool,
    /// Objects closed: the value is one that a writer of this schema emits.
    pub(in super::super) closed: bool,
}

/// One of these is to hold.
pub(in super::super) type Clause<'a> = Vec<Literal<'a>>;

/// A goal's identity: its clauses, sorted.
pub(in super::super) type Goal = Vec<Vec<u64>>;

impl<'a> Literal<'a> {
    pub(in super::super) fn accepted(node: Node<'a>, closed: bool) -> Self {
        Self { node, accepts: true, closed }
    }

    pub(in super::super) fn refused(node: Node<'a>) -> Self {
        Self { node, accepts: false, closed: false }
    }

    fn key(self) -> u64 {
        self.node.key() | u64::from(self.accepts) | (u64::from(self.closed) << 1)
    }
}

pub(super) fn identity(clauses: &[Clause<'_>]) -> Goal {
    let mut goal: Goal = clauses
        .iter()
        .map(|clause| {
            let mut keys: Vec<u64> = clause.iter().map(|literal| literal.key()).collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        })
        .collect();
    goal.sort_unstable();
    goal.dedup();
    goal
}
