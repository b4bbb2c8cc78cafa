//! The best code that one would write by hand for the same work: what the framework is measured against.

mod dispatch;
mod envelope;
mod queue;

pub(crate) use dispatch::{Dispatch, async_handler};
pub(crate) use envelope::FlatEnvelope;
pub(crate) use queue::HandQueue;
