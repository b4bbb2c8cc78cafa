//! Dead letters into an embedded queue.

use crate::transport::{DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError};

use super::limits;
use super::producer::produce_error;
use super::queue::Queue;
use super::sending;

/// Keeps dead letters in a queue. Where it is full, a letter is refused for now and not waited for.
#[derive(Clone, Debug)]
pub struct EmbeddedDeadLetters {
    queue: Queue,
}

impl EmbeddedDeadLetters {
    /// Dead letters go to this queue.
    pub fn new(queue: Queue) -> Self {
        Self { queue }
    }
}

impl DeadLetterSink for EmbeddedDeadLetters {
    fn name(&self) -> &str {
        self.queue.name()
    }

    fn limits(&self) -> DeadLetterLimits {
        let attributes = self.queue.attributes().map(|attributes| attributes.maximum_message_size);
        let bytes = attributes.unwrap_or(limits::MAX_MESSAGE_BYTES);
        sending::letter_limits(bytes)
    }

    async fn store(&self, letter: DeadLetter) -> Result<(), ProduceError> {
        let outgoing = sending::letter(letter, self.queue.is_fifo());
        self.queue.try_send(outgoing).map(drop).map_err(|error| produce_error(&self.queue, error))
    }
}
