//! What serde and schemars derive for an event, under names of its own: as bounds of [`Event`](super::Event), the
//! compiler says which derive is missing instead of listing the types that have it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type with a JSON Schema; implemented by `#[derive(JsonSchema)]`.
#[diagnostic::on_unimplemented(
    message = "event `{Self}` does not derive `JsonSchema`",
    label = "a derive is missing",
    note = "write `#[derive(Serialize, Deserialize, JsonSchema, Event)]` on it, with `use schemars::JsonSchema;`"
)]
pub trait Described {
    /// What makes the type's schema.
    #[doc(hidden)]
    const DESCRIBE: fn(&mut SchemaGenerator) -> Schema;
}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> Described for T {
    const DESCRIBE: fn(&mut SchemaGenerator) -> Schema = T::json_schema;
}

/// A type that is written to the wire; implemented by `#[derive(Serialize)]`.
#[diagnostic::on_unimplemented(
    message = "event `{Self}` does not derive `Serialize`",
    label = "a derive is missing",
    note = "write `#[derive(Serialize, Deserialize, JsonSchema, Event)]` on it, with `use serde::Serialize;`"
)]
pub trait Written: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Written for T {}

/// A type that is read from the wire; implemented by `#[derive(Deserialize)]`.
#[diagnostic::on_unimplemented(
    message = "event `{Self}` does not derive `Deserialize`",
    label = "a derive is missing",
    note = "write `#[derive(Serialize, Deserialize, JsonSchema, Event)]` on it, with `use serde::Deserialize;`",
    note = "its fields own what they hold: `String` instead of `&str`"
)]
pub trait Readable: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Readable for T {}
