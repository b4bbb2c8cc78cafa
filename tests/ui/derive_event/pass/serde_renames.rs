use event_runtime::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
macro_rules! cases { ($($rule:literal $name:ident $wire:literal),*) => {
    $(#[doc = "It happened."] #[derive(Serialize, Deserialize, JsonSchema, Event)] #[serde(rename_all = $rule)] struct $name { first_word: u8, #[serde(rename = "own")] second: u8 })*
    fn main() { $(
        let names: Vec<_> = $name::DESCRIPTOR.fields.iter().map(|field| field.name).collect();
        assert_eq!(names, [$wire, "own"]);
        let json = serde_json(&$name::new(1, 2)); assert!(json.contains($wire), "{json}");
    )* }
} }
cases!("lowercase" A "first_word", "UPPERCASE" B "FIRST_WORD", "PascalCase" C "FirstWord", "camelCase" D "firstWord", "snake_case" E "first_word",
    "SCREAMING_SNAKE_CASE" F "FIRST_WORD", "kebab-case" G "first-word", "SCREAMING-KEBAB-CASE" H "FIRST-WORD");
fn serde_json<E: Event>(event: &E) -> String { event_runtime::Codec::Native.encode(&event_runtime::Envelope::new(serde_clone(event))).unwrap().payload().to_owned() }
fn serde_clone<E: Event>(_: &E) -> E { E::from_json(1, &format!("{{\"{}\":1,\"own\":2}}", E::DESCRIPTOR.fields[0].name)).unwrap() }
