//! Dead letters into a queue of a file.

use event_runtime::embedded::rules;
use event_runtime::transport::{DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError};

use crate::error::SqliteError;
use crate::producer::produce_error;
use crate::queue::SqliteQueue;

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
        rules::letter_limits(self.max_bytes)
    }

    async fn store(&self, letter: DeadLetter) -> Result<(), ProduceError> {
        let outgoing = rules::letter(letter, self.queue.is_fifo());
        self.queue.try_send(outgoing).await.map(drop).map_err(|error| produce_error(&self.queue, error))
    }
}
