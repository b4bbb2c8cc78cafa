//! JSON Schemas of events: as readers see them and as writers emit them.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

use crate::event::Event;

/// The schema of what `E` reads from the wire.
pub(crate) fn reader<E: Event>() -> Schema {
    generate(SchemaSettings::draft2020_12().for_deserialize(), <E as JsonSchema>::json_schema)
}

/// The schema of what `E` writes to the wire.
pub(crate) fn writer<E: Event>() -> Schema {
    generate(SchemaSettings::draft2020_12().for_serialize(), <E as JsonSchema>::json_schema)
}

fn generate(settings: SchemaSettings, root: fn(&mut SchemaGenerator) -> Schema) -> Schema {
    let mut generator = settings.into_generator();
    root(&mut generator)
}
