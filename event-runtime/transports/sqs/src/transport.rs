//! The transport as configuration names it: `sqs`.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use event_runtime::config::{BundleError, Config, ConfigError, ConsumerConfig, Inlet, Transport};
use event_runtime::consumer::OnExhausted;
use event_runtime::transport::{BoxFuture, DynDeadLetterSink, DynProducer, Source as _};
use futures_util::future::join_all;

use crate::config::{SqsClientConfiguration, SqsProducerConfiguration};
use crate::dead_letter::SqsDeadLetterSink;
use crate::error::Fault;
use crate::producer::SqsProducer;
use crate::source::{SourceSettings, SqsSource};
use crate::startup::{Found, add_dead_letter_queue, find};

/// Receives that a new queue's redrive policy allows beyond the consumer's own attempts: SQS counts hand-backs.
const SPARE_RECEIVES: u32 = 10;

/// A lease that is shorter is extended so often that slow calls lose it.
const SHORT_LEASE: Duration = Duration::from_secs(5);

/// SQS by configuration: the sections `sqs_producer_pool_bundle` and `sqs_consumer_bundle`.
///
/// At start-up it looks every queue up, and reports at once whatever is missing or not as declared.
#[derive(Clone, Debug, Default)]
pub struct SqsTransport {
    client: Option<Client>,
}

impl SqsTransport {
    /// A transport whose clients come from the `…_client` sections.
    pub fn new() -> Self {
        Self::default()
    }

    /// A transport that uses this client; the `…_client` sections are still checked.
    pub fn with_client(client: Client) -> Self {
        Self { client: Some(client) }
    }

    /// The client of a section.
    async fn client(&self, configuration: &SqsClientConfiguration) -> Client {
        match &self.client {
            Some(client) => client.clone(),
            None => configuration.client().await,
        }
    }

    async fn build_producers(
        &self,
        client: &Config,
        sections: &[Config],
    ) -> Result<Vec<Arc<dyn DynProducer>>, BundleError> {
        let read = ConfigError::all(sections.iter().map(read_producer));
        let (configuration, producers) = ConfigError::both(SqsClientConfiguration::read(client), read)?;
        let client = self.client(&configuration).await;
        let queues = producers
            .iter()
            .map(|producer| find(&client, &producer.queue_url, configuration.create_missing_queues));
        let found = sections.iter().zip(join_all(queues).await);
        let found = ConfigError::all(
            found.map(|(section, found)| found.map_err(|fault| absent(section, "queue_url", &fault))),
        )?;
        let built = producers.into_iter().zip(found).map(|(producer, queue)| {
            let settings = producer.settings();
            let max_bytes = queue.max_bytes();
            let producer = SqsProducer::new(producer.producer_id, client.clone(), queue.url, settings);
            Arc::new(producer.with_max_bytes(max_bytes)) as Arc<dyn DynProducer>
        });
        Ok(built.collect())
    }

    async fn build_inlet(
        &self,
        client: &Config,
        configuration: &ConsumerConfig,
        section: &Config,
    ) -> Result<Inlet, BundleError> {
        let client_configuration = SqsClientConfiguration::read(client)?;
        let client = self.client(&client_configuration).await;
        let create = client_configuration.create_missing_queues;
        let dead_letters = self.dead_letters(&client, configuration, section, create).await;
        let source = self.source(&client, configuration, section, create).await;
        let (dead_letters, source) = ConfigError::both(dead_letters, source)?;
        Ok(Inlet { source: Arc::new(source), dead_letters })
    }

    async fn dead_letters(
        &self,
        client: &Client,
        configuration: &ConsumerConfig,
        section: &Config,
        create: bool,
    ) -> Result<Option<Arc<dyn DynDeadLetterSink>>, ConfigError> {
        const KEY: &str = "dead_letter_queue_url";
        let Some(address) = configuration.dead_letter_queue_url.as_deref().filter(|url| !url.is_empty())
        else {
            return Ok(None);
        };
        if address == configuration.queue_url {
            return Err(section.invalid(KEY, "the queue itself can't be its dead-letter queue"));
        }
        let queue = find(client, address, create).await.map_err(|fault| absent(section, KEY, &fault))?;
        let max_bytes = queue.max_bytes();
        let sink = SqsDeadLetterSink::new(client.clone(), queue.url).with_max_bytes(max_bytes);
        Ok(Some(Arc::new(sink)))
    }

