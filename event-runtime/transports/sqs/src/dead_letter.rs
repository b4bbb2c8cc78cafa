//! The sink: dead letters into one queue.

use std::fmt;
use std::sync::Arc;

use aws_sdk_sqs::Client;
use event_runtime::transport::{
    DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError, ProduceErrorKind,
};
use event_runtime::{Attributes, Clock};

use crate::attributes;
use crate::error::Fault;
use crate::limits::{ATTRIBUTE_TYPE_BYTES, MAX_ATTRIBUTES, MAX_BYTES};
use crate::producer::{SqsEntry, send};
use crate::queue::identifier;
use crate::retry::persist;
use crate::text::replace_refused;

/// How often a letter is sent in one go; the engine tries its message again after that.
const MAX_ATTEMPTS: u32 = 3;

/// Stores dead letters in one queue, standard or FIFO.
///
/// A letter keeps its group on a FIFO queue; a letter from a queue without groups is a group of its own.
pub struct SqsDeadLetterSink {
    client: Client,
    queue_url: Arc<str>,
    fifo: bool,
    max_bytes: usize,
    clock: Clock,
}

impl SqsDeadLetterSink {
    /// A sink into the queue of this URL; a name that ends in `.fifo` makes it a FIFO queue.
    pub fn new(client: Client, queue_url: impl Into<Arc<str>>) -> Self {
        let queue_url = queue_url.into();
        let fifo = crate::queue::is_fifo(&queue_url);
        Self { client, queue_url, fifo, max_bytes: MAX_BYTES, clock: Clock::system() }
    }

    /// The most bytes of a message that the queue itself takes (its `MaximumMessageSize`), where that is less than
    /// SQS's 1,048,576.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes.min(MAX_BYTES);
        self
    }

    /// The clock for the backoff between attempts; the system's unless set.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The URL of the queue.
    pub fn queue_url(&self) -> &str {
        &self.queue_url
    }

    fn entry(&self, letter: DeadLetter) -> Result<SqsEntry, ProduceError> {
        let DeadLetter { body, attributes, group, deduplication_id } = letter;
        let body = String::from_utf8(body.into()).map_err(|_| {
            let text = format!("`{}` takes text only, and the dead letter's body is none", self.name());
            ProduceError::new(ProduceErrorKind::Refused, text)
        })?;
        let attributes: Attributes = attributes
            .iter()
            .take(MAX_ATTRIBUTES)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let deduplication_id = identifier(&deduplication_id);
        let group = group.map_or_else(|| deduplication_id.clone(), |group| identifier(&group));
        Ok(SqsEntry {
            event_id: deduplication_id.clone(),
            size: body.len() + attributes::size(&attributes),
            body: replace_refused(body).into(),
            attributes,
            group: self.fifo.then_some(group),
            deduplication_id: self.fifo.then_some(deduplication_id),
            delay_seconds: None,
        })
    }
}

impl fmt::Debug for SqsDeadLetterSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqsDeadLetterSink")
            .field("queue_url", &self.queue_url)
            .finish_non_exhaustive()
    }
}

impl DeadLetterSink for SqsDeadLetterSink {
    fn name(&self) -> &str {
        crate::queue::name(&self.queue_url)
    }

    fn limits(&self) -> DeadLetterLimits {
        // The service counts the data type of each attribute, which the runtime does not know of.
        let max_bytes = self.max_bytes.saturating_sub(MAX_ATTRIBUTES * ATTRIBUTE_TYPE_BYTES);
        DeadLetterLimits { max_bytes, max_attributes: MAX_ATTRIBUTES }
    }

    async fn store(&self, letter: DeadLetter) -> Result<(), ProduceError> {
        let entry = self.entry(letter)?;
        let call = async || {
            let answer = send(&self.client, &self.queue_url, &[&entry]).await.pop();
            answer.unwrap_or_else(|| Err(Fault::unanswered()))
        };
        let answer = persist(&self.clock, MAX_ATTEMPTS, call).await;
        answer.map_err(|fault| {
            fault.to_produce_error(format!("`{}` did not take the dead letter", self.name()))
        })
    }
}
