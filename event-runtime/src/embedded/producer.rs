//! Events into an embedded queue.

use std::time::Duration;

use crate::clock::after;
use crate::delivery::{TYPICAL_ATTRIBUTES, attribute};
use crate::envelope::Message;
use crate::event::broker_safe;
use crate::transport::{KeylessGroup, ProduceError, ProduceErrorKind, Producer, ProducerCapabilities};

use super::error::{QueueError, QueueErrorKind};
use super::limits;
use super::message::{MessageAttribute, OutgoingMessage};
use super::queue::Queue;

/// Sends events to one queue, and waits where it is full.
///
/// On a FIFO queue the group is the event's ordering key, and the deduplication id
/// [`Message::deduplication_id`]. A delay that
/// the queue can't keep by itself (any on a FIFO queue, more than 15 minutes on a standard one) travels as the
/// `delayed-until` attribute, which the consumer honours.
///
/// ```
/// use event_runtime::embedded::{Broker, EmbeddedProducer, QueueSettings};
/// use event_runtime::transport::KeylessGroup;
///
/// let queue = Broker::new().create_queue("payments.fifo", QueueSettings::fifo())?;
/// let producer = EmbeddedProducer::new("payments_producer", queue).with_keyless(KeylessGroup::EventId);
/// # let _ = producer;
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddedProducer {
    id: String,
    queue: Queue,
    keyless: Option<KeylessGroup>,
    tenant_groups: bool,
}

impl EmbeddedProducer {
    /// A producer of this name.
    pub fn new(id: impl Into<String>, queue: Queue) -> Self {
        Self { id: id.into(), queue, keyless: None, tenant_groups: false }
    }

    /// What stands in for the ordering key of an event without one, on a FIFO queue.
    #[must_use]
    pub fn with_keyless(mut self, group: KeylessGroup) -> Self {
        self.keyless = Some(group);
        self
    }

    /// On a standard queue: sends the event's tenant as its group, so that a tenant with a backlog does not hold
    /// up the others.
    #[must_use]
    pub fn with_tenant_groups(mut self) -> Self {
        self.tenant_groups = true;
        self
    }

    fn outgoing(&self, message: &Message) -> Result<OutgoingMessage, ProduceError> {
        let metadata = message.metadata();
        let mut attributes = Vec::with_capacity(TYPICAL_ATTRIBUTES);
        message.each_attribute(|name, value| attributes.push(MessageAttribute::string(name, value)));
        let mut outgoing = OutgoingMessage::new(message.body().as_bytes().clone());
        outgoing.attributes = attributes;
        if self.queue.is_fifo() {
            outgoing = outgoing
                .with_group(self.group(message)?)
                .with_deduplication_id(broker_safe(message.deduplication_id().into_owned()));
        } else if let Some(tenant) = metadata.tenant_id.as_ref().filter(|_| self.tenant_groups) {
            outgoing = outgoing.with_group(broker_safe(tenant.clone()));
        }
        match message.delay() {
            Some(delay) if !delay.is_zero() => Ok(self.delayed(outgoing, delay)),
            _ => Ok(outgoing),
        }
    }

    fn group(&self, message: &Message) -> Result<String, ProduceError> {
        let metadata = message.metadata();
        let group = match (&metadata.partition_key, self.keyless) {
            (Some(key), _) => key.to_string(),
            (None, Some(KeylessGroup::PayloadType)) => metadata.payload_type.to_string(),
            (None, Some(KeylessGroup::EventId)) => metadata.id.to_string(),
            (None, None) => {
                let text = format!(
                    "event `{}` has no ordering key, which queue `{}` needs: add `#[event(key = field)]`, or set \
                     `fifo_group` of producer `{}` to \"payload_type\" or \"event_id\"",
                    metadata.payload_type,
                    self.queue.name(),
                    self.id
                );
                return Err(ProduceError::new(ProduceErrorKind::Refused, text));
            }
        };
        Ok(broker_safe(group))
    }

    fn delayed(&self, outgoing: OutgoingMessage, delay: Duration) -> OutgoingMessage {
        let native = if self.queue.is_fifo() { Duration::ZERO } else { delay.min(limits::MAX_DELAY) };
        let outgoing = if native.is_zero() { outgoing } else { outgoing.with_delay(native) };
        if native == delay {
            return outgoing;
        }
        let until = after(self.queue.clock().now(), delay).to_string();
        outgoing.with_attribute(MessageAttribute::string(attribute::DELAYED_UNTIL, until))
    }
}

impl Producer for EmbeddedProducer {
    fn id(&self) -> &str {
        &self.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        ProducerCapabilities { ordered: self.queue.is_fifo(), keyless: self.keyless }
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        let outgoing = self.outgoing(message)?;
        let sent = self.queue.send(outgoing).await;
        sent.map(drop).map_err(|error| produce_error(&self.queue, error))
    }

    async fn produce_batch(&self, messages: &[Message]) -> Vec<Result<(), ProduceError>> {
        let mut results: Vec<Result<(), ProduceError>> = Vec::with_capacity(messages.len());
        let (mut outgoing, mut places) =
            (Vec::with_capacity(messages.len()), Vec::with_capacity(messages.len()));
        for (place, message) in messages.iter().enumerate() {
            results.push(match self.outgoing(message) {
                Ok(message) => {
                    outgoing.push(message);
                    places.push(place);
                    Ok(())
                }
                Err(error) => Err(error),
            });
        }
        match self.queue.send_all(outgoing).await {
            Ok(sent) => {
                for (place, sent) in places.into_iter().zip(sent) {
                    results[place] = sent.map(drop).map_err(|error| produce_error(&self.queue, error));
                }
            }
            Err(error) => {
                for place in places {
                    results[place] = Err(produce_error(&self.queue, error.clone()));
                }
            }
        }
        results
    }
}

/// The error of a send, as the runtime knows it.
pub(super) fn produce_error(queue: &Queue, error: QueueError) -> ProduceError {
    let text = format!("not sent to queue `{}`", queue.name());
    ProduceError::new(produce_error_kind(error.kind()), text).with_source(error)
}

pub(super) fn produce_error_kind(kind: QueueErrorKind) -> ProduceErrorKind {
    match kind {
        QueueErrorKind::QueueFull => ProduceErrorKind::Throttled,
        QueueErrorKind::QueueDoesNotExist => ProduceErrorKind::NotFound,
        QueueErrorKind::MessageTooLong => ProduceErrorKind::TooLarge,
        _ => ProduceErrorKind::Refused,
    }
}
