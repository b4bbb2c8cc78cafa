//! The first gate of schemas: what the tokens of a struct prove about the change since its schema was committed.
//!
//! It refuses only what breaks readers for certain; the test that `message_pack!` generates knows the types and sees
//! the rest. A changed file rebuilds the crate through `include_bytes!`; `EVENT_SCHEMAS=update` switches the gate off.

mod bounds;
mod compare;
mod file;

pub(crate) use compare::{Candidate, compare};
pub(crate) use file::{Committed, tracked};

/// Which readers an event's compatibility rule protects.
#[derive(Clone, Copy)]
pub(crate) struct Protected {
    /// New code reads old events.
    pub(crate) backward: bool,
    /// Old code reads new events.
    pub(crate) forward: bool,
}
