//! Dead letters into a queue of a file.

use event_runtime::embedded::{MessageAttribute, OutgoingMessage, rules};
use event_runtime::transport::{DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError};

use crate::error::SqliteError;
use crate::limits;
use crate::producer::produce_error;
use crate::queue::SqliteQueue;

/// An attribute's type counts among its bytes, and the runtime's size of attributes leaves it out.
const TYPE_BYTES: usize = "String".len();

/// Keeps dead letters in a queue. Where it is full, a letter is refused for now and not waited for.
#[derive(Clone, Debug)]
pub struct SqliteDeadLetters {
    queue: SqliteQueue,
    max_bytes: usize,
}

impl SqliteDeadLetters {
    /// Dead letters go to this queue, whose present size limit holds.
    ///
    /// # Errors
    /// Those of [`SqliteQueue::attributes`].
    ///
    /// # Cancel safety
    /// A dropped call has done nothing.
    pub async fn new(queue: SqliteQueue) -> Result<Self, SqliteError> {
        let max_bytes = queue.attributes().await?.maximum_message_size;
        Ok(Self { queue, max_bytes })
    }

    /// The queue.
    pub fn queue(&self) -> &SqliteQueue {
        &self.queue
    }
}

impl DeadLetterSink for SqliteDeadLetters {
    fn name(&self) -> &str {
        self.queue.name()
    }

    fn limits(&self) -> DeadLetterLimits {
        DeadLetterLimits {
            max_bytes: self.max_bytes - limits::MAX_ATTRIBUTES * TYPE_BYTES,
            max_attributes: limits::MAX_ATTRIBUTES,
        }
    }

    async fn store(&self, letter: DeadLetter) -> Result<(), ProduceError> {
        let DeadLetter { body, attributes, group, deduplication_id } = letter;
        let mut outgoing = OutgoingMessage::new(body);
        for (name, value) in attributes {
            outgoing = outgoing.with_attribute(MessageAttribute::string(name, value));
        }
        if self.queue.is_fifo() {
            let deduplication_id = rules::broker_safe(deduplication_id);
            let group = group.map_or_else(|| deduplication_id.clone(), rules::broker_safe);
            outgoing = outgoing.with_group(group).with_deduplication_id(deduplication_id);
        }
        self.queue.try_send(outgoing).await.map(drop).map_err(|error| produce_error(&self.queue, error))
    }
}
