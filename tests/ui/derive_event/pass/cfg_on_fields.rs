#![deny(warnings)]

use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[cfg_attr(all(), event(key = id))]
struct Happened {
    #[cfg(any())]
    #[validate(no_such_rule)]
    gone: NoSuchType,
    #[cfg(all())]
    #[cfg_attr(all(), validate(required), serde(rename = "ID"))]
    id: String,
}

message_pack! {
    /// What happens.
    Pack<Happened>
}

fn main() {
    let happened = Happened::new(String::new());
    assert_eq!(happened.validate().unwrap_err().errors()[0].pointer(), "/ID");
    assert_eq!(Happened::DESCRIPTOR.fields.len(), 1);
}
