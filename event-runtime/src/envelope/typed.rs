//! The typed envelope.

use std::fmt;
use std::time::Duration;

use bytestring::ByteString;
use jiff::Timestamp;

use crate::envelope::{Metadata, TraceParent, TraceState};
use crate::event::{Event, Written, broker_safe};

/// A typed event with its metadata, ready to be emitted or as it was received.
///
/// A new envelope has a UUIDv7 as its id, the present moment, and the event's ordering key. The `with_…` methods
/// set the rest; what they leave open is filled in when a handler emits it (see [`Context`](super::Context)).
#[derive(Clone, PartialEq)]
pub struct Envelope<E> {
    /// Everything around the payload.
    pub metadata: Metadata,
    /// The event itself.
    pub payload: E,
    /// How long the broker keeps the event back; not on the wire.
    pub(crate) delay: Option<Duration>,
}

/// Puts an event into an envelope; implemented for every event.
pub trait IntoEnvelope: Event {
    /// The event in a new envelope: a UUIDv7 as its id, the present moment, its ordering key.
    fn envelope(self) -> Envelope<Self>;
}

impl<E: Event> IntoEnvelope for E {
    fn envelope(self) -> Envelope<Self> {
        Envelope::new(self)
    }
}

impl<E: Event> Envelope<E> {
    /// The event in a new envelope: a UUIDv7 as its id, the present moment, its ordering key.
    pub fn new(payload: E) -> Self {
        let mut metadata = Metadata::new(ByteString::from_static(E::PAYLOAD_TYPE), E::VERSION);
        metadata.partition_key = payload.ordering_key().map(Into::into);
        Self { metadata, payload, delay: None }
    }

    /// Another event under the same metadata: id, correlation, headers and ordering key stay.
    pub fn map<F: Event>(self, change: impl FnOnce(E) -> F) -> Envelope<F> {
        let mut metadata = self.metadata;
        metadata.payload_type = ByteString::from_static(F::PAYLOAD_TYPE);
        metadata.version = F::VERSION;
        Envelope { metadata, payload: change(self.payload), delay: self.delay }
    }
}

impl<E> Envelope<E> {
    /// Sets the event's id, an opaque string. An empty one is refused when the event is encoded.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<ByteString>) -> Self {
        self.metadata.id = id.into();
        self
    }

    /// Sets the moment at which the event happened.
    #[must_use]
    pub fn with_occurred_at(mut self, moment: Timestamp) -> Self {
        self.metadata.occurred_at = Some(moment);
        self
    }

    /// Sets the service that emits the event; a URI reference where CloudEvents are written.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<ByteString>) -> Self {
        self.metadata.source = Some(source.into());
        self
    }

    /// Sets what the events of one chain share.
    #[must_use]
    pub fn with_correlation_id(mut self, id: impl Into<ByteString>) -> Self {
        self.metadata.correlation_id = Some(id.into());
        self
    }

    /// Sets the id of the message that caused this event.
    #[must_use]
    pub fn with_causation_id(mut self, id: impl Into<ByteString>) -> Self {
        self.metadata.causation_id = Some(id.into());
        self
    }

    /// Sets the W3C trace context.
    #[must_use]
    pub fn with_traceparent(mut self, parent: TraceParent) -> Self {
        self.metadata.traceparent = Some(parent.to_string().into());
        self
    }

    /// Sets what tracing systems add to the trace context; an empty one is left out.
    #[must_use]
    pub fn with_tracestate(mut self, state: TraceState) -> Self {
        self.metadata.tracestate =
            Some(state.to_string().into()).filter(|state: &ByteString| !state.is_empty());
        self
    }

    /// Sets another ordering key than the event's own. A key that a broker would refuse (anything but 1 to 128
    /// visible ASCII characters) travels as its SHA-256 in hexadecimal digits.
    #[must_use]
    pub fn with_partition_key(mut self, key: impl Into<String>) -> Self {
        self.metadata.partition_key = Some(broker_safe(key.into()).into());
        self
    }

    /// Sets the tenant that the event belongs to.
    #[must_use]
    pub fn with_tenant(mut self, tenant_id: impl Into<ByteString>) -> Self {
        self.metadata.tenant_id = Some(tenant_id.into());
        self
    }

    /// Sets the user who caused the event.
    #[must_use]
    pub fn with_user(mut self, user_id: impl Into<ByteString>) -> Self {
        self.metadata.user_id = Some(user_id.into());
        self
    }

    /// Sets who sends the event, in the application's own terms.
    #[must_use]
    pub fn with_sender(mut self, sender: impl Into<ByteString>) -> Self {
        self.metadata.sender = Some(sender.into());
        self
    }

    /// Sets whom the event is for, in the application's own terms, replacing earlier recipients.
    #[must_use]
    pub fn with_to<T: Into<String>>(mut self, to: impl IntoIterator<Item = T>) -> Self {
        self.metadata.to = to.into_iter().map(Into::into).collect();
        self
    }

    /// Sets one header, replacing an earlier one of that name.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.headers.insert(name.into(), value.into());
        self
    }

    /// Sets several headers, replacing earlier ones of their names.
    #[must_use]
    pub fn with_headers<N: Into<String>, V: Into<String>>(
        mut self,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.metadata.headers.extend(headers);
        self
    }

    /// Keeps the event back for `delay` after it is emitted; zero = not at all.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay).filter(|delay| !delay.is_zero());
        self
    }

    /// How long the event is kept back after it is emitted.
    pub fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// The event without its envelope.
    pub fn into_payload(self) -> E {
        self.payload
    }
}

