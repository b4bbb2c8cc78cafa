//! The embedded transport: queues in this process with the semantics of SQS.
//!
//! A [`Broker`] holds several named [`Queue`]s, standard and FIFO, and offers the actions of SQS with its
//! errors, limits and defaults: visibility timeouts, receive counts, delays, groups in order, deduplication,
//! redrive to dead-letter queues, long polling, purging, and move tasks. All time comes from the broker's
//! [`Clock`](crate::Clock), so that a test can advance it. What a queue holds is bounded by its [`Capacity`]: a
//! send waits for room.
//!
//! Two things are not SQS's: [`Queue::hand_back`] takes a receive back, and a full queue holds its senders back.
//! Nothing here outlives the process or speaks HTTP. What an event is, only the transport's three ends know:
//! [`EmbeddedProducer`], [`EmbeddedSource`] and [`EmbeddedDeadLetters`]; [`EmbeddedConfig`] makes queues from
//! configuration, [`EmbeddedTransport`] producers and sources.

mod attribute_pairs;
mod attributes;
mod batch;
mod broker;
mod check;
mod config;
mod config_error;
mod dead_letters;
mod deadlines;
mod deliveries;
mod error;
mod groups;
mod ids;
pub mod limits;
mod list;
mod memory;
mod message;
mod moves;
mod pick;
mod producer;
mod queue;
mod receive;
mod redrive;
mod room;
#[doc(hidden)]
pub mod rules;
mod send;
mod sending;
mod settle;
mod shared;
mod source;
mod state;
mod stored;
mod transport;

pub use attributes::{DeduplicationScope, QueueAttributes, QueueSettings, ThroughputLimit};
pub use batch::{BatchEntry, BatchResult, VisibilityChange};
pub use broker::{Broker, BrokerBuilder};
pub use config::{EmbeddedConfig, EmbeddedQueueConfig, EmbeddedRedriveConfig};
pub use config_error::{EmbeddedConfigError, EmbeddedConfigProblem, EmbeddedConfigProblemKind};
pub use dead_letters::EmbeddedDeadLetters;
pub use error::{QueueError, QueueErrorKind};
pub use ids::{MessageId, Receipt, SequenceNumber};
pub use message::{Deletion, MessageAttribute, OutgoingMessage, ReceivedMessage, SentMessage};
pub use moves::{MoveStatus, MoveTask};
pub use producer::EmbeddedProducer;
pub use queue::Queue;
pub use receive::ReceiveRequest;
pub use redrive::{RedriveAllowPolicy, RedrivePolicy};
pub use room::Capacity;
pub use source::EmbeddedSource;
pub use state::QueueCounts;
pub use transport::{EmbeddedProducerConfig, EmbeddedTransport};
