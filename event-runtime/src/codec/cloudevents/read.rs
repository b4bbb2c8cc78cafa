//! Reading a CloudEvent.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{DATA_BASE64, DATASCHEMA, attribute, base64, holds_json, schema_version};
use crate::codec::native::{Members, Overlay};
use crate::codec::read::{
    EMPTY, Found, FoundPayload, MISSING, NO_TIME, Note, ReadObject, Seen, TWICE, Text, keep, object,
};
use crate::codec::timestamp;
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

/// A whole CloudEvent.
pub(in crate::codec) struct Event;

impl<'de> ReadObject<'de> for Event {
    type Output = Found<'de>;

    fn read_object<A: MapAccess<'de>>(note: &mut Note, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut reading = Reading::new();
        while let Some(Text(name)) = map.next_key()? {
            let known = FIELDS.iter().find(|(known, _)| *known == name);
            note.member = known.map(|(known, _)| *known);
            match known {
                Some(&(name, field)) => reading.member(note, name, field, &mut map)?,
                None => reading.unknown(note, name, map.next_value()?)?,
            }
        }
        reading.finish(note)
    }
}

struct Reading<'de> {
    metadata: Metadata,
    seen: Seen,
    specversion: bool,
    version: Option<u32>,
    meta: Option<Overlay>,
    data: Option<&'de RawValue>,
    base64: Option<&'de RawValue>,
}

impl<'de> Reading<'de> {
    fn new() -> Self {
        Self {
            metadata: Metadata::blank(),
            seen: Seen::default(),
            specversion: false,
            version: None,
            meta: None,
            data: None,
            base64: None,
        }
    }

    fn member<A: MapAccess<'de>>(
        &mut self,
        note: &mut Note,
        name: &'static str,
        field: Field,
        map: &mut A,
    ) -> Result<(), A::Error> {
        if !self.seen.insert(field as u8) {
            return Err(note.fail(TWICE));
        }
        let metadata = &mut self.metadata;
        match field {
            Field::SpecVersion => {
                self.specversion = match map.next_value::<Option<String>>()?.as_deref() {
                    Some("1.0") => true,
                    Some(_) => return Err(note.fail("is no version that is read here: only `1.0` is")),
                    None => false,
                };
            }
            Field::Id => metadata.id = core(note, name, map)?.unwrap_or_default(),
            Field::Source => metadata.source = core(note, name, map)?,
            Field::Type => metadata.payload_type = Cow::Owned(core(note, name, map)?.unwrap_or_default()),
            Field::Time => {
                if let Some(text) = map.next_value::<Option<String>>()? {
                    metadata.occurred_at = Some(timestamp::parse(&text).ok_or_else(|| note.fail(NO_TIME))?);
                }
            }
            Field::DataContentType | Field::DataSchema | Field::Subject => {
                let value: &RawValue = map.next_value()?;
                if value.get() != "null" {
                    check_core(note, name, attribute::text(value).as_deref())?;
                    keep(note, &mut metadata.extensions, Cow::Borrowed(name), value)?;
                }
            }
            Field::EventVersion => {
                let text = map.next_value::<Scalar>()?.0;
                let version = text.map(|text| text.parse().map_err(|_| note.fail("is no version number")));
                self.version = version.transpose()?;
            }
            Field::CorrelationId => metadata.correlation_id = map.next_value::<Scalar>()?.0,
            Field::CausationId => metadata.causation_id = map.next_value::<Scalar>()?.0,
            Field::PartitionKey => metadata.partition_key = map.next_value::<Scalar>()?.0,
            Field::TenantId => metadata.tenant_id = map.next_value::<Scalar>()?.0,
            Field::UserId => metadata.user_id = map.next_value::<Scalar>()?.0,
            Field::Traceparent => metadata.traceparent = map.next_value::<Scalar>()?.0,
            Field::Tracestate => metadata.tracestate = map.next_value::<Scalar>()?.0,
            Field::EventMeta => self.event_meta(note, map.next_value()?)?,
            Field::Data => self.data = Some(map.next_value()?),
            Field::DataBase64 => {
                let value: &RawValue = map.next_value()?;
                self.base64 = Some(value).filter(|value| value.get() != "null");
            }
        }
        Ok(())
    }

    fn unknown<E: Error>(
        &mut self,
        note: &mut Note,
        name: Cow<'de, str>,
        value: &'de RawValue,
    ) -> Result<(), E> {
        if !attribute::is_name(&name) {
            return Err(note.fail("has an attribute whose name is not all lower-case letters and digits"));
        }
        if value.get() == "null" {
            return Ok(());
        }
        if !attribute::is_value(value) {
            return Err(note.fail("has an extension that is no string, boolean or integer of 32 bits"));
        }
        keep(note, &mut self.metadata.extensions, name, value)
    }

    /// Takes our own `eventmeta` apart; somebody else's is an extension like any other.
    fn event_meta<E: Error>(&mut self, note: &mut Note, value: &'de RawValue) -> Result<(), E> {
        let text = attribute::text(value);
        let json = match &text {
            Some(text) => text.as_ref(),
            None => value.get(),
        };
        if !json.starts_with('{') {
            return self.unknown(note, Cow::Borrowed("eventmeta"), value);
        }
        let mut inner = Note::default();
        match object::<Members<'_>>(json, &mut inner).ok().and_then(Members::into_overlay) {
            Some(overlay) => {
                self.meta = Some(overlay);
                Ok(())
            }
            None => Err(note.fail("does not hold metadata")),
        }
    }

    fn finish<E: Error>(self, note: &mut Note) -> Result<Found<'de>, E> {
        let mut metadata = self.metadata;
        for (name, present) in [
            ("specversion", self.specversion),
            ("id", !metadata.id.is_empty()),
            ("source", metadata.source.is_some()),
            ("type", !metadata.payload_type.is_empty()),
        ] {
            if !present {
                return Err(note.fail_at(name, MISSING));
            }
        }
        let extension = |name| metadata.extensions.get(name).and_then(|value| attribute::text(value));
        let schema_version = extension(DATASCHEMA).and_then(|schema| schema_version(&schema));
        metadata.version = self.version.or(schema_version).unwrap_or(1);
        let payload = match (self.data, self.base64) {
            (Some(data), Some(_)) if data.get() != "null" => {
                return Err(note.fail_at(DATA_BASE64, "stands beside `data`: only one of them may"));
            }
            (_, Some(data)) => binary(note, &mut metadata, data)?,
            (Some(data), None) => FoundPayload::Within(data.get()),
            (None, None) => FoundPayload::Apart(Cow::Borrowed("null")),
        };
        if let Some(overlay) = self.meta {
            overlay.lay_over(&mut metadata);
        }
        Ok(Found { metadata, payload })
    }
}

