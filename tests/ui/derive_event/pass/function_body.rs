use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

fn main() {
    /// It happened.
    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    #[event(key = id)]
    pub struct Happened { #[validate(nested)] id: Id }
    #[derive(Serialize, Deserialize, JsonSchema, Validate)]
    struct Id(#[validate(length(min = 1))] String);
    impl std::fmt::Display for Id { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.0) } }
    message_pack! { /** All. */ Pack<Happened> }
    assert_eq!(Happened::new(Id(String::new())).validate().unwrap_err().errors()[0].pointer(), "/id");
}
