//! Typed events over message brokers.

pub mod clock;

pub use clock::{Clock, ManualClock};
