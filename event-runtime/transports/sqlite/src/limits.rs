//! The limits of the queues, which are the service's, and those of a file.

use std::time::Duration;

pub use event_runtime::embedded::limits::*;

/// How long a request waits for another process that writes.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a process with waiting receives looks for what other processes wrote, unless configured.
pub const DEFAULT_POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The most requests that share one transaction.
pub const MAX_GROUP: usize = 512;
/// The most messages that are too old, or deduplication ids that are over, which one request removes for a queue.
pub const CLEAN_UP_STEP: usize = 1_000;
/// The most messages that a move task moves in one step.
pub const MOVE_STEP: usize = 1_000;
