//! A message on its way through the consumer: what arrives, what a worker gets, what is decided about it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::consumer::schedule::Key;
use crate::delivery::{Attributes, Lease, SettleAction};
use crate::envelope::Message;
use crate::error::Failure;
use crate::handler::Cancellation;

/// Names a delivery within a run.
pub(crate) type DeliveryId = u64;

/// What is kept of a delivery until it is decided. It stays where it is; workers get an [`Attempt`] of it.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) message: Decoded,
    pub(crate) body: Bytes,
    pub(crate) attributes: Attributes,
    pub(crate) transport_id: String,
    pub(crate) group: Option<String>,
    pub(crate) first_received_at: Option<Timestamp>,
    /// Until when it is kept back, where it came early.
    pub(crate) delayed_until: Option<Timestamp>,
    /// How often the broker handed it out, this time included.
    pub(crate) receive_count: u32,
    /// Attempts of this process on this delivery, beyond the first.
    pub(crate) repeats: u32,
}

/// The message, or why there is none.
pub(crate) type Decoded = Result<Message, Arc<Undecodable>>;

/// A delivery whose body can't be read.
pub(crate) struct Undecodable {
    /// What its attributes, or its broker, call it.
    pub(crate) event_id: String,
    pub(crate) failure: Failure,
}

impl Job {
    /// How it is given back while it waits: released when an attempt failed, handed back when there was none.
    pub(crate) fn given_back(&self, after: Duration) -> SettleAction {
        if self.repeats > 0 { SettleAction::Release { after } } else { SettleAction::HandBack { after } }
    }
}

/// One attempt at a delivery.
pub(crate) struct Attempt {
    pub(crate) id: DeliveryId,
    pub(crate) message: Decoded,
    pub(crate) delayed_until: Option<Timestamp>,
    /// Which attempt this is, from 1 on.
    pub(crate) number: u32,
    pub(crate) cancellation: Cancellation,
}

impl Attempt {
    /// The event's id, or the broker's where the body can't be read.
    pub(crate) fn event_id(&self) -> &str {
        match &self.message {
            Ok(message) => &message.metadata().id,
            Err(undecodable) => &undecodable.event_id,
        }
    }
}

/// A job that has just arrived, with what settles it.
pub(crate) struct Arrival {
    pub(crate) job: Job,
    pub(crate) key: Option<Key>,
    pub(crate) lease: Lease,
    pub(crate) bytes: usize,
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Done with the message.
    Remove,
    /// Again, after a failed attempt.
    Retry { after: Duration },
    /// Again, and this was no attempt.
    Defer { after: Duration },
}
