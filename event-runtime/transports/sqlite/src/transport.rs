//! The queues of a file as a transport that configuration can choose.

use std::sync::Arc;
use std::time::Duration;

use event_runtime::Clock;
use event_runtime::config::{BundleError, Config, ConfigError, ConsumerConfig, Inlet, Transport};
use event_runtime::embedded::{EmbeddedProducerConfig, QueueErrorKind, rules};
use event_runtime::transport::{BoxFuture, DynDeadLetterSink, DynProducer};

use crate::broker::SqliteBroker;
use crate::config::SqliteConfig;
use crate::dead_letters::SqliteDeadLetters;
use crate::error::{SqliteError, SqliteErrorKind};
use crate::producer::SqliteProducer;
use crate::queue::SqliteQueue;
use crate::source::SqliteSource;

/// The queues of a file for [`ProducerPoolBundle`](event_runtime::config::ProducerPoolBundle) and
/// [`ConsumerBundle`](event_runtime::config::ConsumerBundle): the `sqlite` of `sqlite_consumer_bundle`.
///
/// The sections are those of every transport; a `queue_url` is the name of a queue. The client sections stay empty.
#[derive(Clone, Debug)]
pub struct SqliteTransport {
    broker: SqliteBroker,
}

/// One element of `sqlite_producer_configurations`: a producer and its queue.
pub type SqliteProducerConfig = EmbeddedProducerConfig;

impl SqliteTransport {
    /// A transport over the queues of `broker`.
    pub fn new(broker: SqliteBroker) -> Self {
        Self { broker }
    }

    /// Opens the file and makes the queues of a section that reads as a [`SqliteConfig`]. It blocks for a few
    /// milliseconds.
    ///
    /// # Errors
    /// Every mistake of the section by its path.
    pub fn from_config(section: &Config, clock: Clock) -> Result<Self, ConfigError> {
        SqliteConfig::open(section, clock).map(Self::new)
    }

    /// The queues.
    pub fn broker(&self) -> &SqliteBroker {
        &self.broker
    }

    async fn queue(&self, section: &Config, key: &str, name: &str) -> Result<SqliteQueue, ConfigError> {
        let error = match self.broker.queue(name).await {
            Ok(queue) => return Ok(queue),
            Err(error) => error,
        };
        if error.kind() != SqliteErrorKind::Refused(QueueErrorKind::QueueDoesNotExist) {
            return Err(unusable(section, key, &error));
        }
        let known = self.broker.queue_names("").await.unwrap_or_default();
        Err(rules::no_such_queue(section, key, name, &known))
    }

    async fn producer(&self, section: &Config) -> Result<Arc<dyn DynProducer>, ConfigError> {
        let config: SqliteProducerConfig = section.read()?;
        let queue = self.queue(section, "queue_url", &config.queue_url).await?;
        let sending = rules::sending(config, section, queue.is_fifo())?;
        Ok(Arc::new(SqliteProducer::of(sending, queue)))
    }

    async fn build_inlet(
        &self,
        client: &Config,
        configuration: &ConsumerConfig,
        section: &Config,
    ) -> Result<Inlet, ConfigError> {
        let queue = self.queue(section, "queue_url", &configuration.queue_url).await;
        let dead_letters = match &configuration.dead_letter_queue_url {
            Some(name) => self.dead_letters(section, name).await.map(Some),
            None => Ok(None),
        };
        let queues = ConfigError::both(queue, dead_letters);
        let ((), (queue, dead_letters)) = ConfigError::both(client.check_keys(&[]), queues)?;
        let mut source = SqliteSource::new(queue);
        if let Some(seconds) = configuration.visibility_timeout_seconds {
            source = source.with_visibility_timeout(Duration::from_secs(seconds));
        }
        Ok(Inlet { source: Arc::new(source), dead_letters })
    }

    async fn dead_letters(
        &self,
        section: &Config,
        name: &str,
    ) -> Result<Arc<dyn DynDeadLetterSink>, ConfigError> {
        const KEY: &str = "dead_letter_queue_url";
        let queue = self.queue(section, KEY, name).await?;
        let sink = SqliteDeadLetters::new(queue).await.map_err(|error| unusable(section, KEY, &error))?;
        Ok(Arc::new(sink))
    }
}

impl Transport for SqliteTransport {
    fn name(&self) -> &str {
        "sqlite"
    }

    fn producers<'a>(
        &'a self,
        client: &'a Config,
        configurations: &'a [Config],
    ) -> BoxFuture<'a, Result<Vec<Arc<dyn DynProducer>>, BundleError>> {
        Box::pin(async move {
            let mut producers = Vec::with_capacity(configurations.len());
            for section in configurations {
                producers.push(self.producer(section).await);
            }
            Ok(ConfigError::both(client.check_keys(&[]), ConfigError::all(producers))?.1)
        })
    }

    fn inlet<'a>(
        &'a self,
        client: &'a Config,
        configuration: &'a ConsumerConfig,
        section: &'a Config,
    ) -> BoxFuture<'a, Result<Inlet, BundleError>> {
        Box::pin(async move { Ok(self.build_inlet(client, configuration, section).await?) })
    }
}

/// A queue that can't be asked.
fn unusable(section: &Config, key: &str, error: &SqliteError) -> ConfigError {
    section.invalid(key, format!("the queue can't be used: {error}"))
}
