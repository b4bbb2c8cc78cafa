use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "Happened")]
struct Older;
/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 3, upcast_from = Older)]
struct Happened;
#[rustfmt::skip]
impl From<Older> for Happened { fn from(_: Older) -> Self { Self } }
fn main() {}
