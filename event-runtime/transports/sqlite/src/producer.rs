//! Events into a queue of a file.

use event_runtime::Message;
use event_runtime::embedded::OutgoingMessage;
use event_runtime::embedded::rules::{Batch, Sending, Target, not_sent, produce_error_kind};
use event_runtime::transport::{
    KeylessGroup, ProduceError, ProduceErrorKind, Producer, ProducerCapabilities,
};

use crate::error::{SqliteError, SqliteErrorKind};
use crate::queue::SqliteQueue;

/// Sends events to one queue, and waits where it is full. A batch is one transaction, and batches and single events
/// that are sent at the same time share one.
///
/// On a FIFO queue the group is the event's ordering key, and the deduplication id
/// [`Message::deduplication_id`]. A delay that the queue can't keep by itself (any on a FIFO queue, more than 15 minutes
/// on a standard one) travels as the `delayed-until` attribute, which the consumer honours.
#[derive(Clone, Debug)]
pub struct SqliteProducer {
    sending: Sending,
    queue: SqliteQueue,
}

impl SqliteProducer {
    /// A producer of this name.
    pub fn new(id: impl Into<String>, queue: SqliteQueue) -> Self {
        Self::of(Sending::new(id), queue)
    }

    /// What stands in for the ordering key of an event without one, on a FIFO queue.
    #[must_use]
    pub fn with_keyless(mut self, group: KeylessGroup) -> Self {
        self.sending.keyless = Some(group);
        self
    }

    /// On a standard queue: sends the event's tenant as its group, so that a tenant with a backlog does not hold up the
    /// others.
    #[must_use]
    pub fn with_tenant_groups(mut self) -> Self {
        self.sending.tenant_groups = true;
        self
    }

    pub(crate) fn of(sending: Sending, queue: SqliteQueue) -> Self {
        Self { sending, queue }
    }

    fn outgoing(&self, event: &Message) -> Result<OutgoingMessage, ProduceError> {
        let queue = &self.queue;
        let target = Target { name: queue.name(), fifo: queue.is_fifo(), clock: queue.clock() };
        self.sending.message(event, target)
    }
}

impl Producer for SqliteProducer {
    fn id(&self) -> &str {
        &self.sending.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        self.sending.capabilities(self.queue.is_fifo())
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        let sent = self.queue.send(self.outgoing(message)?).await;
        sent.map(drop).map_err(|error| produce_error(&self.queue, error))
    }

    async fn produce_batch(&self, messages: &[Message]) -> Vec<Result<(), ProduceError>> {
        let (batch, outgoing) = Batch::new(messages.iter().map(|message| self.outgoing(message)));
        let sent = self.queue.send_all(outgoing).await;
        batch.conclude(sent, |error| produce_error(&self.queue, error))
    }
}

/// The error of a send, as the runtime knows it.
pub(crate) fn produce_error(queue: &SqliteQueue, error: SqliteError) -> ProduceError {
    let kind = match error.kind() {
        SqliteErrorKind::Refused(kind) => produce_error_kind(kind),
        SqliteErrorKind::DiskFull => ProduceErrorKind::Throttled,
        SqliteErrorKind::Busy | SqliteErrorKind::Unavailable => ProduceErrorKind::Unavailable,
        SqliteErrorKind::Closed => ProduceErrorKind::Closed,
        _ => ProduceErrorKind::Refused,
    };
    not_sent(queue.name(), kind, error)
}
