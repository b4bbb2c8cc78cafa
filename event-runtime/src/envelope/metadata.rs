//! What travels around a payload.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

/// Everything that an envelope says beside its payload.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// The event's id, an opaque string; a UUIDv7 unless it was set.
    pub id: String,
    /// The payload type.
    pub payload_type: Cow<'static, str>,
    /// The version of the payload; 1 where the wire says nothing.
    pub version: u32,
    /// When the event happened; always set on envelopes made here, absent where a foreign producer left it out.
    pub occurred_at: Option<Timestamp>,
    /// The service that emitted the event.
    pub source: Option<String>,
    /// What the events of one chain share: the id of the first, unless it was set.
    pub correlation_id: Option<String>,
    /// The id of the message whose handling emitted this event.
    pub causation_id: Option<String>,
    /// W3C trace context, `traceparent`.
    pub traceparent: Option<String>,
    /// W3C trace context, `tracestate`.
    pub tracestate: Option<String>,
    /// The ordering key.
    pub partition_key: Option<String>,
    /// The tenant that the event belongs to.
    pub tenant_id: Option<String>,
    /// The user who caused the event.
    pub user_id: Option<String>,
    /// Who sent it, in the application's own terms.
    pub sender: Option<String>,
    /// Whom it is for, in the application's own terms.
    pub to: Vec<String>,
    /// The application's own headers.
    pub headers: BTreeMap<String, String>,
    /// Metadata that this version of the runtime does not know; it travels on as it came.
    pub extensions: BTreeMap<String, Box<RawValue>>,
}

impl Metadata {
    /// Metadata of a new event: a UUIDv7 as its id, the present moment, nothing else.
    pub fn new(payload_type: impl Into<Cow<'static, str>>, version: u32) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            payload_type: payload_type.into(),
            version,
            occurred_at: Some(Timestamp::now()),
            ..Self::blank()
        }
    }

    /// Metadata that says nothing yet; not valid before it has an id and a payload type.
    pub(crate) fn blank() -> Self {
        Self {
            id: String::new(),
            payload_type: Cow::Borrowed(""),
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
}
