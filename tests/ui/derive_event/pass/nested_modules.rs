use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod outer { pub mod inner { use super::super::*;
    /// It happened.
    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    pub struct Happened { #[validate(nested)] pub more: More }
    #[derive(Serialize, Deserialize, JsonSchema, Validate)]
    pub struct More { #[validate(email)] pub mail: String }
} pub use inner::Happened as Renamed; }
message_pack! { /** All. */ Pack<outer::inner::Happened> }
mod other { use super::*; /** It did. */ #[derive(Serialize, Deserialize, JsonSchema, Event)] #[event(type = "Other")] pub struct Happened; }
message_pack! { /** More. */ More<self::other::Happened as Other> }
fn main() { let _: Option<(Pack, outer::Renamed, More)> = None; }
