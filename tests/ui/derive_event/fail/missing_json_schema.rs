use event_runtime::prelude::*;
use serde::{Deserialize, Serialize};

/// An order was paid.
#[derive(Serialize, Deserialize, Event)]
struct OrderPaid {}

fn main() {}
