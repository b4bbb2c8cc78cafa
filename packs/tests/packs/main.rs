//! What holds for every event of the eleven packs, and what the versioned ones promise.

// The configuration of clippy excuses test functions only, not what they call.
#![allow(clippy::unwrap_used, clippy::panic)]

#[macro_use]
mod every_event;

mod catalogue;
mod configuration;
mod fixtures;
mod rules;
mod schemas;
mod upcasting;
