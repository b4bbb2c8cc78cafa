//! Compile-pass and compile-fail cases of the macros: see `tests/ui.rs`.

use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An event of another crate than the cases'.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
pub struct ForeignEvent {
    /// What it is about
    pub id: String,
}
