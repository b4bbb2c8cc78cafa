//! The error of every queue operation, with the codes and the texts that the service gives.

use std::borrow::Cow;
use std::fmt;

/// Why a queue refused a request.
///
/// [`code`](Self::code), [`shape`](Self::shape), [`http_status`](Self::http_status) and
/// [`message`](Self::message) are what the service itself answers with; `Display` is one line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueError {
    kind: QueueErrorKind,
    message: Cow<'static, str>,
}

/// What kind of failure a [`QueueError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueErrorKind {
    /// There is no queue of this name, or it was deleted meanwhile.
    QueueDoesNotExist,
    /// There is a queue of this name with other attributes.
    QueueNameExists,
    /// A queue of this name was deleted less than 60 seconds ago.
    QueueDeletedRecently,
    /// A parameter has a value that it can't have here.
    InvalidParameterValue,
    /// A parameter that the request needs is absent.
    MissingParameter,
    /// The queue attribute does not exist, or not on this kind of queue.
    InvalidAttributeName,
    /// The queue attribute can't have this value.
    InvalidAttributeValue,
    /// The text is no receipt handle, or one of another queue.
    ReceiptHandleIsInvalid,
    /// The receipt's lease is over: expired on a FIFO queue, or the message is gone or was received again.
    LeaseLost,
    /// The queue was purged less than 60 seconds ago.
    PurgeQueueInProgress,
    /// The batch has more than 10 entries.
    TooManyEntriesInBatchRequest,
    /// The batch has no entry.
    EmptyBatchRequest,
    /// Two entries of the batch share an id.
    BatchEntryIdsNotDistinct,
    /// The id of a batch entry has a character or a length that it can't have.
    InvalidBatchEntryId,
    /// The entries of the batch are together over 1,048,576 bytes.
    BatchRequestTooLong,
    /// The body or an attribute holds a character that the service refuses.
    InvalidMessageContents,
    /// The message with its attributes is over the queue's maximum message size.
    MessageTooLong,
    /// The most messages that a standard queue allows are in flight.
    OverLimit,
    /// The queue or the move task that the request names does not exist.
    ResourceNotFound,
    /// The operation is not possible in this state.
    UnsupportedOperation,
    /// The queue holds as much as its capacity allows. The service itself has no such limit.
    QueueFull,
}

impl QueueError {
    pub(crate) fn new(kind: QueueErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The service's answer to a parameter of the wrong value: `Value … for parameter … is invalid. Reason: …`.
    ///
    /// Public for protocol faces, which check what a typed call can't hold (a negative number, for instance).
    pub fn invalid_parameter(value: impl fmt::Display, parameter: &str, reason: &str) -> Self {
        let text = format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}");
        Self::new(QueueErrorKind::InvalidParameterValue, text)
    }

    /// The service's answer to an absent parameter.
    pub fn missing_parameter(parameter: &str) -> Self {
        let text = format!("The request must contain the parameter {parameter}.");
        Self::new(QueueErrorKind::MissingParameter, text)
    }

    pub(crate) fn does_not_exist() -> Self {
        Self::new(QueueErrorKind::QueueDoesNotExist, "The specified queue does not exist.")
    }

    pub(crate) fn lease_lost(handle: impl fmt::Display, reason: &str) -> Self {
        let text = format!("Value {handle} for parameter ReceiptHandle is invalid. Reason: {reason}");
        Self::new(QueueErrorKind::LeaseLost, text)
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> QueueErrorKind {
        self.kind
    }

    /// The text that the service answers with.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error code of the service's query protocol, which the SDKs show, such as
    /// `AWS.SimpleQueueService.NonExistentQueue`.
    pub fn code(&self) -> &'static str {
        self.names().0
    }

    /// The name of the error in the service's JSON protocol, such as `QueueDoesNotExist`.
    pub fn shape(&self) -> &'static str {
        self.names().1
    }

    /// The HTTP status that the service answers with.
    pub fn http_status(&self) -> u16 {
        match self.kind {
            QueueErrorKind::PurgeQueueInProgress | QueueErrorKind::OverLimit => 403,
            QueueErrorKind::ResourceNotFound => 404,
            QueueErrorKind::QueueFull => 503,
            _ => 400,
        }
    }

    /// Whether the same request may pass later without anybody's change to it.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            QueueErrorKind::QueueFull
                | QueueErrorKind::OverLimit
                | QueueErrorKind::PurgeQueueInProgress
                | QueueErrorKind::QueueDeletedRecently
        )
    }

    fn names(&self) -> (&'static str, &'static str) {
        match self.kind {
            QueueErrorKind::QueueDoesNotExist => {
                ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
            }
            QueueErrorKind::QueueNameExists => ("QueueAlreadyExists", "QueueNameExists"),
            QueueErrorKind::QueueDeletedRecently => {
                ("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently")
            }
            QueueErrorKind::InvalidParameterValue
            | QueueErrorKind::LeaseLost
            | QueueErrorKind::MessageTooLong => ("InvalidParameterValue", "InvalidParameterValueException"),
            QueueErrorKind::MissingParameter => ("MissingParameter", "MissingRequiredParameterException"),
            QueueErrorKind::InvalidAttributeName => ("InvalidAttributeName", "InvalidAttributeName"),
            QueueErrorKind::InvalidAttributeValue => ("InvalidAttributeValue", "InvalidAttributeValue"),
            QueueErrorKind::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            QueueErrorKind::PurgeQueueInProgress => {
                ("AWS.SimpleQueueService.PurgeQueueInProgress", "PurgeQueueInProgress")
            }
            QueueErrorKind::TooManyEntriesInBatchRequest => {
                ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "TooManyEntriesInBatchRequest")
            }
            QueueErrorKind::EmptyBatchRequest => {
                ("AWS.SimpleQueueService.EmptyBatchRequest", "EmptyBatchRequest")
            }
            QueueErrorKind::BatchEntryIdsNotDistinct => {
                ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "BatchEntryIdsNotDistinct")
            }
            QueueErrorKind::InvalidBatchEntryId => {
                ("AWS.SimpleQueueService.InvalidBatchEntryId", "InvalidBatchEntryId")
            }
            QueueErrorKind::BatchRequestTooLong => {
                ("AWS.SimpleQueueService.BatchRequestTooLong", "BatchRequestTooLong")
            }
            QueueErrorKind::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents"),
            QueueErrorKind::OverLimit => ("OverLimit", "OverLimit"),
            QueueErrorKind::ResourceNotFound => ("ResourceNotFoundException", "ResourceNotFoundException"),
            QueueErrorKind::UnsupportedOperation => {
                ("AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation")
            }
            QueueErrorKind::QueueFull => ("ServiceUnavailable", "ServiceUnavailable"),
        }
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "queue request refused ({}): {}", self.code(), self.message.trim_end_matches('.'))
    }
}

impl std::error::Error for QueueError {}
