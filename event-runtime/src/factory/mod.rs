//! The registry of events: packs, their composition, and the factory that knows every payload type by name.

use crate::envelope::Message;
use crate::event::{DecodeError, EventDescriptor};

/// A sum type over the events of one pack; implemented by `message_pack!`.
pub trait MessagePack: Sized + Send + 'static {
    /// The pack's name.
    const NAME: &'static str;

    /// The pack as constant data.
    const DESCRIPTOR: &'static PackDescriptor;

    /// Reads a message of one of the pack's events.
    ///
    /// # Errors
    /// Those of [`Message::decode`], and an unknown payload type where the pack does not list it.
    fn decode(message: &Message) -> Result<Self, DecodeError>;
}

/// One pack as constant data.
#[derive(Debug)]
pub struct PackDescriptor {
    /// The pack's name.
    pub name: &'static str,
    /// The pack's documentation.
    pub description: &'static str,
    /// Its events, current versions only.
    pub events: &'static [&'static EventDescriptor],
}
