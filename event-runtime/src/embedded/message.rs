//! Messages as they go into a queue and as they come out of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use jiff::Timestamp;

use super::ids::{MessageId, Receipt, SequenceNumber, timestamp};

/// A message to be sent.
///
/// ```
/// use event_runtime::embedded::{MessageAttribute, OutgoingMessage};
///
/// let message = OutgoingMessage::new(r#"{"order":17}"#)
///     .with_attribute(MessageAttribute::string("payload_type", "order.created"))
///     .with_group("customer-4");
/// # let _ = message;
/// ```
#[derive(Clone, Debug, Default)]
pub struct OutgoingMessage {
    pub(super) body: Bytes,
    pub(super) attributes: Vec<MessageAttribute>,
    pub(super) delay: Option<Duration>,
    pub(super) group: Option<ByteString>,
    pub(super) deduplication_id: Option<ByteString>,
    pub(super) trace_header: Option<ByteString>,
}

impl OutgoingMessage {
    /// A message with this body: UTF-8, not empty.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// Adds an attribute; at most 10, with distinct names.
    #[must_use]
    pub fn with_attribute(mut self, attribute: MessageAttribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Adds attributes; at most 10 altogether, with distinct names.
    #[must_use]
    pub fn with_attributes(mut self, attributes: impl IntoIterator<Item = MessageAttribute>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Keeps the message back for this long, at most 900 seconds; zero = the queue's own delay on a FIFO queue,
    /// none on a standard one.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// The group: order on a FIFO queue, fairness between tenants on a standard one.
    #[must_use]
    pub fn with_group(mut self, group: impl Into<ByteString>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// The id by which a FIFO queue recognises a message that is sent again.
    #[must_use]
    pub fn with_deduplication_id(mut self, id: impl Into<ByteString>) -> Self {
        self.deduplication_id = Some(id.into());
        self
    }

    /// The `AWSTraceHeader` system attribute; it counts for no limit.
    #[must_use]
    pub fn with_trace_header(mut self, header: impl Into<ByteString>) -> Self {
        self.trace_header = Some(header.into());
        self
    }

    /// The bytes that count for size limits: body, and each attribute's name, type and value.
    pub fn size(&self) -> usize {
        self.body.len() + self.attributes.iter().map(MessageAttribute::size).sum::<usize>()
    }
}

/// One attribute of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageAttribute {
    name: Cow<'static, str>,
    data_type: Cow<'static, str>,
    value: Bytes,
}

impl MessageAttribute {
    /// An attribute of type `String`.
    pub fn string(name: impl Into<Cow<'static, str>>, value: impl Into<ByteString>) -> Self {
        Self::typed(name, "String", value.into().into_bytes())
    }

    /// An attribute of any type: `String`, `Number` or `Binary`, optionally with a label of one's own
    /// (`Number.int`).
    pub fn typed(
        name: impl Into<Cow<'static, str>>,
        data_type: impl Into<Cow<'static, str>>,
        value: impl Into<Bytes>,
    ) -> Self {
        Self { name: name.into(), data_type: data_type.into(), value: value.into() }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// [`MessageAttribute::text`], sharing the buffer.
    pub(super) fn shared_text(&self) -> Option<ByteString> {
        if self.is_binary() { None } else { ByteString::try_from(self.value.clone()).ok() }
    }

    pub(super) fn shared_name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    /// The type with its label.
    pub fn data_type(&self) -> &str {
        &self.data_type
    }

    /// The value's bytes; UTF-8 unless [`is_binary`](Self::is_binary).
    pub fn value(&self) -> &Bytes {
        &self.value
    }

    /// The value of a `String` or `Number`; `None` for binary ones.
    pub fn text(&self) -> Option<&str> {
        if self.is_binary() { None } else { std::str::from_utf8(&self.value).ok() }
    }

    /// Whether the type is `Binary`.
    pub fn is_binary(&self) -> bool {
        self.base() == Some(BaseType::Binary)
    }

    /// What its data type is without a label of one's own behind a period; `None` where the service knows no such
    /// type.
    pub(super) fn base(&self) -> Option<BaseType> {
        BaseType::named(&self.data_type)
            .or_else(|| self.data_type.split_once('.').and_then(|(base, _)| BaseType::named(base)))
    }

    pub(super) fn size(&self) -> usize {
        self.name.len() + self.data_type.len() + self.value.len()
    }
}

/// The types of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BaseType {
    String,
    Number,
    Binary,
}

impl BaseType {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "String" => Self::String,
            "Number" => Self::Number,
            "Binary" => Self::Binary,
            _ => return None,
        })
    }
}

