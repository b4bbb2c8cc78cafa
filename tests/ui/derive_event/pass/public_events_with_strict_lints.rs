#![deny(warnings, missing_docs, unreachable_pub)]
//! Strict.
use event_runtime::{Event, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
/// It happened.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
pub struct Happened {
    /// Its id
    pub id: String,
}
message_pack! { /** All. */ pub Pack<Happened> }
fn main() {}
