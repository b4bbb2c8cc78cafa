use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)] /** A. */ pub struct A;
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)] /** B. */ pub struct B;
message_pack! {
    /// All of them.
    ///
    /// With a second paragraph.
    #[derive(Clone)]
    pub Pack<A, self::B as Second,>
}
#[derive(Validate)] struct Unused;
impl Clone for A { fn clone(&self) -> Self { A } } impl Clone for B { fn clone(&self) -> Self { B } }
fn name(pack: Pack) -> &'static str { match pack { Pack::A(_) => "a", Pack::Second(_) => "b" } }
fn main() { assert_eq!(name(Pack::Second(event_runtime::Envelope::new(B))), "b"); assert_eq!(<Pack as event_runtime::MessagePack>::NAME, "Pack"); }
