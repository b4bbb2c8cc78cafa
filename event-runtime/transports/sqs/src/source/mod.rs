//! The source: receives from one queue, and settles what it received.
//!
//! Order, retries, delays, dead letters and draining are the [consumer engine](event_runtime::consumer)'s; here are
//! the calls, and what their answers mean.

mod describe;
mod receipt;
mod receive;
mod settings;
mod settle;

pub(crate) use describe::{START_UP_ATTEMPTS, number, read_attributes};
pub use settings::SourceSettings;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use aws_sdk_sqs::Client;
use event_runtime::Clock;
use event_runtime::delivery::{Delivery, Lease, Settlement};
use event_runtime::transport::{SettleError, Source, SourceError, SourceInfo};

use crate::source::receive::Attempts;

/// Receives from one queue, standard or FIFO.
///
/// ```no_run
/// use event_runtime::consumer::Consumer;
/// use event_transport_sqs::{SourceSettings, SqsClientConfiguration, SqsSource};
///
/// # async fn example() {
/// let client = SqsClientConfiguration::default().client().await;
/// let url = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo";
/// let consumer = Consumer::new(SqsSource::new(client, url, SourceSettings::default()));
/// # let _ = consumer;
/// # }
/// ```
pub struct SqsSource {
    client: Client,
    queue_url: Arc<str>,
    fifo: bool,
    settings: SourceSettings,
    attempts: Attempts,
    /// Receives in a row whose credentials had expired.
    expired: AtomicU32,
    clock: Clock,
}

impl SqsSource {
    /// A source of the queue of this URL; a name that ends in `.fifo` makes it a FIFO queue.
    pub fn new(client: Client, queue_url: impl Into<Arc<str>>, settings: SourceSettings) -> Self {
        let queue_url = queue_url.into();
        let fifo = crate::queue::is_fifo(&queue_url);
        let (attempts, expired) = (Attempts::default(), AtomicU32::new(0));
        Self { client, queue_url, fifo, settings, attempts, expired, clock: Clock::system() }
    }

    /// The clock that leases are counted by; the system's unless set.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The URL of the queue.
    pub fn queue_url(&self) -> &str {
        &self.queue_url
    }

    fn name(&self) -> &str {
        crate::queue::name(&self.queue_url)
    }
}

impl fmt::Debug for SqsSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqsSource")
            .field("queue_url", &self.queue_url)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Source for SqsSource {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        self.read_description().await
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        self.receive_messages(max, wait).await
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        self.settle_all(batch).await
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        self.extend_all(leases, lease).await
    }
}
