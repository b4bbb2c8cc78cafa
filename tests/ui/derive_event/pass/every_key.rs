use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "tests.thing.happened", version = 2, upcast_from = Before, key = id, topic = "things.fifo", domain = "tests", compat = strict)]
struct Happened { id: String }
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event_description = "It happened."]
#[event(type = "tests.thing.happened", compat = none)]
struct Before { id: String }
impl From<Before> for Happened { fn from(old: Before) -> Self { Self { id: old.id } } }
/** It did. */ #[derive(Serialize, Deserialize, JsonSchema, Event)] #[event(version = 7, oldest)] struct Did;
message_pack! { /** All. */ Pack<Happened, Did> }
#[derive(Validate)] struct Unused;
fn main() { assert_eq!(Happened::DESCRIPTOR.versions().count(), 2); assert_eq!(Happened::from_json(1, r#"{"id":"a"}"#).unwrap().id, "a"); }
