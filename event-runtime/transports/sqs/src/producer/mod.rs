//! The producer: events into one queue, in as few calls as their order allows.
//!
//! It owns what a message looks like on SQS, batches, and repeats of what was not taken. Which producer gets which
//! event is the [pool](event_runtime::pool)'s.

mod call;
mod deliver;
mod entry;
mod linger;
mod plan;
mod settings;

pub use settings::ProducerSettings;

use std::fmt;
use std::sync::Arc;

use aws_sdk_sqs::Client;
use event_runtime::transport::{KeylessGroup, ProduceError, Producer, ProducerCapabilities};
use event_runtime::{Clock, Message};

use crate::limits::{MAX_BATCH, MAX_BYTES};
use crate::producer::deliver::Destination;
use crate::producer::entry::{Entry, Layout};
use crate::producer::linger::Linger;
pub(crate) use crate::producer::{call::send, entry::Entry as SqsEntry};

/// Sends events to one queue, standard or FIFO.
///
/// On a FIFO queue the group is the event's ordering key and the deduplication id is the event's id, on every
/// attempt the same. Unless [`ProducerSettings::group_batches`] says otherwise, a batch call holds one event of a
/// group: where only a part of a batch is taken, no event overtakes an earlier one of its key.
///
/// ```no_run
/// use event_transport_sqs::{ProducerSettings, SqsClientConfiguration, SqsProducer};
///
/// # async fn example() {
/// let client = SqsClientConfiguration::default().client().await;
/// let url = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo";
/// let producer = SqsProducer::new("orders", client, url, ProducerSettings::default());
/// # let _ = producer;
/// # }
/// ```
pub struct SqsProducer {
    destination: Arc<Destination>,
    layout: Layout,
    linger: Option<Linger>,
}

impl SqsProducer {
    /// A producer for the queue of this URL; a name that ends in `.fifo` makes it a FIFO queue.
    pub fn new(
        id: impl Into<Arc<str>>,
        client: Client,
        queue_url: impl Into<Arc<str>>,
        settings: ProducerSettings,
    ) -> Self {
        let queue_url = queue_url.into();
        let fifo = crate::queue::is_fifo(&queue_url);
        let ProducerSettings { keyless_group, tenant_groups, group_batches, linger, max_attempts } = settings;
        let destination = Destination {
            client,
            producer: id.into(),
            queue_url,
            ordered: fifo,
            group_batches,
            max_attempts: max_attempts.max(1),
            clock: Clock::system(),
        };
        Self {
            destination: Arc::new(destination),
            layout: Layout { fifo, keyless: keyless_group, tenant_groups, max_bytes: MAX_BYTES },
            linger: (!linger.is_zero()).then(|| Linger::new(linger)),
        }
    }

    /// The clock for delays and for the backoff between attempts; the system's unless set.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        let destination = Destination { clock, ..(*self.destination).clone() };
        self.destination = Arc::new(destination);
        self
    }

    /// The most bytes of a message that the queue itself takes (its `MaximumMessageSize`), where that is less than
    /// SQS's 1,048,576.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.layout.max_bytes = bytes.min(MAX_BYTES);
        self
    }

    /// The URL of the queue.
    pub fn queue_url(&self) -> &str {
        &self.destination.queue_url
    }

    fn entry(&self, message: &Message) -> Result<Entry, ProduceError> {
        Entry::new(message, self.layout, self.destination.clock.now())
    }
}

impl fmt::Debug for SqsProducer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqsProducer")
            .field("id", &self.destination.producer)
            .field("queue_url", &self.destination.queue_url)
            .field("layout", &self.layout)
            .finish_non_exhaustive()
    }
}

impl Producer for SqsProducer {
    fn id(&self) -> &str {
        &self.destination.producer
    }

    fn capabilities(&self) -> ProducerCapabilities {
        let keyless: Option<KeylessGroup> = self.layout.keyless;
        ProducerCapabilities { ordered: self.layout.fifo, keyless }
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        let entry = self.entry(message)?;
        match &self.linger {
            Some(linger) => linger.send(&self.destination, entry).await,
            None => self.destination.deliver(&[&entry]).await.remove(0),
        }
    }

    async fn produce_batch(&self, messages: &[Message]) -> Vec<Result<(), ProduceError>> {
        let entries: Vec<_> = messages.iter().map(|message| self.entry(message)).collect();
        // Few messages without an order among them fill up with those of other calls.
        if let Some(linger) = &self.linger
            && !self.layout.fifo
            && messages.len() < MAX_BATCH
        {
            let sends = entries.into_iter().map(|entry| async move {
                match entry {
                    Ok(entry) => linger.send(&self.destination, entry).await,
                    Err(error) => Err(error),
                }
            });
            return futures_util::future::join_all(sends).await;
        }
        let sendable: Vec<&Entry> = entries.iter().filter_map(|entry| entry.as_ref().ok()).collect();
        let mut answers = self.destination.deliver(&sendable).await.into_iter();
        let unanswered = || Err(crate::error::Fault::unanswered().to_produce_error("an event was not sent"));
        entries
            .into_iter()
            .map(|entry| entry.and_then(|_| answers.next().unwrap_or_else(unanswered)))
            .collect()
    }
}
