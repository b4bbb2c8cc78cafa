//! What a walk over dead letters did.

use crate::transport::ProduceErrorKind;

/// What was done; also the progress so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// Letters that were looked at.
    pub scanned: usize,
    /// Letters that the filter let through.
    pub matched: usize,
    /// Letters whose original was sent back, and letters that were discarded.
    pub moved: usize,
    /// Of those, letters that could not be removed: their lease was over, and they are still there.
    pub left_behind: usize,
    /// Letters that stay because another of their group was not stored.
    pub waiting: usize,
    /// Letters that the destination did not take; they stay.
    pub failures: Vec<RepairFailure>,
}

/// A letter that the destination did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairFailure {
    /// The transport's own id of the letter.
    pub transport_id: String,
    /// Why it was not taken.
    pub kind: ProduceErrorKind,
    /// The reason in words.
    pub reason: String,
}
