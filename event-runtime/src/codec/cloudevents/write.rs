//! Writing a CloudEvent.

use serde_json::value::RawValue;

use super::read::is_reserved;
use super::{DATA_BASE64, DATASCHEMA, attribute, base64, holds_json, is_json, schema_version};
use crate::codec::native::{Field, texts, write_extensions, write_fields};
use crate::codec::write::Object;
use crate::envelope::Metadata;

const DATA: &[u8] = b",\"data\":";
const BASE64: &[u8] = b",\"data_base64\":";

/// Writes the event up to where the payload's value begins; [`close`] ends it.
pub(in crate::codec) fn open(out: &mut Vec<u8>, metadata: &Metadata) {
    write(out, metadata, is_marked_binary(metadata));
}

fn write(out: &mut Vec<u8>, metadata: &Metadata, binary: bool) {
    let mut object = Object::open(out);
    object.raw("specversion", "\"1.0\"");
    object.text("id", &metadata.id);
    let source = metadata.source.as_deref().unwrap_or_default();
    object.text("source", &uri_reference(source));
    object.text("type", &metadata.payload_type);
    if let Some(time) = &metadata.occurred_at {
        object.timestamp("time", time);
    }
    if metadata.version != 1 || names_version(metadata) {
        match i32::try_from(metadata.version) {
            Ok(_) => object.number("eventversion", metadata.version),
            Err(_) => object.text("eventversion", &metadata.version.to_string()),
        }
    }
    for (field, text) in texts(metadata) {
        if let Some((name, text)) = attribute_of(field).zip(text.filter(|text| !text.is_empty())) {
            object.text(name, text);
        }
    }
    for (name, value) in &metadata.extensions {
        if is_attribute(name, value) {
            object.raw(name, value.get());
        }
    }
    event_meta(&mut object, metadata, binary);
    out.extend_from_slice(if binary { BASE64 } else { DATA });
}

/// Ends the event whose payload's value begins at `start`: a `null` is left out, and what is marked as base64
/// and is none is written as it is. Returns where the payload begins, `None` where there is none.
pub(in crate::codec) fn close(out: &mut Vec<u8>, mut start: usize, metadata: &Metadata) -> Option<usize> {
    if is_marked_binary(metadata) && !is_binary(out.get(start..).unwrap_or_default(), metadata) {
        let payload = out.split_off(start);
        out.clear();
        write(out, metadata, false);
        start = out.len();
        out.extend_from_slice(&payload);
    }
    let absent = out.get(start..) == Some(b"null");
    if absent {
        out.truncate(start - DATA.len());
    }
    out.push(b'}');
    (!absent).then_some(start)
}

/// Writes what attributes can't say; nothing where they say everything.
fn event_meta(object: &mut Object<'_>, metadata: &Metadata, binary: bool) {
    let mut inner = Vec::new();
    let mut meta = Object::open(&mut inner);
    write_fields(&mut meta, metadata, |field| match field {
        Field::Id | Field::PayloadType | Field::Version | Field::OccurredAt => false,
        Field::Source => {
            metadata.source.as_deref().is_some_and(|source| !attribute::is_valid("source", source))
        }
        _ => {
            let empty = |(other, text): (Field, Option<&str>)| other == field && text == Some("");
            attribute_of(field).is_none() || texts(metadata).into_iter().any(empty)
        }
    });
    write_extensions(&mut meta, metadata, |name| {
        let marker = binary && name == DATA_BASE64;
        metadata.extensions.get(name).is_some_and(|value| !is_attribute(name, value) && !marker)
    });
    if meta.is_empty() {
        return;
    }
    meta.close();
    object.text("eventmeta", &String::from_utf8_lossy(&inner));
}

/// The attribute that carries a text of the metadata.
fn attribute_of(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::CorrelationId => "correlationid",
        Field::CausationId => "causationid",
        Field::Traceparent => "traceparent",
        Field::Tracestate => "tracestate",
        Field::PartitionKey => "partitionkey",
        Field::TenantId => "tenantid",
        Field::UserId => "userid",
        _ => return None,
    })
}

/// Whether an extension can be an attribute of its own.
fn is_attribute(name: &str, value: &RawValue) -> bool {
    let specified = matches!(name, "datacontenttype" | "subject" | DATASCHEMA);
    attribute::is_name(name)
        && attribute::is_value(value)
        && !is_reserved(name)
        && (!specified || attribute::text(value).is_some_and(|text| attribute::is_valid(name, &text)))
}

fn is_marked_binary(metadata: &Metadata) -> bool {
    metadata.extension(DATA_BASE64) == Some("true")
}

/// Whether a reader would take this payload for binary data, too.
fn is_binary(payload: &[u8], metadata: &Metadata) -> bool {
    let text = serde_json::from_slice::<&RawValue>(payload).ok().and_then(attribute::text);
    text.and_then(|text| base64::decode(&text))
        .is_some_and(|bytes| !(holds_json(metadata) && is_json(&bytes)))
}

fn names_version(metadata: &Metadata) -> bool {
    let schema = metadata.extensions.get(DATASCHEMA).and_then(|value| attribute::text(value));
    schema.is_some_and(|schema| schema_version(&schema).is_some())
}

/// `source` where it is a URI reference, else what a URI reference can say of it.
pub(super) fn uri_reference(source: &str) -> std::borrow::Cow<'_, str> {
    if attribute::is_valid("source", source) {
        return source.into();
    }
    let mut uri = String::new();
    attribute::push_uri_segment(&mut uri, if source.is_empty() { "unknown" } else { source });
    uri.into()
}