/// What does not change about a message while it moves between queues.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) id: MessageId,
    pub(super) body: Bytes,
    pub(super) attributes: Vec<MessageAttribute>,
    pub(super) group: Option<ByteString>,
    pub(super) deduplication_id: Option<ByteString>,
    pub(super) trace_header: Option<ByteString>,
    pub(super) size: usize,
}

impl Content {
    /// The same content under another id and deduplication id; bodies are shared.
    pub(super) fn copy(&self, id: MessageId, deduplication_id: Option<ByteString>) -> Self {
        Self {
            id,
            body: self.body.clone(),
            attributes: self.attributes.clone(),
            group: self.group.clone(),
            deduplication_id,
            trace_header: self.trace_header.clone(),
            size: self.size,
        }
    }
}

/// A message as a receive returns it. Cloning costs one reference count.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    pub(super) content: Arc<Content>,
    pub(super) receipt: Receipt,
    pub(super) receive_count: u32,
    /// Microseconds since the Unix epoch, like the next; most consumers never ask for them as timestamps.
    pub(super) sent_at: i64,
    pub(super) first_received_at: i64,
    pub(super) sequence_number: Option<SequenceNumber>,
    pub(super) dead_letter_source: Option<Arc<str>>,
}

impl ReceivedMessage {
    /// The message's id; it stays the same over receives and in the dead-letter queue.
    pub fn id(&self) -> MessageId {
        self.content.id
    }

    /// The handle on this receive.
    pub fn receipt(&self) -> Receipt {
        self.receipt
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.content.body
    }

    /// The attributes, in the order they were set.
    pub fn attributes(&self) -> &[MessageAttribute] {
        &self.content.attributes
    }

    /// How often the message was received, this time included and hand-backs excluded.
    pub fn receive_count(&self) -> u32 {
        self.receive_count
    }

    /// When the queue took the message.
    pub fn sent_at(&self) -> Timestamp {
        timestamp(self.sent_at)
    }

    /// When the message was received for the first time.
    pub fn first_received_at(&self) -> Timestamp {
        timestamp(self.first_received_at)
    }

    /// The group.
    pub fn group(&self) -> Option<&ByteString> {
        self.content.group.as_ref()
    }

    /// The deduplication id, given or computed; FIFO only.
    pub fn deduplication_id(&self) -> Option<&ByteString> {
        self.content.deduplication_id.as_ref()
    }

    /// The `AWSTraceHeader` system attribute.
    pub fn trace_header(&self) -> Option<&ByteString> {
        self.content.trace_header.as_ref()
    }

    /// The place in the FIFO queue's order; `None` on standard queues.
    pub fn sequence_number(&self) -> Option<SequenceNumber> {
        self.sequence_number
    }

    /// The ARN of the queue that a redrive policy moved the message away from.
    pub fn dead_letter_source(&self) -> Option<&str> {
        self.dead_letter_source.as_deref()
    }
}

/// The answer to a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// The message's id; the first message's where this one was a duplicate.
    pub id: MessageId,
    /// The place in the FIFO queue's order; `None` on standard queues.
    pub sequence_number: Option<SequenceNumber>,
    /// Whether a FIFO queue recognised the deduplication id and took nothing in.
    pub duplicate: bool,
}

/// What a delete did; the service says "success" to all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The message was there and is gone.
    Removed,
    /// The message was gone already.
    AlreadyGone,
    /// Somebody received the message again since, on a standard queue: it stays.
    ReceivedAgain,
}
