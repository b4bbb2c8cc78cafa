//! The embedded queues as a transport that configuration can choose.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::Clock;
use crate::config::{BundleError, Config, ConfigError, ConsumerConfig, Inlet, Transport};
use crate::nearest::suggestion;
use crate::transport::{BoxFuture, DynDeadLetterSink, DynProducer, KeylessGroup};

use super::broker::Broker;
use super::config::EmbeddedConfig;
use super::dead_letters::EmbeddedDeadLetters;
use super::producer::EmbeddedProducer;
use super::queue::Queue;
use super::sending::Sending;
use super::source::EmbeddedSource;

/// The embedded queues for [`ProducerPoolBundle`](crate::config::ProducerPoolBundle) and
/// [`ConsumerBundle`](crate::config::ConsumerBundle): the `embedded` of `embedded_consumer_bundle`.
///
/// The sections are those of every transport; a `queue_url` is the name of a queue. The client sections stay empty.
///
/// ```
/// use std::collections::BTreeMap;
/// use event_runtime::Clock;
/// use event_runtime::config::{Config, ConsumerBundle};
/// use event_runtime::embedded::EmbeddedTransport;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::from_str(
///     r#"{
///         "embedded": { "queues": [{ "name": "orders" }] },
///         "embedded_consumer_bundle": { "embedded_consumer_configuration": { "queue_url": "orders" } }
///     }"#,
///     &BTreeMap::new(),
/// )?;
/// let embedded = EmbeddedTransport::from_config(&config.require("embedded")?, Clock::system())?;
/// let bundle = ConsumerBundle::from_config(&config, &[&embedded]).await?;
/// assert_eq!(bundle.transport, "embedded");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddedTransport {
    broker: Broker,
}

/// One element of `embedded_producer_configurations`: a producer and its queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedProducerConfig {
    /// The producer's name in routing rules, logs and metrics.
    pub producer_id: String,
    /// The name of the queue.
    pub queue_url: String,
    /// Whether the queue is FIFO; where it is set, the queue must be so.
    #[serde(default)]
    pub is_fifo: Option<bool>,
    /// On a FIFO queue, the group of an event without an ordering key: `payload_type` or `event_id`. Without it such
    /// an event is refused.
    #[serde(default)]
    pub fifo_group: Option<KeylessGroup>,
    /// On a standard queue, the tenant as message group, so that no tenant's backlog delays the others.
    #[serde(default)]
    pub tenant_as_group: bool,
}

impl EmbeddedTransport {
    /// A transport over the queues of `broker`.
    pub fn new(broker: Broker) -> Self {
        Self { broker }
    }

    /// Makes the queues of a section that reads as an [`EmbeddedConfig`].
    ///
    /// # Errors
    /// Every mistake of the section by its path.
    pub fn from_config(section: &Config, clock: Clock) -> Result<Self, ConfigError> {
        let config: EmbeddedConfig = section.read()?;
        let broker = config.broker(clock).map_err(|error| {
            let problems = error.problems().iter();
            let mut reports = problems.map(|problem| section.invalid(problem.place(), problem.text()));
            match reports.next() {
                Some(first) => reports.fold(first, ConfigError::and),
                None => section.invalid("", error.to_string()),
            }
        })?;
        Ok(Self::new(broker))
    }

    /// The queues.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    fn queue(&self, section: &Config, key: &str, name: &str) -> Result<Queue, ConfigError> {
        self.broker.queue(name).map_err(|_| no_such_queue(section, key, name, &self.broker.queue_names("")))
    }

    fn producer(&self, section: &Config) -> Result<Arc<dyn DynProducer>, ConfigError> {
        let config: EmbeddedProducerConfig = section.read()?;
        let queue = self.queue(section, "queue_url", &config.queue_url)?;
        let sending = sending(config, section, queue.is_fifo())?;
        Ok(Arc::new(EmbeddedProducer::of(sending, queue)))
    }
}

/// A configured producer into a queue of this kind.
///
/// # Errors
/// A mistake of `is_fifo` where it says something else.
pub fn sending(config: EmbeddedProducerConfig, section: &Config, fifo: bool) -> Result<Sending, ConfigError> {
    if config.is_fifo.is_some_and(|is_fifo| is_fifo != fifo) {
        let kind = if fifo { "a FIFO" } else { "a standard" };
        return Err(section.invalid("is_fifo", format!("the queue is {kind} queue")));
    }
    Ok(Sending { id: config.producer_id, keyless: config.fifo_group, tenant_groups: config.tenant_as_group })
}

/// `key` of the section names a queue that is not among those that are known.
pub fn no_such_queue(section: &Config, key: &str, name: &str, known: &[String]) -> ConfigError {
    let hint = suggestion(name, known.iter().map(String::as_str));
    section.invalid(key, format!("no such queue is declared{hint}"))
}

impl Transport for EmbeddedTransport {
    fn name(&self) -> &str {
        "embedded"
    }

    fn producers<'a>(
        &'a self,
        client: &'a Config,
        configurations: &'a [Config],
    ) -> BoxFuture<'a, Result<Vec<Arc<dyn DynProducer>>, BundleError>> {
        let producers = ConfigError::all(configurations.iter().map(|section| self.producer(section)));
        let built = ConfigError::both(client.check_keys(&[]), producers);
        Box::pin(async move { Ok(built?.1) })
    }

    fn inlet<'a>(
        &'a self,
        client: &'a Config,
        configuration: &'a ConsumerConfig,
        section: &'a Config,
    ) -> BoxFuture<'a, Result<Inlet, BundleError>> {
        let queue = self.queue(section, "queue_url", &configuration.queue_url);
        let dead_letters = configuration.dead_letter_queue_url.as_deref();
        let dead_letters =
            dead_letters.map(|name| self.queue(section, "dead_letter_queue_url", name)).transpose();
        let queues = ConfigError::both(queue, dead_letters);
        let checked = ConfigError::both(client.check_keys(&[]), queues);
        Box::pin(async move {
            let ((), (queue, dead_letters)) = checked?;
            let sink = |queue| Arc::new(EmbeddedDeadLetters::new(queue)) as Arc<dyn DynDeadLetterSink>;
            let mut source = EmbeddedSource::new(queue);
            if let Some(seconds) = configuration.visibility_timeout_seconds {
                source = source.with_visibility_timeout(Duration::from_secs(seconds));
            }
            Ok(Inlet { source: Arc::new(source), dead_letters: dead_letters.map(sink) })
        })
    }
}
