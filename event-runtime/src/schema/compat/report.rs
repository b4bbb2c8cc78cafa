//! What a comparison says.

use serde_json::Value;

/// Whether one side reads what the other writes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Every instance that the writer emits is accepted: proved.
    Compatible,
    /// Some instance is refused.
    Breaking {
        /// An instance that the writer emits and the reader refuses.
        counterexample: Value,
    },
    /// Can't tell; it counts as a refusal.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// Whether it is [`Verdict::Compatible`].
    pub fn is_compatible(&self) -> bool {
        matches!(self, Self::Compatible)
    }
}

/// What became of an event's schema.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whether new code reads old events.
    pub backward: Verdict,
    /// Whether old code reads new events.
    pub forward: Verdict,
    /// What changed.
    pub changes: Vec<u8>,
}
