//! One message as SQS takes it, checked before anything is sent.

use std::time::Duration;

use aws_sdk_sqs::types::MessageAttributeValue;
use bytestring::ByteString;
use event_runtime::Message;
use event_runtime::delivery::{Attributes, attribute};
use event_runtime::transport::{KeylessGroup, ProduceError, ProduceErrorKind};
use jiff::{SignedDuration, Timestamp};

use crate::attributes;
use crate::limits::MAX_DELAY;
use crate::queue::identifier;
use crate::text::refused_character;

/// How messages of one queue are laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) fifo: bool,
    pub(crate) keyless: Option<KeylessGroup>,
    /// On a standard queue, the tenant is the group (fair queues).
    pub(crate) tenant_groups: bool,
    /// The most bytes of one message.
    pub(crate) max_bytes: usize,
}

/// One message as SQS takes it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) event_id: String,
    pub(crate) body: ByteString,
    pub(crate) attributes: Attributes,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
    pub(crate) delay_seconds: Option<i32>,
    /// The bytes that count for SQS's limits.
    pub(crate) size: usize,
}

impl Entry {
    /// Lays a message out, or says what SQS would refuse about it.
    pub(crate) fn new(message: &Message, layout: Layout, now: Timestamp) -> Result<Self, ProduceError> {
        let metadata = message.metadata();
        let body = message.body().clone();
        check_body(&metadata.id, &body)?;
        let (delay_seconds, delayed_until) = delays(message.delay(), layout.fifo, now);
        let mut attributes = message.attributes();
        if let Some(until) = delayed_until {
            attributes.set(attribute::DELAYED_UNTIL, until);
        }
        let size = body.len() + attributes::size(&attributes);
        if size > layout.max_bytes {
            let text = format!(
                "event `{}` is {size} bytes with its attributes, and its queue takes {}: send a reference to a \
                 large payload instead",
                metadata.id, layout.max_bytes
            );
            return Err(ProduceError::new(ProduceErrorKind::TooLarge, text));
        }
        Ok(Self {
            event_id: metadata.id.to_string(),
            group: group(message, layout)?,
            deduplication_id: layout.fifo.then(|| identifier(&message.deduplication_id())),
            body,
            attributes,
            delay_seconds,
            size,
        })
    }

    pub(crate) fn sdk_attributes(&self) -> Option<std::collections::HashMap<String, MessageAttributeValue>> {
        attributes::to_sdk(&self.attributes)
    }
}

fn check_body(id: &str, body: &str) -> Result<(), ProduceError> {
    if body.is_empty() {
        let text = format!("event `{id}` has an empty body, which SQS refuses");
        return Err(ProduceError::new(ProduceErrorKind::Refused, text));
    }
    let Some((at, character)) = refused_character(body) else { return Ok(()) };
    let text = format!(
        "the body of event `{id}` has U+{:04X} at byte {at}, which SQS refuses: write it as a JSON escape or leave \
         it out",
        u32::from(character)
    );
    Err(ProduceError::new(ProduceErrorKind::Refused, text))
}

/// What SQS keeps back itself, and until when the consumer does.
///
/// A FIFO queue takes no delay of one message, and no queue one beyond 15 minutes (API Reference, `SendMessage`,
/// `DelaySeconds`). A longer one is kept back by SQS as far as it goes, then by the consumer.
fn delays(delay: Option<Duration>, fifo: bool, now: Timestamp) -> (Option<i32>, Option<String>) {
    let Some(delay) = delay.filter(|delay| !delay.is_zero()) else { return (None, None) };
    let whole_seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    let native = (!fifo).then(|| i32::try_from(whole_seconds.min(MAX_DELAY.as_secs())).unwrap_or(i32::MAX));
    if !fifo && delay <= MAX_DELAY {
        return (native, None);
    }
    let until = SignedDuration::try_from(delay).ok().and_then(|delay| now.checked_add(delay).ok());
    (native, Some(until.unwrap_or(Timestamp::MAX).to_string()))
}

/// The group: the ordering key, or what stands in for it, on a FIFO queue; the tenant, where wanted, on another.
fn group(message: &Message, layout: Layout) -> Result<Option<String>, ProduceError> {
    let metadata = message.metadata();
    if !layout.fifo {
        let tenant =
            metadata.tenant_id.as_deref().filter(|tenant| layout.tenant_groups && !tenant.is_empty());
        return Ok(tenant.map(identifier));
    }
    let group = match (&metadata.partition_key, layout.keyless) {
        (Some(key), _) => &**key,
        (None, Some(KeylessGroup::PayloadType)) => &metadata.payload_type,
        (None, Some(KeylessGroup::EventId)) => &metadata.id,
        (None, None) => {
            let text = format!(
                "event `{}` of type `{}` has no ordering key, and a FIFO queue needs one: declare \
                 `#[event(key = …)]`, or set `fifo_group` to `payload_type` or `event_id` on this producer",
                metadata.id, metadata.payload_type
            );
            return Err(ProduceError::new(ProduceErrorKind::Refused, text));
        }
    };
    Ok(Some(identifier(group)))
}

