//! The envelope around a payload: metadata, the typed envelope, the untyped message, and the context that
//! events of one chain share.

mod context;
mod message;
mod metadata;

pub use context::Context;
pub(crate) use message::PayloadText;
pub use message::{Message, WireFormat};
pub use metadata::Metadata;

use std::fmt;
use std::time::Duration;

use crate::event::Event;

/// A typed event with its metadata, ready to be emitted or as it was received.
pub struct Envelope<E> {
    /// Everything around the payload.
    pub metadata: Metadata,
    /// The event itself.
    pub payload: E,
    /// How long the broker keeps the event back; not on the wire.
    pub(crate) delay: Option<Duration>,
}

/// Puts an event into an envelope; implemented for every event.
pub trait IntoEnvelope: Event {
    /// The event in a new envelope: a UUIDv7 as its id, the present moment, its ordering key.
    fn envelope(self) -> Envelope<Self>;
}

impl<E: Event> IntoEnvelope for E {
    fn envelope(self) -> Envelope<Self> {
        Envelope::new(self)
    }
}

impl<E: Event> Envelope<E> {
    /// The event in a new envelope: a UUIDv7 as its id, the present moment, its ordering key.
    pub fn new(payload: E) -> Self {
        let mut metadata = Metadata::new(E::PAYLOAD_TYPE, E::VERSION);
        metadata.partition_key = payload.ordering_key();
        Self { metadata, payload, delay: None }
    }
}

impl<E> Envelope<E> {
    /// Keeps the event back for `delay` after it is emitted.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }
}

/// Prints the metadata; never the payload.
impl<E> fmt::Debug for Envelope<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Envelope").field("metadata", &self.metadata).finish_non_exhaustive()
    }
}
