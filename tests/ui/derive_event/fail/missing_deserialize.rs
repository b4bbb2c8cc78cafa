use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// An order was paid.
#[derive(Serialize, JsonSchema, Event)]
struct OrderPaid {}

fn main() {}