#[cfg(test)]
mod tests {
    use event_runtime::Codec;

    use super::*;
    use crate::limits::{MAX_BYTES, MAX_OWN_ATTRIBUTES};

    const STANDARD: Layout =
        Layout { fifo: false, keyless: None, tenant_groups: false, max_bytes: MAX_BYTES };
    const FIFO: Layout = Layout { fifo: true, ..STANDARD };

    fn message(json: &str) -> Message {
        Codec::decode(json.to_owned().into()).unwrap()
    }

    fn keyed() -> Message {
        message(r#"{"id":"e-1","payload_type":"a","partition_key":"k","tenant_id":"acme","payload":{}}"#)
    }

    fn now() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    fn kind(result: Result<Entry, ProduceError>) -> ProduceErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn a_fifo_entry_has_its_key_as_group_and_its_id_for_deduplication() {
        let entry = Entry::new(&keyed(), FIFO, now()).unwrap();
        assert_eq!(entry.group.as_deref(), Some("k"));
        assert_eq!(entry.deduplication_id.as_deref(), Some("e-1"));
        let forwarded = Entry::new(&keyed().with_hops(2), FIFO, now()).unwrap();
        assert_eq!(forwarded.deduplication_id.as_deref(), Some("e-1:2"));
    }

    #[test]
    fn places_stay_free_for_the_record_of_a_dead_letter_and_for_tools() {
        let full = r#"{"id":"e-1","payload_type":"a","version":2,"correlation_id":"c",
            "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","payload":{}}"#;
        let message = message(full).with_hops(1).with_delay(Duration::from_secs(1000));
        let entry = Entry::new(&message, STANDARD, now()).unwrap();
        assert_eq!(entry.attributes.len(), 7);
        assert!(entry.attributes.len() <= MAX_OWN_ATTRIBUTES);
    }

    #[test]
    fn an_event_without_a_key_is_refused_or_grouped_as_configured() {
        let keyless = message(r#"{"id":"e-1","payload_type":"a.b.c","payload":{}}"#);
        assert_eq!(kind(Entry::new(&keyless, FIFO, now())), ProduceErrorKind::Refused);
        let group = |keyless_group| {
            let layout = Layout { keyless: Some(keyless_group), ..FIFO };
            Entry::new(&keyless, layout, now()).unwrap().group.unwrap()
        };
        assert_eq!(group(KeylessGroup::PayloadType), "a.b.c");
        assert_eq!(group(KeylessGroup::EventId), "e-1");
    }

    #[test]
    fn the_tenant_is_the_group_of_a_standard_queue_only_where_wanted() {
        let plain = Entry::new(&keyed(), STANDARD, now()).unwrap();
        assert_eq!((plain.group, plain.deduplication_id), (None, None));
        let fair = Layout { tenant_groups: true, ..STANDARD };
        assert_eq!(Entry::new(&keyed(), fair, now()).unwrap().group.as_deref(), Some("acme"));
    }

    #[test]
    fn delays_are_native_up_to_fifteen_minutes_and_the_consumers_beyond() {
        let delayed = |seconds: f64, layout| {
            let entry =
                Entry::new(&keyed().with_delay(Duration::from_secs_f64(seconds)), layout, now()).unwrap();
            (entry.delay_seconds, entry.attributes.get("delayed-until").map(str::to_owned))
        };
        let until = |text: &str| Some(text.to_owned());
        assert_eq!(delayed(0.0, STANDARD), (None, None));
        assert_eq!(delayed(0.2, STANDARD), (Some(1), None));
        assert_eq!(delayed(900.0, STANDARD), (Some(900), None));
        assert_eq!(delayed(901.0, STANDARD), (Some(900), until("2026-01-01T00:15:01Z")));
        assert_eq!(delayed(30.0, FIFO), (None, until("2026-01-01T00:00:30Z")));
    }

    #[test]
    fn what_the_service_would_refuse_never_leaves() {
        let refused = message("{\"id\":\"e-1\",\"payload_type\":\"a\",\"payload\":\"\u{FFFF}\"}");
        assert_eq!(kind(Entry::new(&refused, STANDARD, now())), ProduceErrorKind::Refused);
        let body = |filler: usize| {
            message(&format!(r#"{{"id":"e-1","payload_type":"a","payload":"{}"}}"#, "x".repeat(filler)))
        };
        let room = MAX_BYTES - Entry::new(&body(0), STANDARD, now()).unwrap().size;
        assert!(Entry::new(&body(room), STANDARD, now()).is_ok());
        assert_eq!(kind(Entry::new(&body(room + 1), STANDARD, now())), ProduceErrorKind::TooLarge);
    }
}
