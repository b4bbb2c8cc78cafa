#![deny(warnings, missing_docs, unreachable_pub, rust_2018_idioms, unused, let_underscore_drop)]
#![forbid(unsafe_code)]
//! Strict.
use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
#[doc = "It happened."]
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(key = id, domain = "tests", topic = "all.fifo")]
pub(crate) struct Happened { #[validate(required, length(max = 9), one_of("a"))] id: String, #[validate(nested)] more: Vec<More> }
#[derive(Serialize, Deserialize, JsonSchema, Validate)]
enum More { One { #[validate(range(min = 1))] one: u8 }, Two(#[validate(email)] String), None }
message_pack! { /** All. */ Pack<Happened> }
fn main() { let more = vec![More::One { one: 1 }, More::Two("a@b".into()), More::None]; let event = Happened::new("a".into(), more); assert!(event.validate().is_ok()); drop::<Option<Pack>>(None); }
