//! One pack: its type and its constant data.

use crate::envelope::Message;
use crate::event::{DecodeError, EventDescriptor};
use crate::nearest;

/// A sum type over the events of one pack; implemented by `message_pack!`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a message pack",
    label = "this type was not made by `message_pack!`",
    note = "`message_pack! {{ pub MyMessagePack<EventA, EventB> }}` makes one",
    note = "a handler of one event takes `Payload<E>` or `Envelope<E>` and goes to `.on(..)`"
)]
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

impl PackDescriptor {
    /// The pack's event of a payload type.
    pub fn event(&self, payload_type: &str) -> Option<&'static EventDescriptor> {
        self.events.iter().copied().find(|event| event.payload_type == payload_type)
    }

    /// The payload types of the pack, in the order in which it lists them.
    pub fn payload_types(&self) -> impl Iterator<Item = &'static str> {
        self.events.iter().map(|event| event.payload_type)
    }
}

/// The error for a message that is of no event of a pack.
pub(crate) fn not_in_pack(pack: &'static PackDescriptor, message: &Message) -> DecodeError {
    let found = &message.metadata().payload_type;
    let nearest = nearest::suggestion(found, pack.payload_types());
    DecodeError::unknown_payload_type(found, &format!(" in pack `{}`{nearest}", pack.name))
}

/// The place in `events` of a message's event; past their end where the pack does not list it.
#[doc(hidden)]
pub fn place_in(events: &[&EventDescriptor], message: &Message) -> usize {
    let payload_type = &*message.metadata().payload_type;
    events.iter().position(|event| event.payload_type == payload_type).unwrap_or(events.len())
}
