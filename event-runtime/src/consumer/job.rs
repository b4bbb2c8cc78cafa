//! A message on its way through the consumer: what arrives, what a worker gets, what is decided about it.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::consumer::schedule::Key;
use crate::delivery::{Attributes, Lease, SettleAction};
use crate::envelope::Message;
use crate::event::DecodeError;

/// Names a delivery within a run.
pub(crate) type DeliveryId = u64;

/// A delivery that waits for its turn or runs.
pub(crate) struct Job {
    pub(crate) id: DeliveryId,
    pub(crate) key: Option<Key>,
    pub(crate) message: Result<Message, DecodeError>,
    pub(crate) body: Bytes,
    pub(crate) attributes: Attributes,
    pub(crate) transport_id: String,
    pub(crate) group: Option<String>,
    pub(crate) first_received_at: Option<Timestamp>,
    pub(crate) cancellation: CancellationToken,
    /// How often the broker handed it out, this time included.
    pub(crate) receive_count: u32,
    /// Attempts of this process on this delivery, beyond the first.
    pub(crate) repeats: u32,
}

impl Job {
    /// Which attempt this is, from 1 on.
    pub(crate) fn attempt(&self) -> u32 {
        self.receive_count.saturating_add(self.repeats)
    }

    /// How it is given back while it waits: released when an attempt failed, handed back when there was none.
    pub(crate) fn given_back(&self, after: Duration) -> SettleAction {
        if self.repeats > 0 { SettleAction::Release { after } } else { SettleAction::HandBack { after } }
    }
}

/// A job that has just arrived, with what settles it.
pub(crate) struct Arrival {
    pub(crate) job: Job,
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