/// Prints the metadata and the payload's size in bytes; never the payload.
impl<E: Written> fmt::Debug for Envelope<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Envelope");
        debug.field("metadata", &self.metadata);
        if let Some(delay) = &self.delay {
            debug.field("delay", delay);
        }
        match self.payload.json_bytes() {
            Ok(bytes) => debug.field("payload_bytes", &bytes).finish(),
            Err(_) => debug.finish_non_exhaustive(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_event::Order;

    fn order() -> Envelope<Order> {
        Order { order_id: "o-1".to_owned(), amount: 1 }.envelope()
    }

    #[test]
    fn a_new_envelope_has_an_id_a_moment_and_the_ordering_key() {
        let (first, second) = (order(), order());
        assert!(first.metadata.id < second.metadata.id, "UUIDv7 in one process grow");
        assert!(first.metadata.occurred_at.is_some());
        assert_eq!(first.metadata.partition_key.as_deref(), Some("o-1"));
        assert_eq!((&*first.metadata.payload_type, first.metadata.version), ("Order", 1));
    }

    #[test]
    fn builders_set_their_fields() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let envelope = order()
            .with_id("id")
            .with_source("source")
            .with_correlation_id("correlation")
            .with_causation_id("causation")
            .with_traceparent(parent.parse().unwrap())
            .with_tracestate("a=1".parse().unwrap())
            .with_partition_key("a key")
            .with_tenant("tenant")
            .with_user("user")
            .with_sender("sender")
            .with_to(["one", "two"])
            .with_headers([("a", "1"), ("b", "2")])
            .with_header("b", "3")
            .with_occurred_at(Timestamp::UNIX_EPOCH)
            .with_delay(Duration::from_secs(1));
        let metadata = &envelope.metadata;
        assert_eq!(metadata.id, "id");
        assert_eq!(metadata.occurred_at, Some(Timestamp::UNIX_EPOCH));
        for (field, expected) in [
            (&metadata.source, "source"),
            (&metadata.correlation_id, "correlation"),
            (&metadata.causation_id, "causation"),
            (&metadata.traceparent, parent),
            (&metadata.tracestate, "a=1"),
            (&metadata.tenant_id, "tenant"),
            (&metadata.user_id, "user"),
            (&metadata.sender, "sender"),
        ] {
            assert_eq!(field.as_deref(), Some(expected));
        }
        assert_eq!(metadata.partition_key.as_deref().map(str::len), Some(64), "a space is no broker's key");
        assert_eq!(metadata.to, ["one", "two"]);
        assert_eq!(metadata.header("b"), Some("3"));
        assert_eq!(envelope.delay(), Some(Duration::from_secs(1)));
        assert_eq!(envelope.with_delay(Duration::ZERO).delay(), None);
    }

    #[test]
    fn debug_prints_the_payloads_size_and_not_the_payload() {
        let mut envelope = order();
        envelope.payload.order_id = "planted-secret".to_owned();
        let text = format!("{envelope:?}");
        assert!(text.contains("payload_bytes: 40"), "{text}");
        assert!(!text.contains("planted-secret"), "{text}");
    }
}
