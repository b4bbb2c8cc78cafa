//! Reading a CloudEvent.

use std::borrow::Cow;

use bytestring::ByteString;
use serde_json::value::RawValue;

use super::{DATA_BASE64, DATASCHEMA, attribute, base64, holds_json, schema_version};
use crate::codec::native::{self, Overlay};
use crate::codec::read::{Fault, FoundPayload, Members, Seen, Value};
use crate::envelope::Metadata;

/// A member that the reader knows.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Field {
    SpecVersion,
    Id,
    Source,
    Type,
    Time,
    DataContentType,
    DataSchema,
    Subject,
    EventVersion,
    CorrelationId,
    CausationId,
    PartitionKey,
    TenantId,
    UserId,
    Traceparent,
    Tracestate,
    EventMeta,
    Data,
    DataBase64,
}

/// Names and fields; a table serves both directions.
const FIELDS: [(&str, Field); 19] = [
    ("specversion", Field::SpecVersion),
    ("id", Field::Id),
    ("source", Field::Source),
    ("type", Field::Type),
    ("time", Field::Time),
    ("datacontenttype", Field::DataContentType),
    (DATASCHEMA, Field::DataSchema),
    ("subject", Field::Subject),
    ("eventversion", Field::EventVersion),
    ("correlationid", Field::CorrelationId),
    ("causationid", Field::CausationId),
    ("partitionkey", Field::PartitionKey),
    ("tenantid", Field::TenantId),
    ("userid", Field::UserId),
    ("traceparent", Field::Traceparent),
    ("tracestate", Field::Tracestate),
    ("eventmeta", Field::EventMeta),
    ("data", Field::Data),
    (DATA_BASE64, Field::DataBase64),
];

/// Whether the format itself gives `name` a meaning that an extension can't have.
pub(super) fn is_reserved(name: &str) -> bool {
    FIELDS.iter().any(|&(known, field)| {
        known == name && !matches!(field, Field::DataContentType | Field::DataSchema | Field::Subject)
    })
}

/// Reads a whole CloudEvent into metadata that are blank.
pub(in crate::codec) fn read<'de>(
    body: &'de ByteString,
    metadata: &mut Metadata,
) -> Result<FoundPayload<'de>, Fault> {
    let mut reading = Reading::new(metadata);
    let mut members = Members::of_body(body)?;
    while let Some((name, value)) = members.next()? {
        match FIELDS.iter().find(|(known, _)| *known == name) {
            Some(&(name, field)) => reading.member(name, field, value.of(name))?,
            None => reading.extension(name, value)?,
        }
    }
    reading.finish(&members)
}

struct Reading<'de, 'm> {
    metadata: &'m mut Metadata,
    seen: Seen,
    specversion: bool,
    version: Option<u32>,
    meta: Option<Overlay>,
    data: Option<Value<'de>>,
    base64: Option<Value<'de>>,
}

impl<'de, 'm> Reading<'de, 'm> {
    fn new(metadata: &'m mut Metadata) -> Self {
        Self {
            metadata,
            seen: Seen::default(),
            specversion: false,
            version: None,
            meta: None,
            data: None,
            base64: None,
        }
    }

    fn member(&mut self, name: &'static str, field: Field, value: Value<'de>) -> Result<(), Fault> {
        self.seen.once(field as u8, &value)?;
        if value.is_null() {
            // Unset, and `data` is `null` where it is absent.
            return Ok(());
        }
        let metadata = &mut *self.metadata;
        match field {
            Field::SpecVersion => {
                self.specversion = value.text()? == "1.0";
                if !self.specversion {
                    return Err(value.fault("is no version that is read here: only `1.0` is"));
                }
            }
            Field::Id => metadata.id = value.keep_text(core(name, &value)?),
            Field::Source => metadata.source = Some(value.keep_text(core(name, &value)?)),
            Field::Type => metadata.payload_type = value.keep_text(core(name, &value)?),
            Field::Time => metadata.occurred_at = value.optional_moment()?,
            Field::DataContentType | Field::DataSchema | Field::Subject => {
                core(name, &value)?;
                value.keep(&mut metadata.extensions, Cow::Borrowed(name))?;
            }
            Field::EventVersion => {
                let version = scalar(&value)?.parse().map_err(|_| value.fault("is no version number"))?;
                self.version = Some(version);
            }
            Field::CorrelationId => metadata.correlation_id = Some(scalar(&value)?),
            Field::CausationId => metadata.causation_id = Some(scalar(&value)?),
            Field::PartitionKey => metadata.partition_key = Some(scalar(&value)?),
            Field::TenantId => metadata.tenant_id = Some(scalar(&value)?),
            Field::UserId => metadata.user_id = Some(scalar(&value)?),
            Field::Traceparent => metadata.traceparent = Some(scalar(&value)?),
            Field::Tracestate => metadata.tracestate = Some(scalar(&value)?),
            Field::EventMeta => self.event_meta(value)?,
            Field::Data => self.data = Some(value),
            Field::DataBase64 => self.base64 = Some(value),
        }
        Ok(())
    }

