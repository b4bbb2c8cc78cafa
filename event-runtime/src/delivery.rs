//! One delivery of one message: its bytes, its attributes, and the lease that has to be settled.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use jiff::Timestamp;

use crate::envelope::Message;

/// The transport attributes that the runtime reads and writes.
///
/// They repeat what brokers and tools filter by, so that nobody parses a body for it. The body is the truth:
/// a consumer reads an attribute only where the body cannot say it (the last three).
pub mod attribute {
    /// The payload type.
    pub const PAYLOAD_TYPE: &str = "payload_type";
    /// The payload's version, a decimal number.
    pub const VERSION: &str = "version";
    /// The event's id.
    pub const ID: &str = "id";
    /// The correlation id.
    pub const CORRELATION_ID: &str = "correlation_id";
    /// W3C trace context.
    pub const TRACEPARENT: &str = "traceparent";
    /// How often the message was sent on, a decimal number; absent before the first time.
    pub const HOPS: &str = "hops";
    /// RFC 3339: the consumer hands the message on no earlier than this.
    pub const DELAYED_UNTIL: &str = "delayed-until";
    /// How often the message was tried before it was put into a delay queue, a decimal number.
    pub const ATTEMPTS: &str = "attempts";
    /// The record of a dead letter, JSON of at most 8 KiB.
    pub const DEAD_LETTER: &str = "dead-letter";

    /// `name` as one of these, which nearly every attribute is, so that it needs no text of its own.
    pub fn known(name: &str) -> Option<&'static str> {
        const NAMES: [&str; 9] = [
            PAYLOAD_TYPE,
            VERSION,
            ID,
            CORRELATION_ID,
            TRACEPARENT,
            HOPS,
            DELAYED_UNTIL,
            ATTEMPTS,
            DEAD_LETTER,
        ];
        NAMES.into_iter().find(|known| *known == name)
    }
}

/// Attributes beside a body: few, unique names, in the order they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(Cow<'static, str>, ByteString)>);

impl Attributes {
    /// No attributes.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Sets `name`, replacing an earlier value.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<ByteString>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Attributes of names that are known to be unique.
    pub(crate) fn from_unique(pairs: impl Iterator<Item = (Cow<'static, str>, ByteString)>) -> Self {
        Self(pairs.collect())
    }

    /// Removes `name` and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<ByteString> {
        let index = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(index).1)
    }

    /// Names and values in the order they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), &**value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes of all names and values.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

impl<N: Into<Cow<'static, str>>, V: Into<ByteString>> FromIterator<(N, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        let mut attributes = Self(Vec::with_capacity(pairs.size_hint().0));
        for (name, value) in pairs {
            attributes.set(name, value);
        }
        attributes
    }
}

impl IntoIterator for Attributes {
    type Item = (Cow<'static, str>, ByteString);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A transport's own handle on a delivery: what it needs to settle it or to extend its lease.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Two numbers: message and receipt, partition and offset, channel and delivery tag.
    Numbers(u64, u64),
    /// A text such as SQS's receipt handle; a clone shares it.
    Text(Arc<str>),
}

/// One delivery: received, not yet settled.
///
/// It is not `Clone`, and settling takes its lease: a second acknowledgement does not compile.
pub struct Delivery {
    /// The body as it came.
    pub body: Bytes,
    /// The attributes as they came.
    pub attributes: Attributes,
    /// The broker's own id of the message, for logs and dead letters.
    pub transport_id: String,
    /// The group in which the broker keeps order (`MessageGroupId`, partition); `None` where it keeps none.
    pub group: Option<String>,
    /// How often the broker has handed the message out, this time included; `None` where it does not say.
    pub receive_count: Option<u32>,
    /// When the broker took the message from its producer.
    pub sent_at: Option<Timestamp>,
    /// When the broker handed it out for the first time.
    pub first_received_at: Option<Timestamp>,
    /// The handle to settle it with.
    pub lease: Lease,
}

/// Without what the body and the attributes say: they may hold personal data.
impl fmt::Debug for Delivery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Delivery")
            .field("transport_id", &self.transport_id)
            .field("receive_count", &self.receive_count)
            .field("body_bytes", &self.body.len())
            .field("attributes", &self.attributes.len())
            .finish_non_exhaustive()
    }
}

/// What becomes of one delivery at its transport.
#[derive(Debug)]
pub struct Settlement {
    /// The delivery's handle.
    pub lease: Lease,
    /// What to do with it.
    pub action: SettleAction,
}

/// The three things that a transport can do with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettleAction {
    /// Remove the message for good.
    Remove,
    /// Give it back after a failed attempt; it is handed out again no earlier than `after`.
    Release {
        /// Zero = at once.
        after: Duration,
    },
    /// Give it back although nobody tried to handle it (drain, delay hop): where the transport can, the
    /// receive is not counted.
    HandBack {
        /// Zero = at once.
        after: Duration,
    },
}

impl Message {
    /// The transport attributes that repeat what brokers and tools filter by; see [`attribute`].
    ///
    /// Values that brokers refuse in an attribute (empty, or with control characters) are left out, and so is a
    /// trace context that receivers would ignore: the body has them.
    pub fn attributes(&self) -> Attributes {
        let mut attributes = Attributes(Vec::with_capacity(TYPICAL_ATTRIBUTES));
        self.each_attribute(|name, value| attributes.0.push((Cow::Borrowed(name), value)));
        attributes
    }

    /// Gives [`Message::attributes`] one by one: unique names, and values that share the message's buffer.
    pub(crate) fn each_attribute(&self, mut give: impl FnMut(&'static str, ByteString)) {
        let metadata = self.metadata();
        let mut text = |name, value: &ByteString| {
            if fits(value) {
                give(name, value.clone());
            }
        };
        text(attribute::PAYLOAD_TYPE, &metadata.payload_type);
        text(attribute::VERSION, &number_text(metadata.version));
        text(attribute::ID, &metadata.id);
        if let Some(id) = &metadata.correlation_id {
            text(attribute::CORRELATION_ID, id);
        }
        if let Some(trace) = &metadata.traceparent
            && metadata.trace_parent().is_some()
        {
            text(attribute::TRACEPARENT, trace);
        }
        if self.hops() > 0 {
            text(attribute::HOPS, &number_text(self.hops()));
        }
    }

    /// The message as it came with `attributes`: what the body cannot say is read from them.
    #[must_use]
    pub fn with_attributes(self, attributes: &Attributes) -> Self {
        let hops = attributes.get(attribute::HOPS).and_then(|hops| hops.parse().ok());
        self.with_hops(hops.unwrap_or(0))
    }

    /// The bytes that a broker counts: the body, and the names and values of [`Message::attributes`].
    pub fn size(&self) -> usize {
        self.body().len() + self.attributes().size()
    }
}

/// Room for the attributes of an ordinary event, so that their list is allocated once.
pub(crate) const TYPICAL_ATTRIBUTES: usize = 5;

/// Whether brokers take `value` in an attribute.
fn fits(value: &str) -> bool {
    // Without an early end, so that the compiler looks at many bytes at once.
    let plain = value.bytes().fold(true, |plain, byte| plain & (b' '..0x7f).contains(&byte));
    !value.is_empty() && (plain || !value.contains(char::is_control))
}

/// Nearly every version is below ten: its text need not be made anew for each message.
fn number_text(number: u32) -> ByteString {
    const DIGITS: &str = "0123456789";
    let digit = usize::try_from(number).ok().and_then(|digit| DIGITS.get(digit..=digit));
    digit.map_or_else(|| number.to_string().into(), ByteString::from_static)
}
