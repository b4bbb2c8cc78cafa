//! The envelope that Amazon EventBridge delivers.
//!
//! `detail-type` is the payload type, `source` the source, `time` the moment. EventBridge gives every event an id
//! of its own, cuts the time to seconds, and has no room for anything else; so `detail` holds two members,
//! `eventmeta` (the native format's names, id and moment included) and `data` (the payload). A `detail` of any
//! other shape is the payload itself: that is how the events of AWS services are read. A few of them have no
//! `detail`: their payload is `null`, and what they say instead is kept.
//!
//! What EventBridge adds (`version`, `account`, `region`, `resources`, and whatever is not known here) is kept
//! in one extension, `eventbridge`, an object with those members; written again, they stand where they stood.
//! Where EventBridge's id differs from the event's, it is kept there too.

use std::borrow::Cow;
use std::sync::Arc;

use bytestring::ByteString;
use serde_json::value::RawValue;

use super::native::{self, Field, Overlay, SPECVERSION, texts, write_extensions, write_fields};
use super::read::{Fault, FoundPayload, Members, RawMembers, Seen, Value};
use super::write::Object;
use crate::envelope::Metadata;

/// The extension that keeps what EventBridge adds.
const EVENTBRIDGE: &str = "eventbridge";
const EVENTMETA: &str = "eventmeta";
/// The members that have a meaning here.
const KNOWN: [&str; 5] = ["id", "detail-type", "source", "time", "detail"];
/// What a new event says in EventBridge's own members, in their order.
const NEW: [(&str, &str); 4] =
    [("version", "\"0\""), ("account", "\"\""), ("region", "\"\""), ("resources", "[]")];

/// How a service writes EventBridge envelopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBridge {
    source: Arc<str>,
}

impl EventBridge {
    /// The format of a service whose events have `source` as their source unless they set one. EventBridge
    /// keeps names that begin with `aws.` for itself.
    pub fn new(source: &str) -> Self {
        Self { source: source.into() }
    }

    /// Sets what this service adds to metadata that leaves it open.
    pub(super) fn prepare(&self, metadata: &mut Metadata) {
        if metadata.source.as_deref().is_none_or(str::is_empty) {
            metadata.source = Some(self.source.as_ref().into());
        }
    }
}

/// Reads a whole envelope into metadata that are blank.
pub(super) fn read<'de>(body: &'de ByteString, metadata: &mut Metadata) -> Result<FoundPayload<'de>, Fault> {
    let mut seen = Seen::default();
    let mut added = RawMembers::new();
    let mut detail = None;
    let mut members = Members::of_body(body)?;
    while let Some((name, value)) = members.next()? {
        let Some(index) = KNOWN.iter().position(|known| *known == name) else {
            value.keep(&mut added, name)?;
            continue;
        };
        let value = value.of(KNOWN[index]);
        seen.once(index as u8, &value)?;
        match KNOWN[index] {
            "id" => metadata.id = value.kept_text()?,
            "detail-type" => metadata.payload_type = value.kept_text()?,
            "source" => metadata.source = value.optional_text()?,
            "time" => metadata.occurred_at = value.optional_moment()?,
            _ => detail = Some(value),
        }
    }
    if metadata.id.is_empty() {
        return Err(members.missing("id"));
    }
    if metadata.payload_type.is_empty() {
        return Err(members.missing("detail-type"));
    }
    let payload = match detail {
        None => FoundPayload::Apart(Cow::Borrowed("null")),
        Some(detail) => FoundPayload::Within(match ours(&detail)? {
            None => detail.json,
            Some((overlay, payload)) => {
                lay_over(overlay, metadata, &mut added);
                payload
            }
        }),
    };
    keep_added(metadata, &added);
    Ok(payload)
}

/// Metadata and payload of a `detail` that this runtime wrote; `None` where somebody else did.
fn ours<'de>(detail: &Value<'de>) -> Result<Option<(Overlay, &'de str)>, Fault> {
    let Some((eventmeta, data)) = meta_and_data(detail.json) else { return Ok(None) };
    match native::read_overlay(eventmeta).filter(Overlay::has_id) {
        Some(overlay) => Ok(Some((overlay, data))),
        None => Err(detail.fault("has an `eventmeta` that does not hold metadata")),
    }
}

/// The two members of our `detail`; stops where it is clear that it is not ours.
fn meta_and_data(detail: &str) -> Option<(&str, &str)> {
    let mut members = Members::of(detail).ok()?;
    let (mut eventmeta, mut data) = (None, None);
    while let Some((name, value)) = members.next().ok()? {
        let member = match name.as_ref() {
            EVENTMETA => &mut eventmeta,
            "data" => &mut data,
            _ => return None,
        };
        if member.replace(value.json).is_some() {
            return None;
        }
    }
    eventmeta.zip(data)
}

