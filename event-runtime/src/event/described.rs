//! An event's JSON Schema, under a name of its own: as a bound of [`Event`](super::Event), the compiler says which derive
//! is missing instead of listing the types that have it.

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A type with a JSON Schema; implemented by `#[derive(JsonSchema)]`.
#[diagnostic::on_unimplemented(
    message = "event `{Self}` does not derive `JsonSchema`",
    label = "a derive is missing",
    note = "write `#[derive(Serialize, Deserialize, JsonSchema, Event)]` on it, with `use schemars::JsonSchema;`"
)]
pub trait Described {
    /// The type's schema.
    #[doc(hidden)]
    fn describe(generator: &mut SchemaGenerator) -> Schema;
}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> Described for T {
    fn describe(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
