//! What a handler decides about a message, and the error it may return.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::error::{Failure, FailureCode};
use crate::event::DecodeError;

/// What becomes of a handled message.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Handled: remove it.
    Ack,
    /// Not handled this time: try again, within the attempts that the consumer allows.
    Retry {
        /// The least delay, held to what the broker can delay; `None` = the consumer's backoff.
        after: Option<Duration>,
        /// Why.
        failure: Failure,
    },
    /// Nobody tried to handle it: hand it back, without counting an attempt where the broker allows that.
    ///
    /// For layers that know before the handler runs that it can't run now: somebody else is handling the message,
    /// what the handler needs is down. By itself it never makes a dead letter in the consumer.
    ///
    /// SQS has no request to take a receive back. There each deferral raises the receive count, so that a later failure
    /// may find fewer attempts left, and it counts towards the queue's own `maxReceiveCount`: a message that is deferred
    /// that often goes to the queue's dead letters untried and without an error. Defer for long rather than often, and
    /// give the queue's redrive policy a high count.
    Defer {
        /// The least delay, held to what the broker can delay; where it can't at all, the consumer waits, the lease kept.
        after: Duration,
        /// Why, one line.
        reason: String,
    },
    /// Not handled, and trying again would not help: keep it with its error.
    DeadLetter {
        /// Why.
        failure: Failure,
    },
    /// Not wanted: log it, count it, remove it.
    Discard {
        /// Why, one line.
        reason: String,
    },
}

impl Outcome {
    /// Try again after the consumer's backoff.
    pub fn retry(failure: Failure) -> Self {
        Self::Retry { after: None, failure }
    }

    /// Hand the message back for `after`; it was not tried.
    pub fn defer(after: Duration, reason: impl Into<String>) -> Self {
        Self::Defer { after, reason: reason.into() }
    }

    /// Keep the message with its error.
    pub fn dead_letter(failure: Failure) -> Self {
        Self::DeadLetter { failure }
    }

    /// Remove the message, with the reason in log and metrics.
    pub fn discard(reason: impl Into<String>) -> Self {
        Self::Discard { reason: reason.into() }
    }

    /// What went wrong, where something did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Retry { failure, .. } | Self::DeadLetter { failure } => Some(failure),
            Self::Ack | Self::Defer { .. } | Self::Discard { .. } => None,
        }
    }

    /// The outcome's name in logs and metrics: `ack`, `retry`, `defer`, `dead_letter` or `discard`.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Retry { .. } => "retry",
            Self::Defer { .. } => "defer",
            Self::DeadLetter { .. } => "dead_letter",
            Self::Discard { .. } => "discard",
        }
    }
}

/// The error of a handler: what went wrong, and what is to become of the message.
///
/// Every error type converts into it by `?` and means *retry*; [`HandlerError::dead_letter`] and
/// [`HandlerError::discard`] say otherwise. One error is a dead letter by itself: a [`DecodeError`], of
/// [`Message::decode`](crate::Message::decode) for instance, keeps its own code, because the same bytes never
/// decode better. It is no `std::error::Error` itself, which is what lets every error convert into it.
///
/// ```
/// use event_runtime::HandlerError;
///
/// fn charge(amount: &str) -> Result<(), HandlerError> {
///     let amount: i64 = amount.parse()?; // retried
///     if amount < 0 {
///         return Err(HandlerError::dead_letter("a charge is never negative"));
///     }
///     Ok(())
/// }
/// assert!(charge("-1").is_err());
/// ```
pub struct HandlerError {
    disposition: Disposition,
    cause: Box<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Disposition {
    Retry { after: Option<Duration> },
    DeadLetter,
    Discard,
}

impl HandlerError {
    fn new(disposition: Disposition, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { disposition, cause: cause.into() }
    }

    /// Try again, after the consumer's backoff. The same as `?`.
    pub fn retry(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Disposition::Retry { after: None }, cause)
    }

    /// Try again no earlier than `after` from now, or than the longest delay that the broker can keep.
    pub fn retry_after(after: Duration, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Disposition::Retry { after: Some(after) }, cause)
    }

    /// Do not try again; keep the message as a dead letter.
    pub fn dead_letter(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Disposition::DeadLetter, cause)
    }

    /// Do not try again and do not keep it; it is logged and counted.
    pub fn discard(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Disposition::Discard, cause)
    }

    /// What the message's fate is.
    pub fn into_outcome(self) -> Outcome {
        match self.disposition {
            Disposition::Discard => Outcome::Discard { reason: chain(self.cause.as_ref()) },
            Disposition::DeadLetter => Outcome::DeadLetter { failure: self.into_failure() },
            Disposition::Retry { after } => Outcome::Retry { after, failure: self.into_failure() },
        }
    }

    fn into_failure(self) -> Failure {
        match self.cause.downcast_ref::<DecodeError>() {
            Some(error) => error.to_failure(),
            None => Failure::new(FailureCode::HandlerFailed, chain(self.cause.as_ref())),
        }
    }
}

/// An error and its sources in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        line.push_str(": ");
        line.push_str(&error.to_string());
        source = error.source();
    }
    line
}

impl<E: Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let cause: Box<dyn Error + Send + Sync> = Box::new(error);
        if cause.is::<DecodeError>() { Self::dead_letter(cause) } else { Self::retry(cause) }
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HandlerError")
            .field("disposition", &self.disposition)
            .field("cause", &self.cause)
            .finish()
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.cause)
    }
}

/// What a handler may return: `()`, `Result<(), HandlerError>`, `Result<(), E>` of any error, or an [`Outcome`].
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    note = "it returns `()`, an `Outcome`, `Result<(), HandlerError>`, or `Result<(), E>` where `E` is a `std::error::Error + Send + Sync + 'static`",
    note = "a text becomes an error by `HandlerError::retry(\"..\")` or `HandlerError::dead_letter(\"..\")`"
)]
pub trait IntoOutcome {
    /// The decision.
    fn into_outcome(self) -> Outcome;
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Outcome {
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Outcome::Ack
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoOutcome, E: Into<HandlerError>> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Outcome {
        match self {
            Ok(value) => value.into_outcome(),
            Err(error) => error.into().into_outcome(),
        }
    }
}
