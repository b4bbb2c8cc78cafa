//! An event whose type is known at run time only.

use std::any::Any;
use std::fmt;

use crate::codec::EncodeError;
use crate::event::{DecodeError, Event, EventDescriptor};

/// An event whose type is known at run time only: decoded, upcast to its current version, validated.
pub struct AnyEvent(Box<dyn Erased>);

trait Erased: Any + Send + Sync {
    fn descriptor(&self) -> &'static EventDescriptor;
    fn ordering_key(&self) -> Option<String>;
    fn to_json(&self) -> Result<String, serde_json::Error>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
    fn as_any(&self) -> &dyn Any;
}

impl<E: Event> Erased for E {
    fn descriptor(&self) -> &'static EventDescriptor {
        E::DESCRIPTOR
    }

    fn ordering_key(&self) -> Option<String> {
        Event::ordering_key(self)
    }

    fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl AnyEvent {
    /// The event of a type that is known here.
    pub fn new<E: Event>(event: E) -> Self {
        Self(Box::new(event))
    }

    /// What the derive knows of the event.
    pub fn descriptor(&self) -> &'static EventDescriptor {
        self.0.descriptor()
    }

    /// The event's ordering key.
    pub fn ordering_key(&self) -> Option<String> {
        self.0.ordering_key()
    }

    /// The payload as JSON.
    ///
    /// # Errors
    /// Where the event's own `Serialize` fails.
    pub fn to_json(&self) -> Result<String, EncodeError> {
        self.0.to_json().map_err(|error| EncodeError::payload(self.descriptor().payload_type, error))
    }

    /// The event, where it is an `E`.
    pub fn downcast_ref<E: Event>(&self) -> Option<&E> {
        self.0.as_any().downcast_ref()
    }

    /// The event, where it is an `E`; `None` where it is another, see [`AnyEvent::downcast_ref`].
    pub fn downcast<E: Event>(self) -> Option<E> {
        self.0.into_any().downcast().ok().map(|event| *event)
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
    let event = E::from_json(version, json)?;
    event.validate().map_err(DecodeError::broken_rules)?;
    Ok(AnyEvent::new(event))
}
