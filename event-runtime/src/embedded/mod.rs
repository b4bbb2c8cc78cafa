//! The embedded transport: queues in this process with the semantics of SQS.
//!
//! A [`Broker`] holds several named [`Queue`]s, standard and FIFO, and offers the actions of SQS with its
//! errors, limits and defaults: visibility timeouts, receive counts, delays, groups in order, deduplication,
//! redrive to dead-letter queues, long polling, purging, and move tasks. All time comes from the broker's
//! [`Clock`](crate::Clock), so that a test can advance it. What a queue holds is bounded by its [`Capacity`]: a
//! send waits for room.
//!
//! Two things are not SQS's: [`Queue::hand_back`] takes a receive back, and a full queue holds its senders back.
//! Nothing here outlives the process, speaks HTTP, or knows what an event is; the last is what the transport's
//! producer and source add.

mod attribute_pairs;
mod attributes;
mod batch;
mod broker;
mod check;
mod deadlines;
mod error;
mod groups;
pub mod limits;
mod list;
mod memory;
mod message;
mod moves;
mod pick;
mod queue;
mod redrive;
mod room;
mod settle;
mod shared;
mod slab;
mod state;
mod stored;

pub use attributes::{DeduplicationScope, QueueAttributes, QueueSettings, ThroughputLimit};
pub use batch::{BatchEntry, BatchResult, VisibilityChange};
pub use broker::{Broker, BrokerBuilder};
pub use error::{QueueError, QueueErrorKind};
pub use message::{
    Deletion, MessageAttribute, MessageId, OutgoingMessage, Receipt, ReceivedMessage, SentMessage,
    SequenceNumber,
};
pub use moves::{MoveStatus, MoveTask};
pub use queue::{Queue, ReceiveRequest};
pub use redrive::{RedriveAllowPolicy, RedrivePolicy};
pub use room::Capacity;
pub use state::QueueCounts;
