//! The runtime's own JSON: metadata by its field names, what is absent left out, `payload` last.
//!
//! Members that are not known are kept and written again. Those whose name means something else here (an
//! extension called `id`, or one that would make the body look like another format) stand in a nested object,
//! `extensions`. The same members, as far as a format has no place of its own for them, travel in the
//! `eventmeta` of CloudEvents and EventBridge bodies.

use bytestring::ByteString;

use super::read::{Fault, FoundPayload, Members, Seen};
use super::write::{Object, push_string};
use crate::envelope::{Metadata, WireFormat};

/// A member of the native format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Field {
    Id,
    PayloadType,
    Version,
    OccurredAt,
    Source,
    CorrelationId,
    CausationId,
    Traceparent,
    Tracestate,
    PartitionKey,
    TenantId,
    UserId,
    Sender,
    To,
    Headers,
    Extensions,
    Payload,
}

impl Field {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "payload_type" => Self::PayloadType,
            "version" => Self::Version,
            "occurred_at" => Self::OccurredAt,
            "source" => Self::Source,
            "correlation_id" => Self::CorrelationId,
            "causation_id" => Self::CausationId,
            "traceparent" => Self::Traceparent,
            "tracestate" => Self::Tracestate,
            "partition_key" => Self::PartitionKey,
            "tenant_id" => Self::TenantId,
            "user_id" => Self::UserId,
            "sender" => Self::Sender,
            "to" => Self::To,
            "headers" => Self::Headers,
            "extensions" => Self::Extensions,
            "payload" => Self::Payload,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::PayloadType => "payload_type",
            Self::Version => "version",
            Self::OccurredAt => "occurred_at",
            Self::Source => "source",
            Self::CorrelationId => "correlation_id",
            Self::CausationId => "causation_id",
            Self::Traceparent => "traceparent",
            Self::Tracestate => "tracestate",
            Self::PartitionKey => "partition_key",
            Self::TenantId => "tenant_id",
            Self::UserId => "user_id",
            Self::Sender => "sender",
            Self::To => "to",
            Self::Headers => "headers",
            Self::Extensions => "extensions",
            Self::Payload => "payload",
        }
    }
}

/// The members that make a body another format's.
pub(super) const SPECVERSION: &str = "specversion";
pub(super) const DETAIL_TYPE: &str = "detail-type";
pub(super) const DETAIL: &str = "detail";
/// The member that makes a body ours.
pub(super) const PAYLOAD_TYPE: &str = Field::PayloadType.name();

/// Reads a whole body into metadata that are blank.
pub(super) fn read<'de>(body: &'de ByteString, metadata: &mut Metadata) -> Result<FoundPayload<'de>, Fault> {
    let mut members = Members::of_body(body)?;
    let Read { payload, .. } = read_members(&mut members, metadata)?;
    if metadata.payload_type.is_empty() {
        return Err(members.missing(Field::PayloadType.name()));
    }
    if metadata.id.is_empty() {
        return Err(members.missing(Field::Id.name()));
    }
    match payload {
        Some(payload) => Ok(FoundPayload::Within(payload)),
        None => Err(members.missing(Field::Payload.name())),
    }
}

/// Reads an object of metadata alone; `None` where it holds anything else.
pub(super) fn read_overlay(json: &str) -> Option<Overlay> {
    let mut metadata = Metadata::blank();
    let Read { payload, has_version } = read_members(&mut Members::of(json).ok()?, &mut metadata).ok()?;
    payload.is_none().then_some(Overlay { metadata, has_version })
}

/// What was read beside metadata.
struct Read<'de> {
    payload: Option<&'de str>,
    has_version: bool,
}

/// Reads members, all of them optional, into metadata that are blank.
fn read_members<'de>(members: &mut Members<'de>, metadata: &mut Metadata) -> Result<Read<'de>, Fault> {
    let mut payload = None;
    let mut seen = Seen::default();
    let mut foreign = Foreign::default();
    while let Some((name, value)) = members.next()? {
        let Some(field) = Field::named(&name) else {
            if let Some(format) = foreign.with(&name) {
                return Err(value.foreign(format));
            }
            value.keep(&mut metadata.extensions, name)?;
            continue;
        };
        let value = value.of(field.name());
        seen.once(field as u8, &value)?;
        match field {
            Field::Id => metadata.id = value.kept_text()?,
            Field::PayloadType => metadata.payload_type = value.kept_text()?,
            Field::Version => metadata.version = value.number()?,
            Field::OccurredAt => metadata.occurred_at = value.optional_moment()?,
            Field::Source => metadata.source = value.optional_text()?,
            Field::CorrelationId => metadata.correlation_id = value.optional_text()?,
            Field::CausationId => metadata.causation_id = value.optional_text()?,
            Field::Traceparent => metadata.traceparent = value.optional_text()?,
            Field::Tracestate => metadata.tracestate = value.optional_text()?,
            Field::PartitionKey => metadata.partition_key = value.optional_text()?,
            Field::TenantId => metadata.tenant_id = value.optional_text()?,
            Field::UserId => metadata.user_id = value.optional_text()?,
            Field::Sender => metadata.sender = value.optional_text()?,
            Field::To => metadata.to = value.texts()?,
            Field::Headers => metadata.headers = value.text_members()?,
            Field::Extensions => {
                for (name, extension) in value.raw_members()? {
                    if metadata.extensions.insert(name, extension).is_some() {
                        return Err(value.fault("holds a name that stands beside it, too"));
                    }
                }
            }
            Field::Payload => payload = Some(value.json),
        }
    }
    Ok(Read { payload, has_version: seen.contains(Field::Version as u8) })
}

