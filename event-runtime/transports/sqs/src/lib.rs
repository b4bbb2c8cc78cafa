//! Amazon SQS under `event-runtime`.

mod attributes;
mod batch;
mod dead_letter;
mod error;
mod identifier;
pub mod limits;
#[cfg(feature = "local")]
pub mod local;
mod producer;
mod queue;
mod source;
mod text;

pub use dead_letter::SqsDeadLetterSink;
pub use producer::{ProducerSettings, SqsProducer};
pub use source::{SourceSettings, SqsSource};
