use event_runtime::{Event, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
/// A.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct A;
message_pack! {
    /// All.
    Pack<A, crate::b::B>
}
#[rustfmt::skip]
fn handle(pack: Pack) { match pack { Pack::A(_) => {} } }
fn main() {}
mod b { use super::*; /** B. */ #[derive(Serialize, Deserialize, JsonSchema, Event)] pub struct B; }