/// The members of other formats that were seen.
#[derive(Default)]
struct Foreign {
    detail_type: bool,
    detail: bool,
}

impl Foreign {
    /// The format that the member `name` gives away, together with those before it.
    fn with(&mut self, name: &str) -> Option<WireFormat> {
        match name {
            SPECVERSION => return Some(WireFormat::CloudEvents),
            DETAIL_TYPE => self.detail_type = true,
            DETAIL => self.detail = true,
            _ => {}
        }
        (self.detail_type && self.detail).then_some(WireFormat::EventBridge)
    }
}

/// Members that lie over what a body of another format says at its top level.
pub(super) struct Overlay {
    metadata: Metadata,
    has_version: bool,
}

impl Overlay {
    /// Whether it says which event it belongs to.
    pub(super) fn has_id(&self) -> bool {
        !self.metadata.id.is_empty()
    }

    /// Lays these members over what a body said at its top level.
    pub(super) fn lay_over(self, metadata: &mut Metadata) {
        fn over<T>(field: &mut Option<T>, value: Option<T>) {
            if value.is_some() {
                *field = value;
            }
        }
        let inner = self.metadata;
        if !inner.id.is_empty() {
            metadata.id = inner.id;
        }
        if !inner.payload_type.is_empty() {
            metadata.payload_type = inner.payload_type;
        }
        if self.has_version {
            metadata.version = inner.version;
        }
        over(&mut metadata.occurred_at, inner.occurred_at);
        over(&mut metadata.source, inner.source);
        over(&mut metadata.correlation_id, inner.correlation_id);
        over(&mut metadata.causation_id, inner.causation_id);
        over(&mut metadata.traceparent, inner.traceparent);
        over(&mut metadata.tracestate, inner.tracestate);
        over(&mut metadata.partition_key, inner.partition_key);
        over(&mut metadata.tenant_id, inner.tenant_id);
        over(&mut metadata.user_id, inner.user_id);
        over(&mut metadata.sender, inner.sender);
        if !inner.to.is_empty() {
            metadata.to = inner.to;
        }
        metadata.headers.extend(inner.headers);
        metadata.extensions.extend(inner.extensions);
    }
}

/// Writes the body up to where the payload's value begins; one `}` ends it.
pub(super) fn open(out: &mut Vec<u8>, metadata: &Metadata) {
    let mut object = Object::open(out);
    write_fields(&mut object, metadata, |_| true);
    let mut nested = false;
    for (name, value) in &metadata.extensions {
        if is_reserved(name) {
            nested = true;
        } else {
            object.raw(name, value.get());
        }
    }
    if nested {
        write_extensions(&mut object, metadata, is_reserved);
    }
    object.member(Field::Payload.name());
}

/// Whether an extension of this name can't stand at the top level.
fn is_reserved(name: &str) -> bool {
    Field::named(name).is_some() || name == SPECVERSION || name == DETAIL_TYPE
}

/// Writes the fields that are set and wanted.
pub(super) fn write_fields(object: &mut Object<'_>, metadata: &Metadata, wanted: impl Fn(Field) -> bool) {
    if wanted(Field::Id) {
        object.text(Field::Id.name(), &metadata.id);
    }
    if wanted(Field::PayloadType) {
        object.text(Field::PayloadType.name(), &metadata.payload_type);
    }
    if wanted(Field::Version) {
        object.number(Field::Version.name(), metadata.version);
    }
    if let Some(time) = metadata.occurred_at.as_ref().filter(|_| wanted(Field::OccurredAt)) {
        object.timestamp(Field::OccurredAt.name(), time);
    }
    for (field, value) in texts(metadata) {
        if let Some(value) = value.filter(|_| wanted(field)) {
            object.text(field.name(), value);
        }
    }
    if !metadata.to.is_empty() && wanted(Field::To) {
        let out = object.member(Field::To.name());
        out.push(b'[');
        for (index, recipient) in metadata.to.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_string(out, recipient);
        }
        out.push(b']');
    }
    if !metadata.headers.is_empty() && wanted(Field::Headers) {
        let mut headers = Object::open(object.member(Field::Headers.name()));
        for (name, value) in &metadata.headers {
            push_string(headers.foreign_member(name), value);
        }
        headers.close();
    }
}

/// Writes the extensions that are wanted as the member `extensions`; nothing where there are none.
pub(super) fn write_extensions(object: &mut Object<'_>, metadata: &Metadata, wanted: impl Fn(&str) -> bool) {
    let mut wanted = metadata.extensions.iter().filter(|(name, _)| wanted(name)).peekable();
    if wanted.peek().is_none() {
        return;
    }
    let mut extensions = Object::open(object.member(Field::Extensions.name()));
    for (name, value) in wanted {
        extensions.raw(name, value.get());
    }
    extensions.close();
}

/// The optional texts, in the order of the wire.
pub(super) fn texts(metadata: &Metadata) -> [(Field, Option<&str>); 9] {
    [
        (Field::Source, metadata.source.as_deref()),
        (Field::CorrelationId, metadata.correlation_id.as_deref()),
        (Field::CausationId, metadata.causation_id.as_deref()),
        (Field::Traceparent, metadata.traceparent.as_deref()),
        (Field::Tracestate, metadata.tracestate.as_deref()),
        (Field::PartitionKey, metadata.partition_key.as_deref()),
        (Field::TenantId, metadata.tenant_id.as_deref()),
        (Field::UserId, metadata.user_id.as_deref()),
        (Field::Sender, metadata.sender.as_deref()),
    ]
}
