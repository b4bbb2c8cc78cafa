use event_runtime::{Event, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
/// A.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct A;
message_pack! {
    /// All.
    Pack<A, A as B>
}
fn main() {}
