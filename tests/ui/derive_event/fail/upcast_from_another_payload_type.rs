use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 1)]
struct Older;
/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 2, upcast_from = Older)]
struct Happened;
#[rustfmt::skip]
impl From<Older> for Happened { fn from(_: Older) -> Self { Self } }
fn main() {}
