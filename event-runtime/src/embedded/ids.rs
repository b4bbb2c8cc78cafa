//! The numbers that name messages, their place in an order, and their receives.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::{QueueError, QueueErrorKind};

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

    pub(super) fn from_number(number: u128) -> Self {
        Self(number)
    }

    /// The id as a number.
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl MessageId {
    /// The id as text; every delivery carries it, so without the formatting machinery.
    pub(super) fn to_text(self) -> String {
        let mut text = Uuid::encode_buffer();
        Uuid::from_u128(self.0).hyphenated().encode_lower(&mut text).to_owned()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Uuid::encode_buffer();
        formatter.write_str(Uuid::from_u128(self.0).hyphenated().encode_lower(&mut text))
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
