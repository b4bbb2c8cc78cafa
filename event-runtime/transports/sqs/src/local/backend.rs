//! The queues behind an endpoint: in memory or in a file, with the same requests.

use event_runtime::Clock;
use event_runtime::embedded::{
    self, BatchEntry, BatchResult, Broker, Deletion, MoveTask, OutgoingMessage, QueueSettings, Receipt,
    ReceiveRequest, ReceivedMessage, SentMessage, VisibilityChange,
};
#[cfg(feature = "durable")]
use event_transport_sqlite::{SqliteBroker, SqliteQueue};

use crate::local::error::ServiceError;

/// Queues that an endpoint can serve.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Backend {
    /// In memory: what they hold ends with the process.
    Memory(Broker),
    /// In a file: what they hold survives the process.
    #[cfg(feature = "durable")]
    File(SqliteBroker),
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) enum Queue {
    Memory(embedded::Queue),
    #[cfg(feature = "durable")]
    File(SqliteQueue),
}

impl From<Broker> for Backend {
    fn from(broker: Broker) -> Self {
        Self::Memory(broker)
    }
}

#[cfg(feature = "durable")]
impl From<SqliteBroker> for Backend {
    fn from(broker: SqliteBroker) -> Self {
        Self::File(broker)
    }
}

/// What both kinds are asked by the same name.
macro_rules! ask {
    ($self:ident, $queues:ident => $value:expr) => {
        match $self {
            Self::Memory($queues) => $value,
            #[cfg(feature = "durable")]
            Self::File($queues) => $value,
        }
    };
    // Memory answers at once, a file when the change is in it.
    ($self:ident, $queues:ident => file awaits $answer:expr) => {
        match $self {
            Self::Memory($queues) => Ok($answer?),
            #[cfg(feature = "durable")]
            Self::File($queues) => Ok($answer.await?),
        }
    };
    // Both may wait, for room or for messages.
    ($self:ident, $queues:ident => both await $answer:expr) => {
        match $self {
            Self::Memory($queues) => Ok($answer.await?),
            #[cfg(feature = "durable")]
            Self::File($queues) => Ok($answer.await?),
        }
    };
}

impl Backend {
    /// The clock that everything in the queues goes by.
    pub fn clock(&self) -> &Clock {
        ask!(self, broker => broker.clock())
    }

    pub(crate) async fn create_queue(
        &self,
        name: &str,
        settings: QueueSettings,
    ) -> Result<Queue, ServiceError> {
        match self {
            Self::Memory(broker) => Ok(Queue::Memory(broker.create_queue(name, settings)?)),
            #[cfg(feature = "durable")]
            Self::File(broker) => Ok(Queue::File(broker.create_queue(name, settings).await?)),
        }
    }

    pub(crate) async fn queue(&self, name: &str) -> Result<Queue, ServiceError> {
        match self {
            Self::Memory(broker) => Ok(Queue::Memory(broker.queue(name)?)),
            #[cfg(feature = "durable")]
            Self::File(broker) => Ok(Queue::File(broker.queue(name).await?)),
        }
    }

    pub(crate) async fn queue_names(&self, prefix: &str) -> Result<Vec<String>, ServiceError> {
        match self {
            Self::Memory(broker) => Ok(broker.queue_names(prefix)),
            #[cfg(feature = "durable")]
            Self::File(broker) => Ok(broker.queue_names(prefix).await?),
        }
    }

    pub(crate) async fn delete_queue(&self, name: &str) -> Result<(), ServiceError> {
        ask!(self, broker => file awaits broker.delete_queue(name))
    }

    pub(crate) async fn dead_letter_source_queues(&self, name: &str) -> Result<Vec<String>, ServiceError> {
        ask!(self, broker => file awaits broker.dead_letter_source_queues(name))
    }

    pub(crate) async fn start_message_move_task(
        &self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
    ) -> Result<String, ServiceError> {
        ask!(self, broker => file awaits broker.start_message_move_task(source, destination, rate))
    }

    pub(crate) async fn cancel_message_move_task(&self, handle: &str) -> Result<u64, ServiceError> {
        ask!(self, broker => file awaits broker.cancel_message_move_task(handle))
    }

    pub(crate) async fn list_message_move_tasks(
        &self,
        source: &str,
        max: usize,
    ) -> Result<Vec<MoveTask>, ServiceError> {
        ask!(self, broker => file awaits broker.list_message_move_tasks(source, max))
    }
}

impl Queue {
    pub(crate) fn name(&self) -> &str {
        ask!(self, queue => queue.name())
    }

    pub(crate) fn arn(&self) -> String {
        ask!(self, queue => queue.arn())
    }

    pub(crate) async fn attribute_pairs(&self) -> Result<Vec<(String, String)>, ServiceError> {
        ask!(self, queue => file awaits queue.attribute_pairs())
    }

    pub(crate) async fn set_attributes(&self, settings: QueueSettings) -> Result<(), ServiceError> {
        ask!(self, queue => file awaits queue.set_attributes(settings))
    }

    pub(crate) async fn purge(&self) -> Result<(), ServiceError> {
        ask!(self, queue => file awaits queue.purge())
    }

    pub(crate) async fn send(&self, message: OutgoingMessage) -> Result<SentMessage, ServiceError> {
        ask!(self, queue => both await queue.send(message))
    }

    pub(crate) async fn send_batch(
        &self,
        entries: Vec<BatchEntry<OutgoingMessage>>,
    ) -> Result<Vec<BatchResult<SentMessage>>, ServiceError> {
        ask!(self, queue => both await queue.send_batch(entries))
    }

    pub(crate) async fn receive(
        &self,
        request: &ReceiveRequest,
    ) -> Result<Vec<ReceivedMessage>, ServiceError> {
        ask!(self, queue => both await queue.receive(request))
    }

    pub(crate) async fn delete(&self, receipt: Receipt) -> Result<Deletion, ServiceError> {
        ask!(self, queue => file awaits queue.delete(receipt))
    }

    pub(crate) async fn delete_batch(
        &self,
        entries: Vec<BatchEntry<Receipt>>,
    ) -> Result<Vec<BatchResult<Deletion>>, ServiceError> {
        ask!(self, queue => file awaits queue.delete_batch(entries))
    }

    pub(crate) async fn change_visibility(&self, change: VisibilityChange) -> Result<(), ServiceError> {
        let VisibilityChange { receipt, timeout } = change;
        ask!(self, queue => file awaits queue.change_visibility(receipt, timeout))
    }

    pub(crate) async fn change_visibility_batch(
        &self,
        entries: Vec<BatchEntry<VisibilityChange>>,
    ) -> Result<Vec<BatchResult<()>>, ServiceError> {
        ask!(self, queue => file awaits queue.change_visibility_batch(entries))
    }
}
