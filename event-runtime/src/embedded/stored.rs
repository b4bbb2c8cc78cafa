//! A message while a queue holds it.

use std::sync::Arc;

use super::list::{Chain, Links};
use super::message::Content;

/// A message in a slot of a queue. Times are microseconds since the Unix epoch.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) content: Arc<Content>,
    pub(super) place: Place,
    /// The slot of its group.
    pub(super) group: u32,
    pub(super) sequence: u64,
    pub(super) sent_at: i64,
    pub(super) first_received_at: i64,
    /// When the present receive began.
    pub(super) received_at: i64,
    /// Receives less hand-backs: what consumers and redrive policies count.
    pub(super) receive_count: u32,
    /// All receives and hand-backs: tells the receipts of one message apart.
    pub(super) receives: u32,
    /// Whether its visibility was changed since it was received.
    pub(super) changed: bool,
    pub(super) dead_letter_source: Option<Arc<str>>,
    pub(super) links: [Links; 2],
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Visible (on a FIFO queue: as soon as nothing before it in its group is hidden).
    Ready,
    /// Received and hidden.
    InFlight,
    /// Sent and not yet visible.
    Delayed,
    /// On its way to another queue, hidden until it arrived there.
    Moving,
}

impl Stored {
    pub(super) fn next_in_group(&self) -> u32 {
        self.links[Chain::Group as usize].next
    }
}
