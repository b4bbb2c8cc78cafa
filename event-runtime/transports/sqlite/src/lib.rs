#![doc = include_str!("front_page.md")]

mod broker;
mod config;
mod dead_letters;
mod error;
pub mod limits;
mod producer;
mod queue;
mod source;
mod store;
mod transport;

pub use broker::{SqliteBroker, SqliteBrokerBuilder};
pub use config::{SqliteConfig, Synchronous};
pub use dead_letters::SqliteDeadLetters;
pub use error::{SqliteError, SqliteErrorKind};
pub use producer::SqliteProducer;
pub use queue::SqliteQueue;
pub use source::SqliteSource;
pub use transport::{SqliteProducerConfig, SqliteTransport};