/// Lays our metadata over EventBridge's, which is kept where it says something else.
fn lay_over(overlay: Overlay, metadata: &mut Metadata, added: &mut RawMembers) {
    for (name, value) in NEW {
        if added.get(name).is_some_and(|added| added.get() == value) {
            added.remove(name);
        }
    }
    let broker_id = std::mem::take(&mut metadata.id);
    overlay.lay_over(metadata);
    if broker_id != metadata.id
        && let Ok(id) = serde_json::value::to_raw_value(&broker_id)
    {
        added.insert("id".to_owned(), id);
    }
}

fn keep_added(metadata: &mut Metadata, added: &RawMembers) {
    if added.is_empty() {
        return;
    }
    let mut json = Vec::new();
    let mut members = Object::open(&mut json);
    for (name, value) in added {
        members.raw(name, value.get());
    }
    members.close();
    let json = String::from_utf8(json).ok().and_then(|json| RawValue::from_string(json).ok());
    if let Some(json) = json {
        metadata.extensions.insert(EVENTBRIDGE.to_owned(), json);
    }
}

/// What EventBridge added, as the extension keeps it; `None` where the extension is not of that shape.
fn added(metadata: &Metadata) -> Option<RawMembers> {
    let members: RawMembers = serde_json::from_str(metadata.extension(EVENTBRIDGE)?).ok()?;
    let ours = KNOWN.iter().any(|name| *name != "id" && members.contains_key(*name));
    let id = members.get("id").is_none_or(|id| id.get().starts_with('"') && id.get() != "\"\"");
    (!ours && id && !members.contains_key(SPECVERSION)).then_some(members)
}

/// How an envelope ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    /// The payload is the whole `detail`.
    Plain,
    /// The payload is the `data` of the `detail`.
    Nested,
}

/// Ends the envelope whose payload's value begins at `start`. Returns where the payload begins, `None` where
/// there is none: a plain `null` is left out.
pub(super) fn close(out: &mut Vec<u8>, start: usize, end: End) -> Option<usize> {
    match end {
        End::Nested => out.push(b'}'),
        End::Plain if out.get(start..) == Some(b"null") => {
            out.truncate(start - DETAIL.len());
            out.push(b'}');
            return None;
        }
        End::Plain => {}
    }
    out.push(b'}');
    Some(start)
}

const DETAIL: &str = ",\"detail\":";

/// Writes the envelope up to where the payload's value begins; [`close`] ends it.
pub(super) fn open(out: &mut Vec<u8>, metadata: &Metadata) -> End {
    let added = added(metadata);
    let is_kept = added.is_some();
    let broker_id = added.as_ref().and_then(|added| added.get("id"));
    let plain = is_kept && broker_id.is_none() && is_plain(metadata);
    let mut object = Object::open(out);
    match broker_id {
        Some(id) => object.raw("id", id.get()),
        None => object.text("id", &metadata.id),
    }
    object.text("detail-type", &metadata.payload_type);
    object.optional_text("source", metadata.source.as_deref());
    if let Some(time) = &metadata.occurred_at {
        object.timestamp("time", time);
    }
    for (name, value) in added.iter().flatten().filter(|(name, _)| *name != "id") {
        object.raw(name, value.get());
    }
    if !plain {
        let missing = |name: &str| added.as_ref().is_none_or(|added| !added.contains_key(name));
        for (name, value) in NEW.into_iter().filter(|(name, _)| missing(name)) {
            object.raw(name, value);
        }
    }
    out.extend_from_slice(DETAIL.as_bytes());
    if plain {
        return End::Plain;
    }
    let mut detail = Object::open(out);
    let mut meta = Object::open(detail.member(EVENTMETA));
    write_fields(&mut meta, metadata, |field| match field {
        Field::PayloadType => false,
        Field::Source => metadata.source.as_deref() == Some(""),
        _ => true,
    });
    write_extensions(&mut meta, metadata, |name| !(is_kept && name == EVENTBRIDGE));
    meta.close();
    detail.member("data");
    End::Nested
}

/// Whether EventBridge's own members say everything.
fn is_plain(metadata: &Metadata) -> bool {
    let no_texts = texts(metadata).iter().all(|(field, text)| *field == Field::Source || text.is_none());
    metadata.version == 1
        && no_texts
        && metadata.to.is_empty()
        && metadata.headers.is_empty()
        && metadata.extensions.len() == 1
}
