//! Messages as they go into a queue and as they come out of it, and the numbers that name them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use jiff::Timestamp;

use super::error::{QueueError, QueueErrorKind};

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
    pub fn string(name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self::typed(name, "String", value.into())
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
        self.data_type.split('.').next() == Some("Binary")
    }

    pub(super) fn size(&self) -> usize {
        self.name.len() + self.data_type.len() + self.value.len()
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

/// The id that a queue gives to a message; a UUID in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(u128);

impl MessageId {
    /// The `counter`-th id of a broker with this random seed: the seed in the first half, the counter in the
    /// second, and the UUID version 8 (custom) and variant over the bits that neither needs.
    pub(super) fn nth(seed: u64, counter: u64) -> Self {
        let first = (seed & !0xF000) | 0x8000;
        let second = (counter & (u64::MAX >> 2)) | (1 << 63);
        Self((u128::from(first) << 64) | u128::from(second))
    }

    /// The id as a number.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0;
        write!(
            formatter,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            id >> 96,
            (id >> 80) & 0xFFFF,
            (id >> 64) & 0xFFFF,
            (id >> 48) & 0xFFFF,
            id & 0xFFFF_FFFF_FFFF
        )
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MessageId({self})")
    }
}

/// A message's place in the order of a FIFO queue; 20 digits in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceNumber(pub(super) u64);

impl SequenceNumber {
    /// Added in text, so that every number has the 20 digits that clients compare as strings.
    const BASE: u64 = 10_000_000_000_000_000_000;
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", Self::BASE.saturating_add(self.0))
    }
}

/// The handle on one receive of one message: two numbers, or a text for protocols that need one.
///
/// ```
/// use event_runtime::embedded::Receipt;
///
/// let receipt = Receipt::from_numbers(7, 9);
/// assert_eq!(receipt.to_string().parse::<Receipt>()?, receipt);
/// assert!("garbage".parse::<Receipt>().is_err());
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Receipt {
    pub(super) queue: u32,
    pub(super) slot: u32,
    pub(super) generation: u32,
    pub(super) receive: u32,
}

impl Receipt {
    /// The receipt as two numbers, for [`Receipt::from_numbers`].
    pub fn to_numbers(self) -> (u64, u64) {
        let join = |high: u32, low: u32| (u64::from(high) << 32) | u64::from(low);
        (join(self.queue, self.slot), join(self.generation, self.receive))
    }

    /// The receipt that [`Receipt::to_numbers`] took apart.
    pub fn from_numbers(first: u64, second: u64) -> Self {
        let halves = |number: u64| ((number >> 32) as u32, number as u32);
        let ((queue, slot), (generation, receive)) = (halves(first), halves(second));
        Self { queue, slot, generation, receive }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.to_numbers();
        write!(formatter, "{first:016x}{second:016x}")
    }
}

impl FromStr for Receipt {
    type Err = QueueError;

    /// # Errors
    /// [`QueueErrorKind::ReceiptHandleIsInvalid`] for a text that no queue of this kind has given out.
    fn from_str(text: &str) -> Result<Self, QueueError> {
        let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let number = |range| text.get(range).and_then(|half: &str| u64::from_str_radix(half, 16).ok());
        match (number(0..16), number(16..32)) {
            (Some(first), Some(second)) if text.len() == 32 && text.bytes().all(digits) => {
                Ok(Self::from_numbers(first, second))
            }
            _ => Err(invalid_handle(text)),
        }
    }
}

/// The moment that is this many microseconds after the Unix epoch.
pub(super) fn timestamp(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MAX)
}

pub(super) fn invalid_handle(handle: impl fmt::Display) -> QueueError {
    QueueError::new(
        QueueErrorKind::ReceiptHandleIsInvalid,
        format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_seed_differ_and_read_as_uuids() {
        let ids: std::collections::HashSet<_> = (0..10_000).map(|n| MessageId::nth(42, n)).collect();
        assert_eq!(ids.len(), 10_000);
        let id = uuid::Uuid::parse_str(&MessageId::nth(42, 7).to_string()).unwrap();
        assert_eq!(id.get_version_num(), 8);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn a_sequence_number_has_twenty_digits_and_sorts_as_text() {
        let (low, high) = (SequenceNumber(9).to_string(), SequenceNumber(10).to_string());
        assert_eq!((low.len(), high.len()), (20, 20));
        assert!(low < high);
    }

    #[test]
    fn a_receipt_survives_its_text_and_nothing_else_does() {
        let receipt = Receipt { queue: u32::MAX, slot: 1, generation: 0, receive: 77 };
        assert_eq!(receipt.to_string().parse(), Ok(receipt));
        for text in ["", "garbage", &"A".repeat(32), &"+0".repeat(16), &"0".repeat(33), &"é".repeat(16)] {
            let error = text.parse::<Receipt>().unwrap_err();
            assert_eq!(error.kind(), QueueErrorKind::ReceiptHandleIsInvalid, "{text}");
        }
    }
}
