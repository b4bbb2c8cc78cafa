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

use serde::de::{Error, MapAccess};
use serde_json::value::RawValue;

use super::native::{Field, Members, Overlay, texts, write_extensions, write_fields};
use super::read::{
    EMPTY, Found, FoundPayload, MISSING, NO_TIME, Note, RawMembers, ReadObject, Seen, TWICE, Text, keep,
    object,
};
use super::timestamp;
use super::write::Object;
use crate::envelope::Metadata;

/// The extension that keeps what EventBridge adds.
const EVENTBRIDGE: &str = "eventbridge";
const EVENTMETA: &str = "eventmeta";
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
            metadata.source = Some(self.source.as_ref().to_owned());
        }
    }
}

/// A whole envelope.
pub(super) struct Body;

impl<'de> ReadObject<'de> for Body {
    type Output = Found<'de>;

    fn read_object<A: MapAccess<'de>>(note: &mut Note, mut map: A) -> Result<Found<'de>, A::Error> {
        let mut metadata = Metadata::blank();
        let mut seen = Seen::default();
        let mut added = RawMembers::default();
        let mut detail: Option<&'de RawValue> = None;
        while let Some(Text(name)) = map.next_key()? {
            let known = ["id", "detail-type", "source", "time", "detail"].into_iter().enumerate();
            let Some((index, name)) = known.into_iter().find(|(_, known)| *known == name) else {
                note.member = None;
                keep(note, &mut added.0, name, map.next_value()?)?;
                continue;
            };
            note.member = Some(name);
            if !seen.insert(index as u8) {
                return Err(note.fail(TWICE));
            }
            match name {
                "id" => metadata.id = map.next_value()?,
                "detail-type" => metadata.payload_type = Cow::Owned(map.next_value()?),
                "source" => metadata.source = map.next_value()?,
                "time" => {
                    if let Some(Text(text)) = map.next_value()? {
                        let time = timestamp::parse(&text).ok_or_else(|| note.fail(NO_TIME))?;
                        metadata.occurred_at = Some(time);
                    }
                }
                _ => detail = Some(map.next_value()?),
            }
        }
        if metadata.id.is_empty() {
            return Err(note.fail_at("id", if seen.contains(0) { EMPTY } else { MISSING }));
        }
        if metadata.payload_type.is_empty() {
            return Err(note.fail_at("detail-type", if seen.contains(1) { EMPTY } else { MISSING }));
        }
        let Some(detail) = detail else {
            keep_added(&mut metadata, added);
            return Ok(Found { metadata, payload: FoundPayload::Apart(Cow::Borrowed("null")) });
        };
        let Some((overlay, payload)) = ours(note, detail)? else {
            keep_added(&mut metadata, added);
            return Ok(Found { metadata, payload: FoundPayload::Within(detail.get()) });
        };
        for (name, value) in NEW {
            if added.0.get(name).is_some_and(|added| added.get() == value) {
                added.0.remove(name);
            }
        }
        let broker_id = std::mem::take(&mut metadata.id);
        overlay.lay_over(&mut metadata);
        if broker_id != metadata.id
            && let Ok(id) = serde_json::value::to_raw_value(&broker_id)
        {
            added.0.insert("id".to_owned(), id);
        }
        keep_added(&mut metadata, added);
        Ok(Found { metadata, payload: FoundPayload::Within(payload.get()) })
    }
}

/// Metadata and payload of a `detail` that this runtime wrote; `None` where somebody else did.
fn ours<'de, E: Error>(
    note: &mut Note,
    detail: &'de RawValue,
) -> Result<Option<(Overlay, &'de RawValue)>, E> {
    let Ok(Detail { eventmeta: Some(eventmeta), data: Some(data), others: false }) =
        object::<Detail<'de>>(detail.get(), &mut Note::default())
    else {
        return Ok(None);
    };
    let members = object::<Members<'_>>(eventmeta.get(), &mut Note::default());
    match members.ok().and_then(Members::into_overlay).filter(Overlay::has_id) {
        Some(overlay) => Ok(Some((overlay, data))),
        None => Err(note.fail_at("detail", "has an `eventmeta` that does not hold metadata")),
    }
}

#[derive(Default)]
struct Detail<'de> {
    eventmeta: Option<&'de RawValue>,
    data: Option<&'de RawValue>,
    others: bool,
}

impl<'de> ReadObject<'de> for Detail<'de> {
    type Output = Self;

    /// Stops where it is clear that the detail is not ours.
    fn read_object<A: MapAccess<'de>>(note: &mut Note, mut map: A) -> Result<Self, A::Error> {
        let mut detail = Self::default();
        while let Some(Text(name)) = map.next_key()? {
            let member = match name.as_ref() {
                EVENTMETA => &mut detail.eventmeta,
                "data" => &mut detail.data,
                _ => return Err(note.fail("is somebody else's")),
            };
            if member.replace(map.next_value()?).is_some() {
                detail.others = true;
            }
        }
        Ok(detail)
    }
}

fn keep_added(metadata: &mut Metadata, added: RawMembers) {
    if added.0.is_empty() {
        return;
    }
    let mut json = Vec::new();
    let mut members = Object::open(&mut json);
    for (name, value) in &added.0 {
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
    let members: RawMembers = serde_json::from_str(metadata.extensions.get(EVENTBRIDGE)?.get()).ok()?;
    let ours = ["detail-type", "source", "time", "detail"].iter().any(|name| members.0.contains_key(*name));
    let id = members.0.get("id").is_none_or(|id| id.get().starts_with('"') && id.get() != "\"\"");
    (!ours && id && !members.0.contains_key(super::native::SPECVERSION)).then_some(members)
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
    let broker_id = added.as_ref().and_then(|added| added.0.get("id"));
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
    for (name, value) in added.iter().flat_map(|added| &added.0).filter(|(name, _)| *name != "id") {
        object.raw(name, value.get());
    }
    if !plain {
        let missing = |name: &str| added.as_ref().is_none_or(|added| !added.0.contains_key(name));
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
