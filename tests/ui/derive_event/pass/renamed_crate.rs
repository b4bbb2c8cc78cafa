extern crate event_runtime as events;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
mod event_runtime {}
#[derive(Serialize, Deserialize, JsonSchema, events::Event)]
/// It happened.
#[event(crate = ::events, key = id)]
struct Happened { #[validate(required)] id: String, #[validate(nested)] inner: Inner }
#[derive(Serialize, Deserialize, JsonSchema, events::Validate)]
#[validate(crate = ::events)]
struct Inner { #[validate(length(min = 1))] id: String }
events::message_pack! { /** All. */ #[event(crate = ::events)] Pack<Happened> }
fn main() {}
