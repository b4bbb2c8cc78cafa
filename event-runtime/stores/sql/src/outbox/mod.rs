//! The outbox: events that are written in the transaction that they tell of, and published after it.
//!
//! Owns the table `event_outbox`: how rows get in, how a relay takes them out, what becomes of those that can't be published. What
//! publishing means is the [pool](event_runtime::pool)'s matter.

mod emit;
mod error;
#[cfg(feature = "postgres")]
mod postgres;
mod progress;
mod relay;
mod rows;
pub mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stats;
mod store;
mod telemetry;

pub use emit::{KeyOrder, Outbox};
pub use error::{OutboxError, OutboxErrorKind};
pub use progress::rename_producer;
pub use relay::{Relay, RelayReport, RelaySettings, Retention};
pub use stats::{OutboxStats, SetAside};
pub(crate) use store::OutboxStore;
