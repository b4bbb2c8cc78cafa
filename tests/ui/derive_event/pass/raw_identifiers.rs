use event_runtime::{Event, Validate, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// It happened.
#[derive(Serialize, Deserialize, JsonSchema, Event)]
#[event(key = r#type)]
struct r#Match { r#type: String, #[validate(email)] r#fn: Option<String> }
message_pack! { /** All. */ Pack<r#Match> }
#[derive(Deserialize, Validate)] enum r#If { r#Else { #[validate(email)] r#loop: String } }
fn main() {
    assert_eq!(<r#Match as Event>::PAYLOAD_TYPE, "Match");
    assert_eq!(<r#Match as Event>::DESCRIPTOR.key, Some("type"));
    assert_eq!(r#Match::new("a".into()).ordering_key().as_deref(), Some("a"));
}
