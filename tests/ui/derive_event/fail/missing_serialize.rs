use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;

/// An order was paid.
#[derive(Deserialize, JsonSchema, Event)]
struct OrderPaid {}

fn main() {}
