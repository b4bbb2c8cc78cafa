//! Bodies on the wire: the native JSON, CloudEvents 1.0 structured, EventBridge.

use bytes::Bytes;

use crate::envelope::{Envelope, Message};
use crate::event::{DecodeError, Event};

/// How envelopes become bodies; decoding recognises every format by itself.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Codec {
    /// The runtime's own JSON.
    #[default]
    Native,
}

/// Why an envelope did not become a message.
#[derive(Debug, thiserror::Error)]
#[error("event `{payload_type}` does not serialise")]
pub struct EncodeError {
    payload_type: &'static str,
    source: serde_json::Error,
}

impl Codec {
    /// Writes an envelope in one pass. Does not validate.
    ///
    /// # Errors
    /// Where the payload's own `Serialize` fails.
    pub fn encode<E: Event>(&self, envelope: &Envelope<E>) -> Result<Message, EncodeError> {
        let _ = envelope;
        unimplemented!()
    }

    /// The same message in this codec's format; a message that is in it already is returned as it is.
    ///
    /// # Errors
    /// Where the payload is not JSON.
    pub fn transcode(&self, message: &Message) -> Result<Message, DecodeError> {
        let _ = message;
        unimplemented!()
    }

    /// Reads the metadata of a body in any known format; the payload is not parsed.
    ///
    /// # Errors
    /// [`DecodeErrorKind::Malformed`](crate::event::DecodeErrorKind::Malformed).
    pub fn decode(body: Bytes) -> Result<Message, DecodeError> {
        let _ = body;
        unimplemented!()
    }
}
