//! What a relay has done.

use std::ops::AddAssign;

/// What a relay has done, counted in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RelayReport {
    /// Claimed from the table.
    pub claimed: u64,
    /// Published to every destination.
    pub published: u64,
    /// Not published this time; tried again later.
    pub retried: u64,
    /// Not published and set aside.
    pub set_aside: u64,
    /// Given back without a try: behind a failed row of their key, or the relay was stopped.
    pub released: u64,
    /// Not this relay's any more when their turn came, because a lease ran out.
    pub lost: u64,
    /// Kept rows that were removed.
    pub removed: u64,
}

impl RelayReport {
    /// Whether a whole batch was tried and nothing went through. Fewer rows wait by their own backoff, and say little of others.
    pub(super) fn is_stuck(&self, batch: u32) -> bool {
        self.retried >= u64::from(batch.max(1)) && self.published == 0 && self.set_aside == 0
    }
}

impl AddAssign for RelayReport {
    fn add_assign(&mut self, other: Self) {
        self.claimed += other.claimed;
        self.published += other.published;
        self.retried += other.retried;
        self.set_aside += other.set_aside;
        self.released += other.released;
        self.lost += other.lost;
        self.removed += other.removed;
    }
}
