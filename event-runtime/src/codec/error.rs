//! Why an envelope did not become a message.

use std::error::Error;

/// Why an envelope did not become a message.
#[derive(Debug, thiserror::Error)]
#[error("event `{payload_type}` can't be encoded: {reason}")]
pub struct EncodeError {
    kind: EncodeErrorKind,
    payload_type: String,
    reason: &'static str,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of mistake an [`EncodeError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The payload does not serialise, or is not JSON.
    Payload,
    /// Nobody could read the metadata again.
    Metadata,
}

impl EncodeError {
    pub(crate) fn payload(payload_type: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: EncodeErrorKind::Payload,
            payload_type: payload_type.to_owned(),
            reason: "its payload is no JSON",
            source: Some(source.into()),
        }
    }

    pub(super) fn metadata(payload_type: &str, reason: &'static str) -> Self {
        Self { kind: EncodeErrorKind::Metadata, payload_type: payload_type.to_owned(), reason, source: None }
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> EncodeErrorKind {
        self.kind
    }

    /// The payload type of the event.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }
}
