//! An event whose type is known at run time only.

use std::any::Any;
use std::fmt;

use crate::codec::EncodeError;
use crate::event::{self, DecodeError, Erased, Event, EventDescriptor};

/// An event whose type is known at run time only: decoded, upcast to its current version, validated.
pub struct AnyEvent {
    descriptor: &'static EventDescriptor,
    event: Box<dyn Erased>,
}

impl AnyEvent {
    /// The event of a type that is known here.
    #[inline]
    pub fn new<E: Event>(event: E) -> Self {
        Self { descriptor: E::DESCRIPTOR, event: Box::new(event) }
    }

    /// What the derive knows of the event.
    pub fn descriptor(&self) -> &'static EventDescriptor {
        self.descriptor
    }

    /// The event's ordering key.
    pub fn ordering_key(&self) -> Option<String> {
        self.event.ordering_key()
    }

    /// The payload as JSON.
    ///
    /// # Errors
    /// Where the event's own `Serialize` fails.
    pub fn to_json(&self) -> Result<String, EncodeError> {
        let mut json = Vec::new();
        let written = self.event.write_json(&mut json);
        written.map_err(|error| EncodeError::payload(self.descriptor.payload_type, error))?;
        // JSON is UTF-8, so nothing is lost.
        Ok(String::from_utf8(json)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The event, where it is an `E`.
    pub fn downcast_ref<E: Event>(&self) -> Option<&E> {
        let event: &dyn Any = &*self.event;
        event.downcast_ref()
    }

    /// The event, where it is an `E`; `None` where it is another, see [`AnyEvent::downcast_ref`].
    pub fn downcast<E: Event>(self) -> Option<E> {
        let event: Box<dyn Any> = self.event;
        event.downcast().ok().map(|event| *event)
    }
}

/// Prints which event it is; never its payload.
impl fmt::Debug for AnyEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let descriptor = self.descriptor();
        formatter
            .debug_struct("AnyEvent")
            .field("payload_type", &descriptor.payload_type)
            .field("version", &descriptor.version)
            .finish_non_exhaustive()
    }
}

/// Reads, upcasts and validates a payload of `E`; every descriptor points to its own.
pub(crate) fn read_any<E: Event>(version: u32, json: &str) -> Result<AnyEvent, DecodeError> {
    event::decode::<E>(version, json).map(AnyEvent::new)
}
