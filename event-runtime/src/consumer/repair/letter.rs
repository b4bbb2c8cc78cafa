//! A dead letter as it lies in its queue.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

use crate::codec::Codec;
use crate::consumer::dead_letter::{Original, unwrap};
use crate::delivery::{Attributes, Delivery, attribute};
use crate::transport::{DeadLetter, DeadLetterLimits};

/// A dead letter: the original message, and the record of why it is here.
#[derive(Clone, Debug)]
pub struct StoredLetter {
    transport_id: String,
    group: Option<String>,
    sent_at: Option<Timestamp>,
    original: Original,
    payload_type: Option<String>,
    event_id: Option<String>,
}

impl StoredLetter {
    /// The letter that a delivery from a dead-letter queue holds; for stores that show letters without a walk.
    pub fn new(delivery: &Delivery) -> Self {
        let original = unwrap(delivery.body.clone(), delivery.attributes.clone());
        let own = |name| original.attributes.get(name).map(str::to_owned);
        let (mut payload_type, mut event_id) = (own(attribute::PAYLOAD_TYPE), own(attribute::ID));
        if (payload_type.is_none() || event_id.is_none())
            && let Ok(message) = Codec::decode(original.body.clone())
        {
            let metadata = message.metadata();
            payload_type = payload_type.or_else(|| Some(metadata.payload_type.to_string()));
            event_id = event_id.or_else(|| Some(metadata.id.to_string()));
        }
        Self {
            transport_id: delivery.transport_id.clone(),
            group: delivery.group.clone(),
            sent_at: delivery.sent_at,
            original,
            payload_type,
            event_id,
        }
    }

    /// The transport's own id of the letter.
    pub fn transport_id(&self) -> &str {
        &self.transport_id
    }

    /// The event's id, where the letter says it.
    pub fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    /// The payload type, where the letter says it.
    pub fn payload_type(&self) -> Option<&str> {
        self.payload_type.as_deref()
    }

    /// The body as it was received before it failed.
    pub fn body(&self) -> &Bytes {
        &self.original.body
    }

    /// The attributes as they were received before it failed.
    pub fn attributes(&self) -> &Attributes {
        &self.original.attributes
    }

    /// The record of the failure, where one was kept; see
    /// [`DeadLetterRecord`](crate::consumer::DeadLetterRecord).
    pub fn record(&self) -> Option<&Value> {
        self.original.record.as_ref()
    }

    /// The error's code, such as `TIMED_OUT`.
    pub fn code(&self) -> Option<&str> {
        self.record()?.pointer("/error/code")?.as_str()
    }

    /// The error's one line for people.
    pub fn reason(&self) -> Option<&str> {
        self.record()?.pointer("/error/message")?.as_str()
    }

    /// How many attempts there were.
    pub fn attempts(&self) -> Option<u64> {
        self.record()?.get("attempts")?.as_u64()
    }

    /// The queue that it came from.
    pub fn source(&self) -> Option<&str> {
        self.record()?.get("source")?.as_str()
    }

    /// The group that it belongs to, on a queue that keeps order.
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// When it failed; where the record does not say it, when the letter was stored.
    pub fn failed_at(&self) -> Option<Timestamp> {
        let recorded = self.record().and_then(|record| record.get("failed_at")?.as_str()?.parse().ok());
        recorded.or(self.sent_at)
    }

    /// The original on its way back: one hop further, so that a queue that deduplicates takes it.
    pub(super) fn on_its_way_back(&self, limits: DeadLetterLimits) -> DeadLetter {
        let mut attributes = self.original.attributes.clone();
        let hops = attributes.get(attribute::HOPS);
        let next = hops.and_then(|hops| hops.parse::<u32>().ok()).unwrap_or(0).saturating_add(1);
        let fits = hops.is_some() || attributes.len() < limits.max_attributes;
        // Without a count of hops the letter's own id tells one redrive from the next.
        let hop = if fits { Cow::from(next.to_string()) } else { Cow::from(self.transport_id.as_str()) };
        if fits {
            attributes.set(attribute::HOPS, next.to_string());
        }
        let id = self.event_id.as_deref().unwrap_or(&self.transport_id);
        DeadLetter {
            body: self.original.body.clone(),
            attributes,
            group: self.group.clone(),
            deduplication_id: format!("{id}:{hop}"),
        }
    }
}
