//! What can go wrong with an event, in the vocabulary that dead letters, logs and metrics share.
//!
//! Each operation has an error type of its own beside it; this module holds only what several of them speak of.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// Why an event was not handled; the `code` of a dead letter's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureCode {
    /// The bytes are not an envelope, or the payload is not what its type says.
    DecodeFailed,
    /// No handler, and no fallback, takes this payload type.
    UnknownPayloadType,
    /// The payload type is known, this version of it is not.
    UnknownVersion,
    /// The payload breaks its own validation rules.
    ValidationFailed,
    /// The scope validator refused the message.
    ScopeDenied,
    /// The handler returned an error.
    HandlerFailed,
    /// The handler panicked.
    HandlerPanicked,
    /// The handler did not end in its time.
    TimedOut,
    /// The attempts are used up and the last failure is not known to this process.
    MaxAttempts,
    /// Another payload came under an id that is being handled or was handled before.
    PayloadMismatch,
    /// Handling the message ended the process too often.
    Poisoned,
}

impl FailureCode {
    /// Every code, for tables and completions.
    pub const ALL: &[Self] = &[
        Self::DecodeFailed,
        Self::UnknownPayloadType,
        Self::UnknownVersion,
        Self::ValidationFailed,
        Self::ScopeDenied,
        Self::HandlerFailed,
        Self::HandlerPanicked,
        Self::TimedOut,
        Self::MaxAttempts,
        Self::PayloadMismatch,
        Self::Poisoned,
    ];

    /// The code as it stands in dead letters and metrics, for instance `DECODE_FAILED`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DecodeFailed => "DECODE_FAILED",
            Self::UnknownPayloadType => "UNKNOWN_PAYLOAD_TYPE",
            Self::UnknownVersion => "UNKNOWN_VERSION",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::ScopeDenied => "SCOPE_DENIED",
            Self::HandlerFailed => "HANDLER_FAILED",
            Self::HandlerPanicked => "HANDLER_PANICKED",
            Self::TimedOut => "TIMED_OUT",
            Self::MaxAttempts => "MAX_ATTEMPTS",
            Self::PayloadMismatch => "PAYLOAD_MISMATCH",
            Self::Poisoned => "POISONED",
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Serialize for FailureCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One failure of one message: a code, a sentence for people, and details for programs.
///
/// The message holds nothing of the payload unless a handler's own error put it there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// What kind of failure it was.
    pub code: FailureCode,
    /// One line for people.
    pub message: String,
    /// Structured details, `null` where there are none.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub details: Value,
}

impl Failure {
    /// A failure without details.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Value::Null }
    }

    /// The same failure with details.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

/// An error and its causes, a line each. It is what `Debug` shows of the errors that a `main` returns: Rust prints
/// those with `Debug`, and whoever starts the program has nothing else to read.
pub(crate) fn with_causes(error: &dyn Error, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "{error}")?;
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(formatter, "\n  because: {error}")?;
        cause = error.source();
    }
    Ok(())
}
