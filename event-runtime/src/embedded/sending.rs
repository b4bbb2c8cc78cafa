//! What becomes of an event on its way into a queue of these semantics, wherever the queue is kept.

use std::error::Error;
use std::time::Duration;

use bytestring::ByteString;

use crate::Clock;
use crate::clock::after;
use crate::delivery::{TYPICAL_ATTRIBUTES, attribute};
use crate::envelope::Message;
use crate::event::broker_safe;
use crate::transport::{
    DeadLetter, DeadLetterLimits, KeylessGroup, ProduceError, ProduceErrorKind, ProducerCapabilities,
};

use super::error::QueueErrorKind;
use super::limits;
use super::message::{MessageAttribute, OutgoingMessage, SentMessage};

/// An attribute's type counts among its bytes, and the runtime's size of attributes leaves it out.
const TYPE_BYTES: usize = "String".len();

/// How a producer makes messages of events.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The producer's name.
    pub id: String,
    /// What stands in for the ordering key of an event without one, on a FIFO queue.
    pub keyless: Option<KeylessGroup>,
    /// Whether the tenant is the group, on a standard queue.
    pub tenant_groups: bool,
}

/// The queue that a message is made for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is FIFO.
    pub fifo: bool,
    /// The clock that it goes by.
    pub clock: &'a Clock,
}

impl Sending {
    /// A producer of this name that refuses events without a key on a FIFO queue.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), keyless: None, tenant_groups: false }
    }

    /// What a producer into such a queue declares.
    pub fn capabilities(&self, fifo: bool) -> ProducerCapabilities {
        ProducerCapabilities { ordered: fifo, keyless: self.keyless }
    }

    /// The message that an event becomes.
    ///
    /// # Errors
    /// `Refused` for an event without an ordering key on a FIFO queue, where nothing stands in for it.
    pub fn message(&self, event: &Message, queue: Target<'_>) -> Result<OutgoingMessage, ProduceError> {
        let mut attributes = Vec::with_capacity(TYPICAL_ATTRIBUTES);
        event.each_attribute(|name, value| attributes.push(MessageAttribute::string(name, value)));
        let mut message = OutgoingMessage::new(event.body().as_bytes().clone());
        message.attributes = attributes;
        if queue.fifo {
            message = message
                .with_group(self.group(event, queue.name)?)
                .with_deduplication_id(broker_safe(event.deduplication_id().into_owned()));
        } else if let Some(tenant) = event.metadata().tenant_id.as_ref().filter(|_| self.tenant_groups) {
            message = message.with_group(broker_safe(tenant.clone()));
        }
        match event.delay() {
            Some(delay) if !delay.is_zero() => Ok(delayed(message, delay, queue)),
            _ => Ok(message),
        }
    }

    fn group(&self, event: &Message, queue: &str) -> Result<ByteString, ProduceError> {
        let metadata = event.metadata();
        let group = match (&metadata.partition_key, self.keyless) {
            (Some(key), _) => key.clone(),
            (None, Some(KeylessGroup::PayloadType)) => metadata.payload_type.clone(),
            (None, Some(KeylessGroup::EventId)) => metadata.id.clone(),
            (None, None) => {
                let text = format!(
                    "event `{}` has no ordering key, which queue `{queue}` needs: add `#[event(key = field)]`, or set \
                     `fifo_group` of producer `{}` to \"payload_type\" or \"event_id\"",
                    metadata.payload_type, self.id
                );
                return Err(ProduceError::new(ProduceErrorKind::Refused, text));
            }
        };
        Ok(broker_safe(group))
    }
}

/// Kept back by the queue as far as it can, and beyond by whoever consumes it.
fn delayed(message: OutgoingMessage, delay: Duration, queue: Target<'_>) -> OutgoingMessage {
    let native = if queue.fifo { Duration::ZERO } else { delay.min(limits::MAX_DELAY) };
    let message = if native.is_zero() { message } else { message.with_delay(native) };
    if native == delay {
        return message;
    }
    let until = after(queue.clock.now(), delay).to_string();
    message.with_attribute(MessageAttribute::string(attribute::DELAYED_UNTIL, until))
}

/// The message that a dead letter becomes.
pub fn letter(letter: DeadLetter, fifo: bool) -> OutgoingMessage {
    let DeadLetter { body, attributes, group, deduplication_id } = letter;
    let attributes = attributes.into_iter().map(|(name, value)| MessageAttribute::string(name, value));
    let message = OutgoingMessage::new(body).with_attributes(attributes);
    if !fifo {
        return message;
    }
    let deduplication_id = broker_safe(deduplication_id);
    let group = group.map_or_else(|| deduplication_id.clone(), broker_safe);
    message.with_group(group).with_deduplication_id(deduplication_id)
}

/// What a dead letter may have in a queue with this maximum message size.
pub fn letter_limits(maximum_message_size: usize) -> DeadLetterLimits {
    DeadLetterLimits {
        max_bytes: maximum_message_size - limits::MAX_ATTRIBUTES * TYPE_BYTES,
        max_attributes: limits::MAX_ATTRIBUTES,
    }
}

/// The results of a batch, with those already known that no queue was asked for.
#[derive(Debug)]
pub struct Batch {
    results: Vec<Result<(), ProduceError>>,
    /// Which results the messages that are sent will have.
    places: Vec<usize>,
}

impl Batch {
    /// Takes what was made of each event apart: the messages that can be sent, and the rest.
    pub fn new(
        made: impl ExactSizeIterator<Item = Result<OutgoingMessage, ProduceError>>,
    ) -> (Self, Vec<OutgoingMessage>) {
        let mut messages = Vec::with_capacity(made.len());
        let mut batch =
            Self { results: Vec::with_capacity(made.len()), places: Vec::with_capacity(made.len()) };
        for (place, made) in made.enumerate() {
            batch.results.push(made.map(|message| {
                messages.push(message);
                batch.places.push(place);
            }));
        }
        (batch, messages)
    }

    /// The result of each event, from what became of the messages; `failed` words an error.
    pub fn conclude<E: Clone, R: Into<E>>(
        self,
        sent: Result<Vec<Result<SentMessage, R>>, E>,
        failed: impl Fn(E) -> ProduceError,
    ) -> Vec<Result<(), ProduceError>> {
        let Self { mut results, places } = self;
        match sent {
            Ok(sent) => {
                for (place, sent) in places.into_iter().zip(sent) {
                    results[place] = sent.map(drop).map_err(|error| failed(error.into()));
                }
            }
            Err(error) => {
                for place in places {
                    results[place] = Err(failed(error.clone()));
                }
            }
        }
        results
    }
}

/// The error of a send, as the runtime knows it.
pub fn not_sent(
    queue: &str,
    kind: ProduceErrorKind,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> ProduceError {
    ProduceError::new(kind, format!("not sent to queue `{queue}`")).with_source(error)
}

/// What a queue's refusal of a message is to the runtime.
pub fn produce_error_kind(kind: QueueErrorKind) -> ProduceErrorKind {
    match kind {
        QueueErrorKind::QueueFull => ProduceErrorKind::Throttled,
        QueueErrorKind::QueueDoesNotExist => ProduceErrorKind::NotFound,
        QueueErrorKind::MessageTooLong => ProduceErrorKind::TooLarge,
        _ => ProduceErrorKind::Refused,
    }
}
