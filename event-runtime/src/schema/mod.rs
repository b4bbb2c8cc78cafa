//! JSON Schemas of events.

pub mod compat;
