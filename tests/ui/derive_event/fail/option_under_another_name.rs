use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

type Note = Option<String>;

/// An order was paid.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct OrderPaid {
    note: Note,
    #[serde(default)]
    other: Note,
}

fn main() {}
