//! What a harness can deliver.

use crate::codec::Codec;
use crate::envelope::{Envelope, Message};
use crate::event::Event;

/// Something that a [`Harness`](crate::testing::Harness) can deliver: an event, an envelope, a message.
pub trait Deliverable {
    /// The message as it is delivered.
    ///
    /// # Panics
    /// Where it does not encode.
    fn encoded(self) -> Message;
}

impl Deliverable for Message {
    fn encoded(self) -> Message {
        self
    }
}

impl Deliverable for &Message {
    fn encoded(self) -> Message {
        self.clone()
    }
}

impl<E: Event> Deliverable for Envelope<E> {
    #[track_caller]
    fn encoded(self) -> Message {
        match Codec::Native.encode_owned(self) {
            Ok(message) => message,
            Err(error) => panic!("the event to deliver does not encode: {error}"),
        }
    }
}

impl<E: Event> Deliverable for E {
    #[track_caller]
    fn encoded(self) -> Message {
        Envelope::new(self).encoded()
    }
}
