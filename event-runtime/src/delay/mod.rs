//! Delayed retries for transports that can't delay: a queue beside the queue.
//!
//! Some brokers can't hand a message out later, or not as late as a backoff asks for. [`DelayedRetries`] stands around such a
//! source: a message that is to come back later is stored in a *delay queue*, with the moment at which it is due and
//! the attempts it has had, and only then removed. [`DelayRelay`] consumes the delay queue, and puts each message back
//! into the queue that it came from when it is due.
//!
//! ```text
//! queue ──→ DelayedRetries ──→ Consumer
//!   ↑              │ to be tried again in 5 minutes
//!   │              ↓
//! DelayRelay ←── delay queue
//! ```
//!
//! It owns these two and the attribute `attempts`; when and how late a message is tried again is the
//! [consumer](crate::consumer)'s business. A delay that was asked for when the message was *emitted* goes by the same
//! attribute `delayed-until`, and the consumer hands such a message back until it is due: over such a source into the
//! delay queue.
//!
//! Nothing is lost: a message is in one of the queues, and for a moment in both. Where the second step fails it comes
//! twice; [`Idempotent`](crate::layer::Idempotent) suppresses the second.

mod relay;
mod retries;

pub use relay::{DelayRelay, RelayReport};
pub use retries::DelayedRetries;
