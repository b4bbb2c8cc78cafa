//! The untyped message: metadata and the bytes it came in.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;

use crate::envelope::{Envelope, Metadata};
use crate::event::{DecodeError, Event};

/// A message whose payload was not decoded: its metadata, and one buffer that holds the payload.
///
/// Cloning is cheap (one reference count). Routing, forwarding and re-queuing never parse the payload.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    metadata: Metadata,
    body: ByteString,
    payload: Range<usize>,
    format: WireFormat,
    delay: Option<Duration>,
}

/// How a message's body is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WireFormat {
    /// The runtime's own JSON.
    Native,
    /// CloudEvents 1.0, structured JSON.
    CloudEvents,
    /// The EventBridge envelope.
    EventBridge,
}

impl Message {
    /// A message from its parts; `payload` is the range of the payload in `body`.
    pub(crate) fn from_parts(
        metadata: Metadata,
        body: ByteString,
        payload: Range<usize>,
        format: WireFormat,
        delay: Option<Duration>,
    ) -> Self {
        Self(Arc::new(Inner { metadata, body, payload, format, delay }))
    }

    /// Everything beside the payload.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The whole body as it travels.
    pub fn body(&self) -> &ByteString {
        &self.0.body
    }

    /// The payload's JSON text.
    pub fn payload(&self) -> &str {
        self.0.body.get(self.0.payload.clone()).unwrap_or_default()
    }

    /// How the body is laid out.
    pub fn format(&self) -> WireFormat {
        self.0.format
    }

    /// How long the broker is to keep the message back.
    pub fn delay(&self) -> Option<Duration> {
        self.0.delay
    }

    /// Reads the payload as `E`, upcasting an older version, and validates it.
    ///
    /// # Errors
    /// See [`DecodeErrorKind`](crate::event::DecodeErrorKind): another payload type, an unknown version, a
    /// malformed payload, or one that breaks its rules.
    pub fn decode<E: Event>(&self) -> Result<E, DecodeError> {
        E::from_json(self.0.metadata.version, self.payload())
    }

    /// [`Message::decode`] together with a copy of the metadata.
    ///
    /// # Errors
    /// Those of [`Message::decode`].
    pub fn to_envelope<E: Event>(&self) -> Result<Envelope<E>, DecodeError> {
        let payload = self.decode()?;
        Ok(Envelope { metadata: self.0.metadata.clone(), payload, delay: None })
    }
}

/// Prints the metadata and the payload's size in bytes; never the payload.
impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Message")
            .field("metadata", &self.0.metadata)
            .field("payload_bytes", &self.0.payload.len())
            .finish()
    }
}
