//! Bodies on the wire: the native JSON, CloudEvents 1.0 structured, EventBridge.
//!
//! Owns how metadata and payload become one buffer and are found in it again. A body is written in one typed
//! pass, metadata first; read, its payload is found and left alone. What a payload means is
//! [`event`](crate::event)'s matter, where a body goes [`transport`](crate::transport)'s.

mod cloudevents;
mod draft;
mod error;
mod eventbridge;
mod forward;
mod native;
mod plain;
mod read;
mod recognise;
mod scan;
#[cfg(test)]
mod tests;
mod timestamp;
mod write;

pub use cloudevents::CloudEvents;
pub use error::{EncodeError, EncodeErrorKind};
pub use eventbridge::EventBridge;

use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use serde_json::value::RawValue;

use crate::envelope::{Envelope, Message, Metadata, PayloadText, WireFormat};
use crate::event::{DecodeError, Erased, Event};
use draft::{Draft, range_in};
use read::{Fault, FoundPayload};

/// How envelopes become bodies; decoding recognises every format by itself.
///
/// ```
/// use event_runtime::{Codec, Metadata};
///
/// let message = Codec::Native.encode_raw(Metadata::new("orders.order.paid", 1), r#"{"amount":12}"#, None)?;
/// let received = Codec::decode(message.body().as_bytes().clone())?;
/// assert_eq!(received.metadata().payload_type, "orders.order.paid");
/// assert_eq!(received.payload(), r#"{"amount":12}"#);
///
/// let event = Codec::cloud_events("orders").transcode(&received)?;
/// assert!(event.body().starts_with(r#"{"specversion":"1.0","#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// The runtime's own JSON.
    #[default]
    Native,
    /// CloudEvents 1.0, structured JSON.
    CloudEvents(CloudEvents),
    /// The EventBridge envelope.
    EventBridge(EventBridge),
}

impl Codec {
    /// The codec that writes `format` for the service `name`, which stands in for a source where an event has
    /// none.
    pub fn new(format: WireFormat, name: &str) -> Self {
        match format {
            WireFormat::Native => Self::Native,
            WireFormat::CloudEvents => Self::cloud_events(name),
            WireFormat::EventBridge => Self::event_bridge(name),
        }
    }

    /// CloudEvents of the service `name`: the default source is `urn:service:<name>`.
    pub fn cloud_events(name: &str) -> Self {
        Self::CloudEvents(CloudEvents::new(name))
    }

    /// EventBridge envelopes with `source` as the default source.
    pub fn event_bridge(source: &str) -> Self {
        Self::EventBridge(EventBridge::new(source))
    }

    /// The format that is written.
    pub fn format(&self) -> WireFormat {
        match self {
            Self::Native => WireFormat::Native,
            Self::CloudEvents(_) => WireFormat::CloudEvents,
            Self::EventBridge(_) => WireFormat::EventBridge,
        }
    }

    /// Writes an envelope in one pass. Does not validate the payload.
    ///
    /// # Errors
    /// [`EncodeErrorKind::Payload`] where the payload's own `Serialize` fails,
    /// [`EncodeErrorKind::Metadata`] where nobody could read the metadata again: an empty id, for instance.
    pub fn encode<E: Event>(&self, envelope: &Envelope<E>) -> Result<Message, EncodeError> {
        self.write(envelope.metadata.clone(), &envelope.payload, envelope.delay)
    }

    /// [`Codec::encode`] of an envelope that is not needed any more: its metadata moves into the message.
    ///
    /// # Errors
    /// Those of [`Codec::encode`].
    pub fn encode_owned<E: Event>(&self, envelope: Envelope<E>) -> Result<Message, EncodeError> {
        self.write(envelope.metadata, &envelope.payload, envelope.delay)
    }

    fn write<E: Event>(
        &self,
        metadata: Metadata,
        payload: &E,
        delay: Option<Duration>,
    ) -> Result<Message, EncodeError> {
        let mut message = Message::begin(metadata, delay);
        let metadata = message.begun();
        metadata.payload_type = ByteString::from_static(E::PAYLOAD_TYPE);
        metadata.version = E::VERSION;
        let mut draft = self.open(metadata, TYPICAL_PAYLOAD)?;
        Erased::write_json(payload, draft.payload())
            .map_err(|error| EncodeError::payload(E::PAYLOAD_TYPE, error))?;
        Ok(self.close(draft, message).declared_as(E::PAYLOAD_TYPE))
    }

    /// Writes metadata around a payload that is JSON already; `delay` is how long the broker keeps it back.
    ///
    /// The payload is checked to be JSON, not against its type.
    ///
    /// # Errors
    /// [`EncodeErrorKind::Payload`] where `payload` is not JSON, [`EncodeErrorKind::Metadata`] as for
    /// [`Codec::encode`].
    pub fn encode_raw(
        &self,
        metadata: Metadata,
        payload: &str,
        delay: Option<Duration>,
    ) -> Result<Message, EncodeError> {
        let payload = serde_json::from_str::<&RawValue>(payload).map_err(|error| {
            EncodeError::payload(&metadata.payload_type, DecodeError::malformed("payload", payload, &error))
        })?;
        let mut message = Message::begin(metadata, delay);
        let mut draft = self.open(message.begun(), payload.get().len())?;
        draft.payload().extend_from_slice(payload.get().as_bytes());
        Ok(self.close(draft, message))
    }

