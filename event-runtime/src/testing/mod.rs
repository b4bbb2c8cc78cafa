//! A test kit for users' own tests: a [`Probe`] that records what is emitted, a [`Harness`] that delivers messages
//! to a router and asserts outcomes, and the [`ManualClock`].
//!
//! Available with the feature `testing`. It owns nothing that runs in production; a broker for tests is the
//! [embedded transport](crate::embedded). Where an assertion does not hold, these types panic, as assertions do.
//!
//! ```
//! use event_runtime::handler::State;
//! use event_runtime::testing::{Harness, Probe};
//! use event_runtime::{Codec, HandlerError, Message, MessageRouter, Metadata};
//! use event_runtime::pool::Emitter;
//!
//! // What is tested: a handler that passes a message on.
//! async fn forward(message: Message, State(emitter): State<Probe>) -> Result<(), HandlerError> {
//!     emitter.emit(message).await?;
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let probe = Probe::new();
//! let router = MessageRouter::new().with_state(probe.clone()).on_type("legacy.event", forward);
//! let harness = Harness::new(router);
//!
//! let message = Codec::Native.encode_raw(Metadata::new("legacy.event", 1), r#"{"n":1}"#, None)?;
//! harness.deliver(message).await.assert_acked();
//! assert_eq!(probe.messages()[0].payload(), r#"{"n":1}"#);
//! # Ok(())
//! # }
//! ```

#![allow(clippy::panic, reason = "an assertion that does not hold ends its test")]

mod deliverable;
mod delivered;
mod harness;
pub mod idempotency;
mod probe;

pub use crate::clock::ManualClock;
pub use deliverable::Deliverable;
pub use delivered::Delivered;
pub use harness::{Deliver, Harness};
pub use probe::Probe;
