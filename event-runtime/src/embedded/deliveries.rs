//! What a source over a queue of these semantics declares, asks and hands on, wherever the queue is kept.

use std::error::Error;
use std::time::Duration;

use crate::delivery::{Attributes, Delivery, Lease};
use crate::transport::{Redrive, SettleError, SourceError, SourceErrorKind, SourceInfo};

use super::attributes::QueueAttributes;
use super::error::{QueueError, QueueErrorKind};
use super::ids::Receipt;
use super::limits;
use super::message::{Deletion, ReceivedMessage};
use super::receive::ReceiveRequest;

/// What a source says of its queue. `lease` = its own, where it does not go by the queue's visibility timeout.
///
/// # Errors
/// `Refused` where messages would not be leased at all.
pub fn source_info(
    queue: &str,
    attributes: &QueueAttributes,
    lease: Option<Duration>,
    redrive: Option<Redrive>,
) -> Result<SourceInfo, SourceError> {
    let lease = lease.unwrap_or(attributes.visibility_timeout);
    if lease.is_zero() {
        let text = format!(
            "queue `{queue}` has a visibility timeout of 0, with which nobody can hold a message: set \
             `visibility_timeout_seconds` to longer than a handler takes"
        );
        return Err(SourceError::new(SourceErrorKind::Refused, text));
    }
    Ok(SourceInfo {
        name: queue.to_owned(),
        ordered: attributes.fifo,
        lease: Some(lease),
        max_lease: Some(limits::MAX_VISIBILITY_TIMEOUT),
        max_release_delay: limits::MAX_VISIBILITY_TIMEOUT,
        max_batch: limits::MAX_BATCH,
        cancel_safe: true,
        redrive,
    })
}

/// The receive that a consumer asks for, held within what a queue allows.
pub fn receive_request(max: usize, wait: Duration, lease: Option<Duration>) -> ReceiveRequest {
    let request = ReceiveRequest::new().max(max.clamp(1, limits::MAX_BATCH)).wait(wait.min(limits::MAX_WAIT));
    match lease {
        Some(lease) => request.visibility_timeout(lease),
        None => request,
    }
}

/// How long a message is hidden that is to be hidden for so long.
pub fn hidden_for(duration: Duration) -> Duration {
    duration.min(limits::MAX_VISIBILITY_TIMEOUT)
}

/// The delivery that a message becomes. Binary attributes stay behind: nothing in the runtime writes or reads one.
pub fn delivery(message: &ReceivedMessage, ordered: bool) -> Delivery {
    let (first, second) = message.receipt().to_numbers();
    // The queue has refused names that come twice.
    let attributes = message.attributes().iter();
    let attributes = Attributes::from_unique(
        attributes.filter_map(|attribute| Some((attribute.shared_name(), attribute.shared_text()?))),
    );
    Delivery {
        body: message.body().clone(),
        attributes,
        transport_id: message.id().to_text(),
        group: message.group().filter(|_| ordered).map(ToString::to_string),
        receive_count: Some(message.receive_count()),
        sent_at: Some(message.sent_at()),
        first_received_at: Some(message.first_received_at()),
        lease: Lease::Numbers(first, second),
    }
}

/// The receipt behind a delivery's lease.
///
/// # Errors
/// `LeaseLost` for a text that is none.
pub fn receipt_of(lease: &Lease) -> Result<Receipt, SettleError> {
    match lease {
        Lease::Numbers(first, second) => Ok(Receipt::from_numbers(*first, *second)),
        Lease::Text(text) => text.parse().map_err(|error| refused(&error)),
    }
}

/// What a deletion means to who settles.
///
/// # Errors
/// `LeaseLost` where nothing was deleted.
pub fn removed(deletion: Deletion) -> Result<(), SettleError> {
    let reason = match deletion {
        Deletion::Removed => return Ok(()),
        Deletion::AlreadyGone => "the message is gone",
        Deletion::ReceivedAgain => "the message was received again",
    };
    Err(SettleError::LeaseLost(reason.to_owned()))
}

/// Whatever a queue refuses of a receipt, it refuses again.
pub fn refused(error: &QueueError) -> SettleError {
    SettleError::LeaseLost(error.to_string())
}

/// The error of a receive, as the runtime knows it.
pub fn not_received(
    queue: &str,
    kind: SourceErrorKind,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> SourceError {
    SourceError::new(kind, format!("nothing received from queue `{queue}`")).with_source(error)
}

/// What a queue's refusal of a receive is to the runtime.
pub fn source_error_kind(kind: QueueErrorKind) -> SourceErrorKind {
    match kind {
        QueueErrorKind::QueueDoesNotExist => SourceErrorKind::NotFound,
        QueueErrorKind::OverLimit => SourceErrorKind::Throttled,
        _ => SourceErrorKind::Refused,
    }
}
