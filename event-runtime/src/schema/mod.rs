//! JSON Schemas of events: as readers see them and as writers emit them, as files, and what guards the files.
//!
//! One file an event and version, `schemas/<payload_type>.v<version>.json`, committed. The derive compares a struct
//! with its file while it compiles; [`gate`] compares again in `cargo test`, where types are known.

pub mod compat;
mod constrain;
mod difference;
mod document;
mod gate;
mod redact;

pub use document::{document, file_name, text};
pub use gate::{GateError, GateProblem, GateProblemKind, gate, update};
pub use redact::redact;

use schemars::{Schema, generate::SchemaSettings};

use crate::event::EventDescriptor;

/// The schema of what `event` reads from the wire.
pub(crate) fn reader(event: &EventDescriptor) -> Schema {
    generate(SchemaSettings::draft2020_12().for_deserialize(), event)
}

/// The schema of what `event` writes to the wire.
pub(crate) fn writer(event: &EventDescriptor) -> Schema {
    generate(SchemaSettings::draft2020_12().for_serialize(), event)
}

fn generate(settings: SchemaSettings, event: &EventDescriptor) -> Schema {
    let contract = settings.contract.clone();
    let mut generator = settings.into_generator();
    let mut schema = (event.describe)(&mut generator);
    let definitions = generator.take_definitions(true);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    let direction = match contract.is_serialize() {
        true => constrain::Direction::Written,
        false => constrain::Direction::Read,
    };
    constrain::constrain(schema.ensure_object(), event.fields, direction);
    schema
}
