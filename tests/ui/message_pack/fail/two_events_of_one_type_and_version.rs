use event_runtime::{Event, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "C")] /** A. */
struct A;
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "C")] /** B. */
struct B;
message_pack! {
    /// All.
    Pack<A, B>
}
fn main() {}