    async fn source(
        &self,
        client: &Client,
        configuration: &ConsumerConfig,
        section: &Config,
        create: bool,
    ) -> Result<SqsSource, ConfigError> {
        const KEY: &str = "queue_url";
        let refused = |fault: Fault| absent(section, KEY, &fault);
        let queue = find(client, &configuration.queue_url, create).await.map_err(refused)?;
        let max_attempts = configuration.settings().max_attempts;
        if queue.created && configuration.dead_letter_queue_url.is_none() {
            let receives = max_attempts.saturating_add(SPARE_RECEIVES).min(1_000);
            add_dead_letter_queue(client, &queue, receives).await.map_err(refused)?;
        }
        let Found { url, .. } = queue;
        let visibility_timeout = configuration.visibility_timeout_seconds.map(Duration::from_secs);
        let source = SqsSource::new(client.clone(), url, SourceSettings { visibility_timeout });
        self.check_source(&source, configuration, section).await?;
        Ok(source)
    }

    /// What the queue says of itself, against what the consumer wants of it.
    async fn check_source(
        &self,
        source: &SqsSource,
        configuration: &ConsumerConfig,
        section: &Config,
    ) -> Result<(), ConfigError> {
        let info = source.describe().await.map_err(|error| section.invalid("queue_url", chain(&error)))?;
        if info.lease.is_some_and(|lease| lease < SHORT_LEASE) {
            tracing::warn!(
                queue = info.name, lease = ?info.lease,
                "the visibility timeout is short: leases may end while slow calls extend them"
            );
        }
        let mut problems = Vec::new();
        let max_attempts = configuration.settings().max_attempts;
        match &info.redrive {
            Some(redrive) if redrive.max_receive_count < max_attempts => problems.push(section.invalid(
                "requeue_max_retries",
                format!(
                    "the queue's redrive policy moves a message away after {} receives, before {max_attempts} \
                     attempts are used up: raise its `maxReceiveCount` or lower the retries",
                    redrive.max_receive_count
                ),
            )),
            None if configuration.dead_letter_queue_url.is_none()
                && configuration.on_exhausted == OnExhausted::DeadLetter =>
            {
                problems.push(section.invalid(
                    "dead_letter_queue_url",
                    "missing, and the queue has no redrive policy: name a dead-letter queue in either, or set \
                     `on_exhausted` to `discard`",
                ));
            }
            _ => {}
        }
        problems.into_iter().reduce(ConfigError::and).map_or(Ok(()), Err)
    }
}

impl Transport for SqsTransport {
    fn name(&self) -> &str {
        "sqs"
    }

    fn producers<'a>(
        &'a self,
        client: &'a Config,
        configurations: &'a [Config],
    ) -> BoxFuture<'a, Result<Vec<Arc<dyn DynProducer>>, BundleError>> {
        Box::pin(self.build_producers(client, configurations))
    }

    fn inlet<'a>(
        &'a self,
        client: &'a Config,
        configuration: &'a ConsumerConfig,
        section: &'a Config,
    ) -> BoxFuture<'a, Result<Inlet, BundleError>> {
        Box::pin(self.build_inlet(client, configuration, section))
    }
}

/// One producer's section, with what its keys say together.
fn read_producer(section: &Config) -> Result<SqsProducerConfiguration, ConfigError> {
    let configuration: SqsProducerConfiguration = section.read()?;
    let named = crate::queue::is_fifo(&configuration.queue_url);
    let mut problems = Vec::new();
    if let Some(declared) = configuration.is_fifo.filter(|declared| *declared != named) {
        let text = format!(
            "{declared} where the queue's name says {named}: the name of a FIFO queue ends in `.fifo`, no other does"
        );
        problems.push(section.invalid("is_fifo", text));
    }
    if named && configuration.tenant_as_group {
        let text = "the group of a FIFO queue is the ordering key; leave this to standard queues";
        problems.push(section.invalid("tenant_as_group", text));
    }
    if !named && configuration.fifo_group.is_some() {
        problems.push(section.invalid("fifo_group", "a standard queue has no FIFO groups; leave it out"));
    }
    if !named && configuration.batch_groups {
        problems.push(section.invalid("batch_groups", "a standard queue has no FIFO groups; leave it out"));
    }
    problems.into_iter().reduce(ConfigError::and).map_or(Ok(configuration), Err)
}

/// A queue that is not there, or can't be asked.
fn absent(section: &Config, key: &str, fault: &Fault) -> ConfigError {
    section.invalid(key, format!("the queue can't be used: {fault}"))
}

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}
