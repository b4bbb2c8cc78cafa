//! The factory: every payload type by name.

use std::collections::HashMap;
use std::time::Duration;

use bytestring::ByteString;

use super::{AnyEvent, BuildError, PackConflicts, PackDescriptor, Packs};
use crate::codec::Codec;
use crate::envelope::{Message, Metadata};
use crate::event::{DecodeError, EventDescriptor};
use crate::nearest;

/// Knows every payload type of the packs that were registered: what it is, how it is read, how it is made.
#[derive(Clone, Debug, Default)]
pub struct MessageFactory {
    packs: Packs,
    by_type: HashMap<&'static str, Entry, foldhash::fast::RandomState>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    event: &'static EventDescriptor,
    pack: &'static PackDescriptor,
}

impl MessageFactory {
    /// A factory that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds packs; one that is there already counts once.
    ///
    /// # Errors
    /// Every name that is claimed twice, over what was there and what is added; the factory is then as it was.
    pub fn register(
        &mut self,
        packs: impl IntoIterator<Item = &'static PackDescriptor>,
    ) -> Result<(), PackConflicts> {
        let packs = self.packs.clone().and(packs);
        packs.check()?;
        for pack in packs.descriptors() {
            let entries = pack.events.iter().map(|event| (event.payload_type, Entry { event, pack }));
            self.by_type.extend(entries);
        }
        self.packs = packs;
        Ok(())
    }

    /// The event of a payload type, at its current version.
    pub fn event(&self, payload_type: &str) -> Option<&'static EventDescriptor> {
        self.by_type.get(payload_type).map(|entry| entry.event)
    }

    /// One version of an event; older ones are known through `upcast_from`.
    pub fn version(&self, payload_type: &str, version: u32) -> Option<&'static EventDescriptor> {
        self.event(payload_type)?.versions().find(|event| event.version == version)
    }

    /// The pack that lists a payload type.
    pub fn pack_of(&self, payload_type: &str) -> Option<&'static PackDescriptor> {
        self.by_type.get(payload_type).map(|entry| entry.pack)
    }

    /// The pack of a name.
    pub fn pack(&self, name: &str) -> Option<&'static PackDescriptor> {
        self.packs.descriptors().find(|pack| pack.name == name)
    }

    /// The packs in the order in which they were registered.
    pub fn packs(&self) -> impl Iterator<Item = &'static PackDescriptor> {
        self.packs.descriptors()
    }

    /// Every event at its current version, pack by pack.
    pub fn events(&self) -> impl Iterator<Item = &'static EventDescriptor> {
        self.packs.events()
    }

    /// The known payload type that is nearest to a misspelt one.
    pub fn nearest_type(&self, payload_type: &str) -> Option<&'static str> {
        nearest::nearest(payload_type, self.by_type.keys().copied())
    }

    /// The known pack whose name is nearest to a misspelt one.
    pub fn nearest_pack(&self, name: &str) -> Option<&'static str> {
        nearest::nearest(name, self.packs().map(|pack| pack.name))
    }

    /// Reads a message as the event that it is, upcasts an older version, and validates it.
    ///
    /// # Errors
    /// Those of [`Message::decode`]; an unknown payload type names the nearest known one.
    pub fn decode(&self, message: &Message) -> Result<AnyEvent, DecodeError> {
        let metadata = message.metadata();
        self.read(&metadata.payload_type, metadata.version, message.payload())
    }

    /// Reads a payload from its JSON text, upcasts an older version, and validates it.
    ///
    /// # Errors
    /// Those of [`Message::decode`]; an unknown payload type names the nearest known one.
    pub fn read(&self, payload_type: &str, version: u32, json: &str) -> Result<AnyEvent, DecodeError> {
        let Some(event) = self.event(payload_type) else {
            let hint = nearest::suggestion(payload_type, self.by_type.keys().copied());
            return Err(DecodeError::unknown_payload_type(payload_type, &hint));
        };
        (event.read)(version, json)
    }

    /// Builds a message from a payload type and the JSON text of a payload of its current version, as
    /// `envelope()` would: a new id, the present moment, the event's ordering key. `prepare` may change the
    /// metadata; `delay` is how long the broker keeps the message back.
    ///
    /// # Errors
    /// [`BuildErrorKind::Payload`](super::BuildErrorKind::Payload) for an unknown payload type and for a payload
    /// that is refused, [`BuildErrorKind::Encode`](super::BuildErrorKind::Encode) where it cannot be written.
    pub fn build(
        &self,
        payload_type: &str,
        json: &str,
        codec: &Codec,
        prepare: impl FnOnce(&mut Metadata),
        delay: Option<Duration>,
    ) -> Result<Message, BuildError> {
        let version = self.event(payload_type).map_or(1, |event| event.version);
        let event = self.read(payload_type, version, json)?;
        let descriptor = event.descriptor();
        let mut metadata =
            Metadata::new(ByteString::from_static(descriptor.payload_type), descriptor.version);
        metadata.partition_key = event.ordering_key().map(Into::into);
        prepare(&mut metadata);
        Ok(codec.encode_raw(metadata, &event.to_json()?, delay)?)
    }
}
