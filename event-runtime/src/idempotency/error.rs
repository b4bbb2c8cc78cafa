//! Why a store did not answer.

use std::error::Error;

/// Why a store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct IdempotencyError {
    kind: IdempotencyErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure an [`IdempotencyError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdempotencyErrorKind {
    /// The store can't be reached or did not answer in time.
    Unavailable,
    /// The claim is not held any more: its time ended and somebody else claimed, or nobody holds one.
    ClaimLost,
    /// The store holds as many claims as it may.
    Full,
    /// The store answered, and not with what it should: a missing table, another version's record.
    Unexpected,
}

impl IdempotencyError {
    /// An error with one line for people; name the place and the remedy.
    pub fn new(kind: IdempotencyErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The error of a claim that is not held any more.
    pub fn claim_lost() -> Self {
        Self::new(IdempotencyErrorKind::ClaimLost, "the claim is not held any more")
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> IdempotencyErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, IdempotencyErrorKind::Unavailable | IdempotencyErrorKind::Full)
    }
}