    /// The same message in this codec's format; a message that is in it already is returned as it is.
    ///
    /// # Errors
    /// None today: a message's payload is JSON since it was made.
    pub fn transcode(&self, message: &Message) -> Result<Message, DecodeError> {
        if message.format() == self.format() {
            return Ok(message.clone());
        }
        let mut copy = Message::begin(message.metadata().clone(), message.delay());
        self.prepare(copy.begun());
        let mut draft = Draft::open(self.format(), copy.metadata(), message.payload().len());
        draft.payload().extend_from_slice(message.payload().as_bytes());
        Ok(self.close(draft, copy).with_hops(message.hops()))
    }

    /// Reads the metadata of a body in any known format; the payload is found, not parsed.
    ///
    /// # Errors
    /// [`DecodeErrorKind::Malformed`](crate::event::DecodeErrorKind::Malformed).
    pub fn decode(body: Bytes) -> Result<Message, DecodeError> {
        let body = match ByteString::try_from(body.clone()) {
            Ok(text) => text,
            Err(error) => return Err(DecodeError::not_utf8(&body, &error)),
        };
        decode_text(body, None)
    }

    /// Reads a batch of CloudEvents, a JSON array; every event is one message.
    ///
    /// # Errors
    /// [`DecodeErrorKind::Malformed`](crate::event::DecodeErrorKind::Malformed) where the array or any event of
    /// it is malformed; the pointer begins with the event's index.
    pub fn decode_batch(body: Bytes) -> Result<Vec<Message>, DecodeError> {
        let body = match ByteString::try_from(body.clone()) {
            Ok(text) => text,
            Err(error) => return Err(DecodeError::not_utf8(&body, &error)),
        };
        let events: Vec<&RawValue> =
            serde_json::from_str(&body).map_err(|error| DecodeError::malformed("batch", &body, &error))?;
        let decode = |(index, event): (usize, &&RawValue)| {
            let start = range_in(&body, event.get()).start;
            decode_text(body.slice_ref(event.get()), Some(WireFormat::CloudEvents))
                .map_err(|error| error.in_batch(index, body.get(..start).unwrap_or_default()))
        };
        events.iter().enumerate().map(decode).collect()
    }

    /// Sets what the format needs and this service knows.
    fn prepare(&self, metadata: &mut Metadata) {
        match self {
            Self::Native => {}
            Self::CloudEvents(format) => format.prepare(metadata),
            Self::EventBridge(format) => format.prepare(metadata),
        }
    }

    fn open(&self, metadata: &mut Metadata, payload_bytes: usize) -> Result<Draft, EncodeError> {
        self.prepare(metadata);
        check(metadata)?;
        Ok(Draft::open(self.format(), metadata, payload_bytes))
    }

    fn close(&self, draft: Draft, begun: Message) -> Message {
        let (body, payload) = draft.close(begun.metadata());
        begun.finish(body, payload, self.format())
    }
}

/// Room for the payload of an ordinary event, so that its body is allocated once.
const TYPICAL_PAYLOAD: usize = 512;

/// Refuses metadata that nobody could read again.
fn check(metadata: &Metadata) -> Result<(), EncodeError> {
    if metadata.id.is_empty() {
        return Err(EncodeError::metadata(&metadata.payload_type, "its id is empty"));
    }
    if metadata.payload_type.is_empty() {
        return Err(EncodeError::metadata("", "its payload type is empty"));
    }
    if metadata.occurred_at.is_some_and(|time| !timestamp::is_printable(&time)) {
        return Err(EncodeError::metadata(&metadata.payload_type, "it occurred before the year 0"));
    }
    Ok(())
}

/// Reads a body of `format`; of the one that it is recognised as where `format` is open.
fn decode_text(body: ByteString, format: Option<WireFormat>) -> Result<Message, DecodeError> {
    let mut message = Message::begin(Metadata::blank(), None);
    let (format, payload) = match format {
        Some(format) => (format, read_as(format, &body, message.begun())),
        None => read_any(&body, message.begun()),
    };
    let payload = match payload.map_err(|fault| fault.into_error(&body))? {
        FoundPayload::Within(text) => PayloadText::Within(range_in(&body, text)),
        FoundPayload::Apart(text) => PayloadText::Apart(text),
    };
    Ok(message.finish(body, payload, format))
}

/// Native bodies are read at once; only what fails is looked at again to see whose it is.
fn read_any<'de>(
    body: &'de ByteString,
    metadata: &mut Metadata,
) -> (WireFormat, Result<FoundPayload<'de>, Fault>) {
    let found = native::read(body, metadata);
    let format = match &found {
        Ok(_) => WireFormat::Native,
        Err(fault) => fault.foreign().unwrap_or_else(|| recognise::format(body)),
    };
    if format == WireFormat::Native {
        return (format, found);
    }
    *metadata = Metadata::blank();
    (format, read_as(format, body, metadata))
}

/// Reads a body into metadata that are blank, and finds its payload.
fn read_as<'de>(
    format: WireFormat,
    body: &'de ByteString,
    metadata: &mut Metadata,
) -> Result<FoundPayload<'de>, Fault> {
    match format {
        WireFormat::Native => native::read(body, metadata),
        WireFormat::CloudEvents => cloudevents::read(body, metadata),
        WireFormat::EventBridge => eventbridge::read(body, metadata),
    }
}
