use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
struct Common { #[validate(length(max = 3))] tenant: String }
/// It happened.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[serde(default = "first", deny_unknown_fields)]
struct Happened { #[serde(skip)] cache: u8, #[serde(default = "seven")] lucky: u8, id: String, #[validate(nested)] common: Common }
fn first() -> Happened { Happened { cache: 1, lucky: 2, id: "first".into(), common: Common::default() } }
fn seven() -> u8 { 7 }
/** It did. */ #[derive(Serialize, Deserialize, JsonSchema, Event)] struct Did { #[serde(flatten)] #[validate(nested)] common: Common, #[serde(skip_serializing_if = "Option::is_none")] a: Option<u8> }
message_pack! { /** All. */ Pack<Happened, Did> }
fn main() { let new = Happened::new(); assert_eq!((new.lucky, new.id.as_str(), new.cache), (7, "first", 0)); let did = Did::new(Common { tenant: "long".into() });
    assert_eq!(did.validate().unwrap_err().errors()[0].pointer(), "/tenant"); assert!(Did::DESCRIPTOR.fields[0].is_flat()); }