/// The payload that `data_base64` holds: the JSON that it encodes, or its own text.
fn binary<'de, E: Error>(
    note: &mut Note,
    metadata: &mut Metadata,
    data: &'de RawValue,
) -> Result<FoundPayload<'de>, E> {
    let Some(bytes) = attribute::text(data).and_then(|text| base64::decode(&text)) else {
        return Err(note.fail_at(DATA_BASE64, "is no base64 text"));
    };
    if holds_json(metadata)
        && let Ok(json) = serde_json::from_slice::<Box<RawValue>>(&bytes)
    {
        return Ok(FoundPayload::Apart(Cow::Owned(json.get().to_owned())));
    }
    if let Ok(marker) = RawValue::from_string("true".to_owned()) {
        metadata.extensions.insert(DATA_BASE64.to_owned(), marker);
    }
    Ok(FoundPayload::Within(data.get()))
}

/// An attribute of the specification: absent, or valid.
fn core<'de, A: MapAccess<'de>>(
    note: &mut Note,
    name: &'static str,
    map: &mut A,
) -> Result<Option<String>, A::Error> {
    let text: Option<String> = map.next_value()?;
    if let Some(text) = &text {
        check_core(note, name, Some(text))?;
    }
    Ok(text)
}

fn check_core<E: Error>(note: &mut Note, name: &'static str, text: Option<&str>) -> Result<(), E> {
    match text {
        None => Err(note.fail("is no string")),
        Some("") => Err(note.fail(EMPTY)),
        Some(text) if attribute::is_valid(name, text) => Ok(()),
        Some(_) => Err(note.fail(match name {
            "datacontenttype" => "is no media type (RFC 2046)",
            "dataschema" => "is no URI",
            _ => "is no URI reference",
        })),
    }
}

/// An attribute that is a text to us: other producers may have written an integer or a boolean.
struct Scalar(Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;

        impl Visitor<'_> for AsText {
            type Value = Scalar;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string, a boolean or an integer")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(Some(text.to_owned())))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }
        }

        deserializer.deserialize_any(AsText)
    }
}
