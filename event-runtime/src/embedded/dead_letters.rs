//! Dead letters into an embedded queue.

use crate::event::broker_safe;
use crate::transport::{DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError};

use super::limits;
use super::message::{MessageAttribute, OutgoingMessage};
use super::producer::produce_error;
use super::queue::Queue;

/// An attribute's type counts among its bytes, and the runtime's size of attributes leaves it out.
const TYPE_BYTES: usize = "String".len();

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
        DeadLetterLimits {
            max_bytes: bytes - limits::MAX_ATTRIBUTES * TYPE_BYTES,
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
            let deduplication_id = broker_safe(deduplication_id);
            let group = group.map_or_else(|| deduplication_id.clone(), broker_safe);
            outgoing = outgoing.with_group(group).with_deduplication_id(deduplication_id);
        }
        self.queue.try_send(outgoing).map(drop).map_err(|error| produce_error(&self.queue, error))
    }
}
