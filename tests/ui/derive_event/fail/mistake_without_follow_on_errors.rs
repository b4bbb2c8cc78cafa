use event_runtime::{Event, IntoEnvelope, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema, Event)]
struct Happened {
    id: String,
}
message_pack! {
    /// All.
    Pack<Happened>
}
fn main() {
    println!("{:?}", Happened::new("1".into()).envelope());
}
