//! One flat struct a message, derived by serde, in one typed pass each way.

use event_runtime::{Envelope, Event};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Serialize, Deserialize)]
pub struct FlatEnvelope<P> {
    id: String,
    payload_type: String,
    #[serde(default = "first")]
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    payload: P,
}

fn first() -> u32 {
    1
}

impl<P: Serialize + DeserializeOwned> FlatEnvelope<P> {
    /// The same metadata as a new [`Envelope`]: a UUIDv7, the present moment, the ordering key.
    pub fn new(payload_type: &str, key: String, payload: P) -> Self {
        Self {
            id: Uuid::now_v7().to_string(),
            payload_type: payload_type.to_owned(),
            version: 1,
            occurred_at: Some(Timestamp::now()),
            source: None,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            partition_key: Some(key),
            tenant_id: None,
            user_id: None,
            payload,
        }
    }

    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        serde_json::to_writer(&mut out, self).unwrap();
        out
    }

    /// Faster than `from_slice`, which checks the UTF-8 of every string by itself.
    pub fn decode(json: &[u8]) -> Self {
        serde_json::from_str(std::str::from_utf8(json).unwrap()).unwrap()
    }
}

impl<E: Event> From<Envelope<E>> for FlatEnvelope<E> {
    fn from(Envelope { metadata, payload, .. }: Envelope<E>) -> Self {
        Self {
            id: metadata.id.into(),
            payload_type: metadata.payload_type.into(),
            version: metadata.version,
            occurred_at: metadata.occurred_at,
            source: metadata.source.map(Into::into),
            correlation_id: metadata.correlation_id.map(Into::into),
            causation_id: metadata.causation_id.map(Into::into),
            traceparent: metadata.traceparent.map(Into::into),
            partition_key: metadata.partition_key.map(Into::into),
            tenant_id: metadata.tenant_id.map(Into::into),
            user_id: metadata.user_id.map(Into::into),
            payload,
        }
    }
}
