//! The best code that one would write by hand for the same work: what the framework is measured against.

mod dispatch;
mod envelope;
mod queue;

pub use dispatch::{Dispatch, async_handler};
pub use envelope::FlatEnvelope;
pub use queue::HandQueue;
