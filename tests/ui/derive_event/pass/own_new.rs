use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(new = false)]
struct Happened { id: String }
impl Happened { fn new() -> Self { Self { id: "own".into() } } }
/// It did.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(new = create)]
struct Did { id: String }
fn main() { assert_eq!(Happened::new().id, Did::create("own".into()).id); }
message_pack! { /** All. */ Pack<Happened, Did> }
#[derive(Validate)] struct Unused;
