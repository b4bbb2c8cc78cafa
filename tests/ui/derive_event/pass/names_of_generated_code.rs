//! Names of the user's own that generated code must not capture.
#![deny(warnings)]

use event_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn validator(_: &u8) -> Result<(), &'static str> {
    Ok(())
}

fn item(_: &u8) -> Result<(), &'static str> {
    Err("item")
}

fn field_item(_: &u8) -> Result<(), &'static str> {
    Err("field_item")
}

fn count() -> u8 {
    7
}

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened {
    #[validate(custom(validator))]
    validator: u8,
    #[validate(inner(custom(item)))]
    item: Vec<u8>,
    count: u8,
    #[serde(default = "count")]
    seven: u8,
    boxed: Box<Option<u8>>,
    #[validate(nested)]
    kind: Kind,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
enum Kind {
    One {
        #[validate(custom(field_item))]
        item: u8,
    },
}

message_pack! {
    /// What happens.
    Pack<Happened>
}

fn main() {
    let happened = Happened::new(1, vec![2], 3, Kind::One { item: 4 });
    assert_eq!((happened.count, happened.seven, *happened.boxed), (3, 7, None));
    let errors = happened.validate().unwrap_err();
    let found: Vec<_> = errors.errors().iter().map(|error| (error.code(), error.pointer())).collect();
    assert_eq!(found, [("item", "/item/0"), ("field_item", "/kind/One/item")]);
}
