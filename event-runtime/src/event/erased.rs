//! What is asked of an event without its type.

use std::any::Any;

use super::{Event, Written};

/// An event without its type. As little as that, since each method is compiled for each event; who knows the type and
/// asks the same comes here too, so that it is compiled once.
pub(crate) trait Erased: Any + Send + Sync {
    fn ordering_key(&self) -> Option<String>;

    /// Appends the payload as JSON.
    fn write_json(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error>;
}

impl<E: Event> Erased for E {
    fn ordering_key(&self) -> Option<String> {
        Event::ordering_key(self)
    }

    fn write_json(&self, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        Written::write_json(self, out)
    }
}
