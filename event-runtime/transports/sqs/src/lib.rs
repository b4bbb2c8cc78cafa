//! Amazon SQS under `event-runtime`.

mod attributes;
mod batch;
mod bundle;
mod client;
mod config;
mod dead_letter;
mod error;
mod identifier;
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
pub use producer::{ProducerSettings, SqsProducer};
pub use source::{SourceSettings, SqsSource};
pub use transport::SqsTransport;
