//! What serde and schemars derive for an event, under names of its own: as bounds of [`Event`](super::Event), the
//! compiler says which derive is missing instead of listing the types that have it.

use std::io;

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
pub trait Written {
    /// Appends the value as JSON.
    #[doc(hidden)]
    fn write_json(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error>;

    /// The value's size as JSON, in bytes.
    #[doc(hidden)]
    fn json_bytes(&self) -> Result<usize, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Written for T {
    #[inline]
    fn write_json(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(out, self)
    }

    #[inline]
    fn json_bytes(&self) -> Result<usize, serde_json::Error> {
        let mut size = Size(0);
        serde_json::to_writer(&mut size, self)?;
        Ok(size.0)
    }
}

/// Counts what is written.
struct Size(usize);

impl io::Write for Size {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A type that is read from the wire; implemented by `#[derive(Deserialize)]`.
#[diagnostic::on_unimplemented(
    message = "event `{Self}` does not derive `Deserialize`",
    label = "a derive is missing",
    note = "write `#[derive(Serialize, Deserialize, JsonSchema, Event)]` on it, with `use serde::Deserialize;`",
    note = "its fields own what they hold: `String` instead of `&str`"
)]
pub trait Readable: Sized {
    /// Reads a value from its JSON.
    #[doc(hidden)]
    fn read_json(json: &str) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> Readable for T {
    #[inline]
    fn read_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}
