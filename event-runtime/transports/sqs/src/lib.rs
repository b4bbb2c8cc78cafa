//! Amazon SQS under [`event_runtime`]: producer, source, dead letters, bundles from configuration, an adapter for Lambda,
//! and a local endpoint that speaks the service's protocol.
//!
//! Which producer gets which event is the [pool](event_runtime::pool)'s, order, retries, delays, dead letters and draining
//! are the [consumer engine](event_runtime::consumer)'s; here are the calls to SQS, what their answers mean, and SQS's
//! [limits].
//!
//! # From configuration
//! ```no_run
//! use event_runtime::config::{Config, ProcessEnvironment};
//! use event_transport_sqs::{SqsConsumerBundle, SqsProducerPoolBundle};
//! use event_runtime::shutdown_signal;
//! # async fn order_created(message: event_runtime::Message) {}
//! # async fn example(packs: &'static [&'static event_runtime::PackDescriptor]) -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::from_path("config.json", &ProcessEnvironment)?;
//! let producers = SqsProducerPoolBundle::from_config(&config, packs.iter().copied()).await?;
//!
//! let mut bundle = SqsConsumerBundle::from_config(&config).await?;
//! bundle.router = bundle.router.on_type("order.created", order_created);
//! bundle.run(shutdown_signal()).await?;
//! # Ok(())
//! # }
//! ```
//! with
//! ```json
//! { "sqs_producer_pool_bundle": {
//!     "sqs_producer_client": { "region": "eu-central-1" },
//!     "sqs_producer_configurations": [
//!       { "producer_id": "orders_producer", "queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/orders.fifo", "is_fifo": true } ],
//!     "producer_pool": { "producer_pool_id": "main", "supported_payload_types": { "orders_producer": ["*"] } } },
//!   "sqs_consumer_bundle": {
//!     "sqs_consumer_client": { "region": "eu-central-1" },
//!     "sqs_consumer_configuration": { "queue_url": "orders.fifo", "requeue_backoff_time_seconds": 5, "requeue_max_retries": 5 } } }
//! ```
//! A queue is named by its URL, or by its name in the client's account. Credentials that are not configured come from the
//! AWS SDK's own chain. At start-up every queue is looked up; what is missing, of another kind than declared, or would
//! keep the consumer from its retries and dead letters is reported at once, each by its place in the configuration.
//! [`BundleError::both`](event_runtime::config::BundleError::both) joins the reports of several bundles.
//! For development `create_missing_queues` in a `…_client` section creates what is missing, dead-letter queues included.
//! All keys: [`SqsClientConfiguration`], [`SqsProducerConfiguration`],
//! [`ConsumerConfig`](event_runtime::config::ConsumerConfig).
//!
//! Keys that are worth knowing:
//! - `linger_milliseconds` of a producer: single sends wait this long for company in one call; 0 = each its own call.
//! - `tenant_as_group` of a producer: on a standard queue the tenant is the message group, so that SQS serves tenants
//!   fairly and one tenant's backlog does not delay the others. It orders nothing.
//! - `fifo_group` of a producer: the group of an event without an ordering key, which is refused otherwise.
//! - `without_scope` of a consumer: true skips the [`ScopeValidator`](event_runtime::consumer::ScopeValidator) that the
//!   application gave it. Without a validator nothing is checked, whatever the key says.
//! - `process_delayed_consumption_header` of a consumer: false hands an event to its handler although it was emitted with a
//!   longer delay than SQS keeps it back itself.
//! - `dead_letter_queue_url` and `on_exhausted` of a consumer: where what can't be handled goes; without them the queue's
//!   redrive policy says it, and without that the consumer does not start.
//!
//! The consumer needs `sqs:ReceiveMessage`, `sqs:DeleteMessage`, `sqs:ChangeMessageVisibility` and
//! `sqs:GetQueueAttributes`, a producer or a dead-letter destination `sqs:SendMessage`; `sqs:GetQueueUrl` where a queue is
//! given by name.
//!
//! # Without AWS
//! With the feature `local`, `cargo run -p event-transport-sqs --features local --bin sqs-local` serves the
//! local endpoint (module `local`) on 127.0.0.1:9324; give its address as `endpoint_url`. Tests start it in their own process, on a
//! clock that they advance, and order faults. Its queues are in memory: a restart begins with those of its
//! configuration, empty. With the feature `durable`, `sqs-local --data DIR` keeps them in a folder, with all they hold.
//!
//! # TLS
//! Clients from configuration use rustls over ring and the system's certificates, and the proxies that the environment
//! names. [`https_client`] gives the same to a client that is built by hand; the SDK's own default client is not
//! built in.
//!
//! # What SQS itself does, and does not
//! - **Calls.** A queue under full load costs a receive and a delete for ten messages. A producer fills its calls from a
//!   batch; single sends share a call only with `linger_milliseconds`, which delays each by as much.
//! - **Order** is a FIFO queue's, inside a group. On a standard queue it is per process: with
//!   [`Order::PerKey`](event_runtime::consumer::Order::PerKey) two consumers still handle one key side by side.
//! - **A batch of one key** on a FIFO queue goes one message a call, since SQS may take a part of a batch and not the rest.
//!   `batch_groups` gives that up for rate.
//! - **Delays** are SQS's own up to 15 minutes on a standard queue. Beyond, and for any one message of a FIFO queue, the
//!   message carries `delayed-until` and the consumer keeps it back: on a FIFO queue it **blocks its group** until it is due,
//!   and a delay beyond what one receive can hide (12 hours) is several hops.
//! - **Attempts** are read from the receive count, which SQS raises for hops and hand-backs as well: it has no request to
//!   take a receive back. So `attempt` is an upper bound: a message may be given up after fewer handlings than
//!   `requeue_max_retries` + 1, never after more, and never before its handler ran on the last delivery.
//! - **`maxReceiveCount`** of a queue's own redrive policy counts them too: receives that were handed back by a drain, delay
//!   hops, and every [`Defer`](event_runtime::Outcome::Defer), of a `CircuitBreaker` that is open or an `Idempotent` message
//!   that is being handled elsewhere. SQS moves a message beyond it away untried, without an error. One below the consumer's
//!   attempts is refused at start-up; where layers defer, make it much higher (1,000 at most), and let the consumer store
//!   the dead letters.
//! - **A lease** can be extended to 12 hours after its receive, not further; [`SqsSource`] shortens what would go beyond
//!   instead of losing the request.
//! - **Credentials** that expire are fetched anew by the SDK. A receive that finds them expired is repeated; only six in a
//!   row end the consumer, with an error of kind `Unauthorized`.
//! - **Deduplication** lasts five minutes. Whoever sends an event again later sends it twice, and consumers must expect
//!   that anyway: SQS delivers at least once.
//! - **Dead letters** that the consumer stores have their error; what the queue's redrive policy moves has none. With
//!   both, the consumer's come first, and start-up says that there are two places.
//! - **Sizes.** 1,048,576 bytes with attributes, for a message and for a batch; a queue with a lower `MaximumMessageSize` is
//!   respected. At most [8](limits::MAX_OWN_ATTRIBUTES) of 10 attributes are used.

mod attributes;
mod batch;
mod bundle;
mod client;
mod config;
mod dead_letter;
mod error;
mod http;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod limits;
#[cfg(feature = "local")]
pub mod local;
mod producer;
mod queue;
mod retry;
mod source;
mod startup;
mod text;
mod transport;

pub use bundle::{SqsConsumerBundle, SqsProducerPoolBundle};
pub use config::{SqsClientConfiguration, SqsProducerConfiguration};
pub use dead_letter::SqsDeadLetterSink;
pub use http::https_client;
pub use producer::{ProducerSettings, SqsProducer};
pub use source::{SourceSettings, SqsSource};
pub use transport::SqsTransport;
