//! The bundles of the source design: a producer pool, or a consumer with its router, from configuration.

use std::fmt;

use aws_sdk_sqs::Client;
use event_runtime::config::{BundleError, Config, ConsumerBundle, ConsumerConfig, Inlet, ProducerPoolBundle};
use event_runtime::consumer::{Consumer, ConsumerError, RunReport};
use event_runtime::pool::ProducersPoolBuilder;
use event_runtime::{MessageRouter, PackDescriptor, ProducersPool};

use crate::config::SqsClientConfiguration;
use crate::transport::SqsTransport;

/// A producer pool over SQS, from `sqs_producer_pool_bundle`.
#[derive(Debug)]
pub struct SqsProducerPoolBundle {
    /// The client that every producer uses.
    pub client: Client,
    /// The pool.
    pub pool: ProducersPool,
}

impl SqsProducerPoolBundle {
    /// Builds the pool of `config`, whose events are those of `packs`, and looks every queue up.
    ///
    /// # Errors
    /// [`BundleErrorKind::Config`](event_runtime::config::BundleErrorKind::Config) with every mistake of the
    /// configuration and every queue that is missing or not as declared,
    /// [`BundleErrorKind::Pool`](event_runtime::config::BundleErrorKind::Pool) with every mistake of the routing.
    ///
    /// # Cancel safety
    /// A dropped call builds nothing; with `create_missing_queues` it may have created queues.
    pub async fn from_config(
        config: &Config,
        packs: impl IntoIterator<Item = &'static PackDescriptor>,
    ) -> Result<Self, BundleError> {
        Self::from_config_with(config, ProducersPool::builder("").packs(packs)).await
    }

    /// [`SqsProducerPoolBundle::from_config`] with a builder that has its packs, and whatever configuration can't say:
    /// the ids of schemas, a clock, a hook.
    ///
    /// # Errors
    /// Those of [`SqsProducerPoolBundle::from_config`].
    ///
    /// # Cancel safety
    /// That of [`SqsProducerPoolBundle::from_config`].
    pub async fn from_config_with(
        config: &Config,
        builder: ProducersPoolBuilder,
    ) -> Result<Self, BundleError> {
        let client = client(config, "sqs_producer_pool_bundle", "sqs_producer_client").await;
        let transport = SqsTransport::with_client(client.clone());
        let ProducerPoolBundle { pool, .. } =
            ProducerPoolBundle::from_config_with(config, builder, &[&transport]).await?;
        Ok(Self { client, pool })
    }
}

/// A consumer of an SQS queue with its router, from `sqs_consumer_bundle`.
pub struct SqsConsumerBundle {
    /// The client that the consumer uses.
    pub client: Client,
    /// The consumer; add a scope validator where needed.
    pub consumer: Consumer,
    /// The router, to which handlers are added.
    pub router: MessageRouter,
    /// The configuration as it was read.
    pub configuration: ConsumerConfig,
    /// The source and the dead-letter destination.
    pub inlet: Inlet,
}

impl SqsConsumerBundle {
    /// Builds the consumer of `config` and looks its queues up.
    ///
    /// # Errors
    /// [`BundleErrorKind::Config`](event_runtime::config::BundleErrorKind::Config) with every mistake of the
    /// configuration, and with whatever about the queues would keep the consumer from working.
    ///
    /// # Cancel safety
    /// A dropped call builds nothing; with `create_missing_queues` it may have created queues.
    pub async fn from_config(config: &Config) -> Result<Self, BundleError> {
        let client = client(config, "sqs_consumer_bundle", "sqs_consumer_client").await;
        let transport = SqsTransport::with_client(client.clone());
        let ConsumerBundle { configuration, inlet, consumer, .. } =
            ConsumerBundle::from_config(config, &[&transport]).await?;
        Ok(Self { client, consumer, router: MessageRouter::new(), configuration, inlet })
    }

    /// Runs the consumer with the bundle's router until `shutdown` completes; see [`Consumer::run`].
    ///
    /// # Errors
    /// Those of [`Consumer::run`].
    ///
    /// # Cancel safety
    /// That of [`Consumer::run`].
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<RunReport, ConsumerError> {
        self.consumer.run(self.router.clone(), shutdown).await
    }
}

impl fmt::Debug for SqsConsumerBundle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SqsConsumerBundle")
            .field("configuration", &self.configuration)
            .field("router", &self.router)
            .finish_non_exhaustive()
    }
}

/// The client of a bundle. Mistakes in its section are reported with those of the whole bundle.
async fn client(config: &Config, bundle: &str, section: &str) -> Client {
    let section = config.section_or_empty(bundle).section_or_empty(section);
    SqsClientConfiguration::read(&section).unwrap_or_default().client().await
}
