//! Events into an embedded queue.

use crate::envelope::Message;
use crate::transport::{KeylessGroup, ProduceError, Producer, ProducerCapabilities};

use super::error::QueueError;
use super::message::OutgoingMessage;
use super::queue::Queue;
use super::sending::{Batch, Sending, Target, not_sent, produce_error_kind};

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
    sending: Sending,
    queue: Queue,
}

impl EmbeddedProducer {
    /// A producer of this name.
    pub fn new(id: impl Into<String>, queue: Queue) -> Self {
        Self::of(Sending::new(id), queue)
    }

    /// What stands in for the ordering key of an event without one, on a FIFO queue.
    #[must_use]
    pub fn with_keyless(mut self, group: KeylessGroup) -> Self {
        self.sending.keyless = Some(group);
        self
    }

    /// On a standard queue: sends the event's tenant as its group, so that a tenant with a backlog does not hold
    /// up the others.
    #[must_use]
    pub fn with_tenant_groups(mut self) -> Self {
        self.sending.tenant_groups = true;
        self
    }

    pub(super) fn of(sending: Sending, queue: Queue) -> Self {
        Self { sending, queue }
    }

    fn outgoing(&self, event: &Message) -> Result<OutgoingMessage, ProduceError> {
        let queue = &self.queue;
        let target = Target { name: queue.name(), fifo: queue.is_fifo(), clock: queue.clock() };
        self.sending.message(event, target)
    }
}

impl Producer for EmbeddedProducer {
    fn id(&self) -> &str {
        &self.sending.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        self.sending.capabilities(self.queue.is_fifo())
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        let outgoing = self.outgoing(message)?;
        let sent = self.queue.send(outgoing).await;
        sent.map(drop).map_err(|error| produce_error(&self.queue, error))
    }

    async fn produce_batch(&self, messages: &[Message]) -> Vec<Result<(), ProduceError>> {
        let (batch, outgoing) = Batch::new(messages.iter().map(|message| self.outgoing(message)));
        let sent = self.queue.send_all(outgoing).await;
        batch.conclude(sent, |error| produce_error(&self.queue, error))
    }
}

/// The error of a send, as the runtime knows it.
pub(super) fn produce_error(queue: &Queue, error: QueueError) -> ProduceError {
    not_sent(queue.name(), produce_error_kind(error.kind()), error)
}
