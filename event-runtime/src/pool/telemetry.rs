//! What emitting leaves in metrics and traces: ids, types and results, never payloads.

use std::borrow::Cow;
use std::sync::Arc;

use crate::envelope::Message;
use crate::pool::EmitErrorKind;
use crate::transport::{ProduceError, ProduceErrorKind};

/// The label of payload types that no pack lists.
pub(super) const UNREGISTERED: &str = "unregistered";

/// The payload type's label for an emitter that knows no packs: what was emitted from a type of this program goes
/// by its name, what came from the wire does not.
pub(super) fn label_of(message: &Message) -> metrics::SharedString {
    match &message.metadata().payload_type {
        Cow::Borrowed(name) => metrics::SharedString::const_str(name),
        Cow::Owned(_) => metrics::SharedString::const_str(UNREGISTERED),
    }
}

/// One producer has answered for one message.
pub(super) fn emitted(
    producer: &Arc<str>,
    label: &metrics::SharedString,
    message: &Message,
    error: Option<&ProduceError>,
) {
    let result = error.map_or("ok", |error| result_label(error.kind()));
    metrics::counter!("event_emitted_total",
        "payload_type" => label.clone(), "producer" => producer.clone(), "result" => result)
    .increment(1);
    let metadata = message.metadata();
    match error {
        None => {
            tracing::debug!(id = %metadata.id, payload_type = %metadata.payload_type, %producer, "event emitted");
        }
        Some(error) => tracing::warn!(
            id = %metadata.id, payload_type = %metadata.payload_type, %producer, kind = result, %error,
            "event not taken by a producer"
        ),
    }
}

/// A message was turned away before any producer saw it.
pub(super) fn refused(
    pool: &Arc<str>,
    label: &metrics::SharedString,
    message: &Message,
    kind: EmitErrorKind,
) {
    let metadata = message.metadata();
    metrics::counter!("event_emit_refused_total",
        "payload_type" => label.clone(), "pool" => pool.clone(), "reason" => kind.as_str())
    .increment(1);
    tracing::warn!(
        id = %metadata.id, payload_type = %metadata.payload_type, %pool, reason = kind.as_str(),
        "event refused by the pool"
    );
}

/// How many messages the background queue of a pool holds.
pub(super) fn pending(pool: &Arc<str>, count: usize) {
    // Precise up to 2^53 messages.
    metrics::gauge!("event_emit_async_pending", "pool" => pool.clone()).set(count as f64);
}

/// The background queue gave a message up.
pub(super) fn gave_up(pool: &Arc<str>, label: &metrics::SharedString) {
    metrics::counter!("event_emit_async_failed_total", "payload_type" => label.clone(), "pool" => pool.clone())
        .increment(1);
}

fn result_label(kind: ProduceErrorKind) -> &'static str {
    match kind {
        ProduceErrorKind::Unavailable => "unavailable",
        ProduceErrorKind::Throttled => "throttled",
        ProduceErrorKind::TooLarge => "too_large",
        ProduceErrorKind::Refused => "refused",
        ProduceErrorKind::NotFound => "not_found",
        ProduceErrorKind::Unauthorized => "unauthorized",
        ProduceErrorKind::Closed => "closed",
    }
}