    fn extension(&mut self, name: Cow<'de, str>, value: Value<'de>) -> Result<(), Fault> {
        if !attribute::is_name(&name) {
            return Err(value.fault("has an attribute whose name is not all lower-case letters and digits"));
        }
        if value.is_null() {
            return Ok(());
        }
        if !attribute::is_value(value.json) {
            return Err(value.fault("has an extension that is no string, boolean or integer of 32 bits"));
        }
        value.keep(&mut self.metadata.extensions, name)
    }

    /// Takes our own `eventmeta` apart; somebody else's is an extension like any other.
    fn event_meta(&mut self, value: Value<'de>) -> Result<(), Fault> {
        let json = value.text().unwrap_or(Cow::Borrowed(value.json));
        if !json.starts_with('{') {
            return self.extension(Cow::Borrowed("eventmeta"), value);
        }
        match native::read_overlay(&json) {
            Some(overlay) => {
                self.meta = Some(overlay);
                Ok(())
            }
            None => Err(value.fault("does not hold metadata")),
        }
    }

    fn finish(self, members: &Members<'de>) -> Result<FoundPayload<'de>, Fault> {
        let metadata = self.metadata;
        for (name, present) in [
            ("specversion", self.specversion),
            ("id", !metadata.id.is_empty()),
            ("source", metadata.source.is_some()),
            ("type", !metadata.payload_type.is_empty()),
        ] {
            if !present {
                return Err(members.missing(name));
            }
        }
        let schema = metadata.extensions.get(DATASCHEMA).and_then(|schema| attribute::text(schema));
        let schema_version = schema.and_then(|schema| schema_version(&schema));
        metadata.version = self.version.or(schema_version).unwrap_or(1);
        let payload = match (self.data, self.base64) {
            (Some(_), Some(base64)) => {
                return Err(base64.fault("stands beside `data`: only one of them may"));
            }
            (None, Some(base64)) => binary(metadata, &base64)?,
            (Some(data), None) => FoundPayload::Within(data.json),
            (None, None) => FoundPayload::Apart(Cow::Borrowed("null")),
        };
        if let Some(overlay) = self.meta {
            overlay.lay_over(metadata);
        }
        Ok(payload)
    }
}

/// The payload that `data_base64` holds: the JSON that it encodes, or its own text.
fn binary<'de>(metadata: &mut Metadata, data: &Value<'de>) -> Result<FoundPayload<'de>, Fault> {
    let Some(bytes) = base64::decode(&data.text()?) else {
        return Err(data.fault("is no base64 text"));
    };
    if holds_json(metadata)
        && let Ok(json) = serde_json::from_slice::<Box<RawValue>>(&bytes)
    {
        return Ok(FoundPayload::Apart(Cow::Owned(json.get().to_owned())));
    }
    metadata.extensions.insert(DATA_BASE64.to_owned(), RawValue::TRUE.to_owned());
    Ok(FoundPayload::Within(data.json))
}

/// The text of an attribute of the specification, which has a form to keep.
fn core<'de>(name: &'static str, value: &Value<'de>) -> Result<Cow<'de, str>, Fault> {
    let text = value.filled_text()?;
    if attribute::is_valid(name, &text) {
        return Ok(text);
    }
    Err(value.fault(match name {
        "datacontenttype" => "is no media type (RFC 2046)",
        "dataschema" => "is no URI",
        _ => "is no URI reference",
    }))
}

/// An attribute that is a text to us: other producers may have written an integer or a boolean.
fn scalar(value: &Value<'_>) -> Result<ByteString, Fault> {
    if value.json.starts_with('"') {
        return value.text().map(|text| value.keep_text(text));
    }
    if attribute::is_value(value.json) {
        return Ok(value.keep_text(Cow::Borrowed(value.json)));
    }
    Err(value.fault("is no string, boolean or integer of 32 bits"))
}
