//! The untyped message: metadata and the bytes it came in.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;

use crate::envelope::{Envelope, Metadata, WireFormat};
use crate::event::{self, DecodeError, Event, EventDescriptor};

/// A message whose payload was not decoded: its metadata, and one buffer that holds the payload.
///
/// Cloning is cheap (one reference count). Routing, forwarding and re-queuing never parse the payload.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    metadata: Metadata,
    body: ByteString,
    payload: PayloadText,
    format: WireFormat,
    delay: Option<Duration>,
    hops: u32,
    /// The payload type, where it is one of this program's types that was encoded.
    declared: Option<&'static str>,
}

/// Where a message's payload is.
#[derive(Clone, Debug)]
pub(crate) enum PayloadText {
    /// A range of the body.
    Within(Range<usize>),
    /// Not in the body as it stands: absent, or encoded.
    Apart(Cow<'static, str>),
}

impl Message {
    /// A message from its parts; `payload` is JSON.
    #[cfg(test)]
    pub(crate) fn from_parts(
        metadata: Metadata,
        body: ByteString,
        payload: PayloadText,
        format: WireFormat,
        delay: Option<Duration>,
    ) -> Self {
        Self::begin(metadata, delay).finish(body, payload, format)
    }

    /// A message of which only the metadata are there: they are large, and are filled in where they stay.
    pub(crate) fn begin(metadata: Metadata, delay: Option<Duration>) -> Self {
        Self(Arc::new(Inner {
            metadata,
            body: ByteString::new(),
            payload: PayloadText::Within(0..0),
            format: WireFormat::Native,
            delay,
            hops: 0,
            declared: None,
        }))
    }

    /// The metadata of a message that was begun.
    pub(crate) fn begun(&mut self) -> &mut Metadata {
        &mut Arc::make_mut(&mut self.0).metadata
    }

    /// The message that was begun; `payload` is JSON.
    pub(crate) fn finish(mut self, body: ByteString, payload: PayloadText, format: WireFormat) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        (inner.body, inner.payload, inner.format) = (body, payload, format);
        self
    }

    /// The same message, encoded from a type of this program with this payload type.
    pub(crate) fn declared_as(mut self, payload_type: &'static str) -> Self {
        Arc::make_mut(&mut self.0).declared = Some(payload_type);
        self
    }

    /// The payload type where it is one of this program's: a name that can't be anybody's invention.
    pub(crate) fn declared(&self) -> Option<&'static str> {
        self.0.declared
    }

    /// Whether `other` is this message itself, and no other one of the same content.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Everything beside the payload.
    #[inline]
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The whole body as it travels.
    pub fn body(&self) -> &ByteString {
        &self.0.body
    }

    /// The payload's JSON text; `null` where a CloudEvent has no data.
    pub fn payload(&self) -> &str {
        match &self.0.payload {
            PayloadText::Within(range) => self.0.body.get(range.clone()).unwrap_or_default(),
            PayloadText::Apart(text) => text,
        }
    }

    /// How the body is laid out.
    pub fn format(&self) -> WireFormat {
        self.0.format
    }

    /// How long the broker is to keep the message back.
    pub fn delay(&self) -> Option<Duration> {
        self.0.delay
    }

    /// The same message, kept back for `delay` when it is sent; zero = not at all.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        Arc::make_mut(&mut self.0).delay = Some(delay).filter(|delay| !delay.is_zero());
        self
    }

    /// How often the message was sent on after its first sending: forwarded, redriven, sent again with a delay.
    pub fn hops(&self) -> u32 {
        self.0.hops
    }

    /// The same message after `hops` hops; whoever sends a received message on adds one.
    #[must_use]
    pub fn with_hops(mut self, hops: u32) -> Self {
        if hops != self.0.hops {
            Arc::make_mut(&mut self.0).hops = hops;
        }
        self
    }

    /// What a broker that deduplicates is to know the message by: its id, after hops `<id>:<hops>`.
    ///
    /// A message that is sent on is a new one to the broker, and a repeated attempt at the same hop is not.
    pub fn deduplication_id(&self) -> Cow<'_, str> {
        match self.0.hops {
            0 => Cow::Borrowed(&self.0.metadata.id),
            hops => Cow::Owned(format!("{}:{hops}", self.0.metadata.id)),
        }
    }

    /// Reads the payload as `E`, upcasting an older version, and validates it.
    ///
    /// # Errors
    /// See [`DecodeErrorKind`](crate::event::DecodeErrorKind): another payload type, an unknown version, a
    /// malformed payload, or one that breaks its rules.
    #[inline]
    pub fn decode<E: Event>(&self) -> Result<E, DecodeError> {
        self.expect(E::PAYLOAD_TYPE)?;
        event::decode(self.0.metadata.version, self.payload())
    }

    /// [`Message::decode`] together with a copy of the metadata, whose version is the one that was decoded to.
    ///
    /// # Errors
    /// Those of [`Message::decode`].
    pub fn to_envelope<E: Event>(&self) -> Result<Envelope<E>, DecodeError> {
        self.expect(E::PAYLOAD_TYPE)?;
        self.envelope_of_its_type()
    }

    /// [`Message::to_envelope`] of a message that is known to hold an `E`.
    #[inline]
    pub(crate) fn envelope_of_its_type<E: Event>(&self) -> Result<Envelope<E>, DecodeError> {
        match event::decode(self.0.metadata.version, self.payload()) {
            Ok(payload) => Ok(Envelope { metadata: self.metadata_of(E::DESCRIPTOR), payload, delay: None }),
            Err(error) => Err(error),
        }
    }

    fn expect(&self, payload_type: &str) -> Result<(), DecodeError> {
        match &self.0.metadata.payload_type {
            found if found == payload_type => Ok(()),
            found => Err(DecodeError::another_payload_type(payload_type, found)),
        }
    }

    /// A copy of the metadata, whose version is the one that was decoded to.
    fn metadata_of(&self, event: &'static EventDescriptor) -> Metadata {
        let mut metadata = self.0.metadata.clone();
        metadata.payload_type = ByteString::from_static(event.payload_type);
        metadata.version = event.version;
        metadata
    }

    /// [`Message::to_envelope`] of a message that is not needed any more: where nobody else holds it, its
    /// metadata moves.
    ///
    /// # Errors
    /// Those of [`Message::decode`].
    pub fn into_envelope<E: Event>(self) -> Result<Envelope<E>, DecodeError> {
        let payload = self.decode()?;
        let metadata =
            Arc::try_unwrap(self.0).map_or_else(|shared| shared.metadata.clone(), |own| own.metadata);
        Ok(envelope(metadata, payload))
    }
}

fn envelope<E: Event>(mut metadata: Metadata, payload: E) -> Envelope<E> {
    metadata.payload_type = ByteString::from_static(E::PAYLOAD_TYPE);
    metadata.version = E::VERSION;
    Envelope { metadata, payload, delay: None }
}

/// Prints the metadata and the payload's size in bytes; never the payload.
impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("metadata", &self.0.metadata)
            .field("payload_bytes", &self.payload().len())
            .finish()
    }
}
