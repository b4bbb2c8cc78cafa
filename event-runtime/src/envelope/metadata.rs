//! What travels around a payload.

use std::collections::BTreeMap;
use std::fmt;

use bytestring::ByteString;
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::envelope::{TraceParent, TraceState};

/// Everything that an envelope says beside its payload.
///
/// Texts are parts of one shared buffer where the metadata came in a message: cloning them costs a reference count, and
/// each keeps the whole message in memory. What is to stay for long is better copied, by `to_string`.
///
/// `Debug` prints what is set, extensions by their names only.
#[derive(Clone)]
pub struct Metadata {
    /// The event's id, an opaque string; a UUIDv7 unless it was set. Never empty on the wire.
    pub id: ByteString,
    /// The payload type. Never empty on the wire.
    pub payload_type: ByteString,
    /// The version of the payload; 1 where the wire says nothing.
    pub version: u32,
    /// When the event happened; always set on envelopes made here, absent where a foreign producer left it out.
    pub occurred_at: Option<Timestamp>,
    /// The service that emitted the event.
    pub source: Option<ByteString>,
    /// What the events of one chain share: the id of the first, unless it was set.
    pub correlation_id: Option<ByteString>,
    /// The id of the message whose handling emitted this event.
    pub causation_id: Option<ByteString>,
    /// W3C trace context, `traceparent`, as it came; [`Metadata::trace_parent`] reads it.
    pub traceparent: Option<ByteString>,
    /// W3C trace context, `tracestate`, as it came; [`Metadata::trace_state`] reads it.
    pub tracestate: Option<ByteString>,
    /// The ordering key.
    pub partition_key: Option<ByteString>,
    /// The tenant that the event belongs to.
    pub tenant_id: Option<ByteString>,
    /// The user who caused the event.
    pub user_id: Option<ByteString>,
    /// Who sent it, in the application's own terms.
    pub sender: Option<ByteString>,
    /// Whom it is for, in the application's own terms.
    pub to: Vec<String>,
    /// The application's own headers.
    pub headers: BTreeMap<String, String>,
    /// Metadata that this version of the runtime does not know; it travels on as it came.
    pub extensions: BTreeMap<String, Box<RawValue>>,
}

impl Metadata {
    /// Metadata of a new event: a UUIDv7 as its id, the present moment, nothing else.
    pub fn new(payload_type: impl Into<ByteString>, version: u32) -> Self {
        let mut id = uuid::Uuid::encode_buffer();
        Self {
            id: ByteString::from(&*uuid::Uuid::now_v7().hyphenated().encode_lower(&mut id)),
            payload_type: payload_type.into(),
            version,
            occurred_at: Some(Timestamp::now()),
            ..Self::blank()
        }
    }

    /// Metadata that says nothing yet; not valid before it has an id and a payload type.
    pub(crate) fn blank() -> Self {
        Self {
            id: ByteString::new(),
            payload_type: ByteString::new(),
            version: 1,
            occurred_at: None,
            source: None,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            tracestate: None,
            partition_key: None,
            tenant_id: None,
            user_id: None,
            sender: None,
            to: Vec::new(),
            headers: BTreeMap::new(),
            extensions: BTreeMap::new(),
        }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The JSON text of an extension.
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.extensions.get(name).map(|value| value.get())
    }

    /// The trace context; `None` where there is none, or one that the specification tells receivers to ignore.
    pub fn trace_parent(&self) -> Option<TraceParent> {
        self.traceparent.as_deref()?.parse().ok()
    }

    /// What tracing systems added to the trace context; empty where it is to be ignored.
    pub fn trace_state(&self) -> TraceState {
        self.tracestate.as_deref().and_then(|state| state.parse().ok()).unwrap_or_default()
    }
}

/// Two extensions are equal where their JSON texts are.
impl PartialEq for Metadata {
    fn eq(&self, other: &Self) -> bool {
        let fixed = |metadata: &Self| (metadata.version, metadata.occurred_at);
        self.id == other.id
            && self.payload_type == other.payload_type
            && fixed(self) == fixed(other)
            && self.texts() == other.texts()
            && self.to == other.to
            && self.headers == other.headers
            && self.extensions.len() == other.extensions.len()
            && self.extensions.keys().all(|name| self.extension(name) == other.extension(name))
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Metadata");
        debug.field("id", &self.id).field("payload_type", &self.payload_type).field("version", &self.version);
        if let Some(moment) = &self.occurred_at {
            debug.field("occurred_at", &format_args!("{moment}"));
        }
        for (name, value) in self.texts() {
            if let Some(value) = value {
                debug.field(name, &value);
            }
        }
        if !self.to.is_empty() {
            debug.field("to", &self.to);
        }
        if !self.headers.is_empty() {
            debug.field("headers", &self.headers);
        }
        if !self.extensions.is_empty() {
            debug.field("extensions", &self.extensions.keys().collect::<Vec<_>>());
        }
        debug.finish()
    }
}

impl Metadata {
    /// The optional texts under their names.
    fn texts(&self) -> [(&'static str, Option<&str>); 9] {
        [
            ("source", self.source.as_deref()),
            ("correlation_id", self.correlation_id.as_deref()),
            ("causation_id", self.causation_id.as_deref()),
            ("traceparent", self.traceparent.as_deref()),
            ("tracestate", self.tracestate.as_deref()),
            ("partition_key", self.partition_key.as_deref()),
            ("tenant_id", self.tenant_id.as_deref()),
            ("user_id", self.user_id.as_deref()),
            ("sender", self.sender.as_deref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_context_that_is_none_is_ignored() {
        let mut metadata = Metadata::new("x", 1);
        assert_eq!(metadata.trace_parent(), None);
        metadata.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
        metadata.tracestate = Some("not a state".into());
        assert!(metadata.trace_parent().is_some_and(|parent| parent.is_sampled()));
        assert!(metadata.trace_state().is_empty());
        metadata.traceparent = Some("garbage".into());
        assert_eq!(metadata.trace_parent(), None);
    }

    #[test]
    fn debug_prints_what_is_set() {
        let mut metadata = Metadata::new("x", 2);
        metadata.extensions.insert("foreign".to_owned(), serde_json::value::to_raw_value("planted").unwrap());
        let text = format!("{metadata:?}");
        assert!(text.contains("foreign") && text.contains("version: 2"), "{text}");
        assert!(!text.contains("planted") && !text.contains("tenant_id"), "{text}");
    }
}
