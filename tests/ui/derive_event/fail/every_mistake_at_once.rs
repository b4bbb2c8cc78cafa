use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(kye = id, version = 0, topic = 7, compat = ful)]
struct Happened {
    #[validate(lenght(min = 1), email(strict))]
    id: String,
}

fn main() {}
