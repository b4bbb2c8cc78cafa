//! The macros behind `event-runtime`; use them through that crate.
