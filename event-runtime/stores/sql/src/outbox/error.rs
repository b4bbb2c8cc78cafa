//! Why an event did not get into the outbox.

use std::error::Error;

use event_runtime::pool::{EmitError, EmitErrorKind};

use crate::StoreError;

/// Why an event was not written into the outbox.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct OutboxError {
    kind: OutboxErrorKind,
    text: String,
    retryable: bool,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure an [`OutboxError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutboxErrorKind {
    /// The event breaks its own validation rules; nothing was written.
    Invalid,
    /// The event does not serialise; nothing was written.
    Encode,
    /// The database did not take it; the transaction is to be rolled back.
    Store,
}

impl OutboxError {
    pub(super) fn not_encoded(error: EmitError) -> Self {
        let kind = if error.kind() == EmitErrorKind::Invalid {
            OutboxErrorKind::Invalid
        } else {
            OutboxErrorKind::Encode
        };
        let text = "the event was not written into the outbox".to_owned();
        Self { kind, text, retryable: false, source: Some(Box::new(error)) }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> OutboxErrorKind {
        self.kind
    }

    /// Whether the whole transaction may pass when it is tried again from its start.
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

impl From<StoreError> for OutboxError {
    fn from(error: StoreError) -> Self {
        let text = "the event was not written into the outbox".to_owned();
        let retryable = error.is_retryable();
        Self { kind: OutboxErrorKind::Store, text, retryable, source: Some(Box::new(error)) }
    }
}
