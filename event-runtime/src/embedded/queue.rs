//! The handle on one queue: what it is, what it holds, and what becomes of what was received.

use std::sync::Arc;
use std::time::Duration;

use crate::Clock;

use super::attributes::{QueueAttributes, QueueSettings};
use super::broker::Hub;
use super::check;
use super::error::QueueError;
use super::ids::Receipt;
use super::message::Deletion;
use super::settle::Change;
use super::shared::Shared;
use super::state::QueueCounts;

/// A queue of a [`Broker`](super::Broker). Cloning is cheap; every clone is the same queue.
///
/// ```
/// use event_runtime::embedded::{Broker, OutgoingMessage, QueueSettings, ReceiveRequest};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let queue = Broker::new().create_queue("orders", QueueSettings::new())?;
/// queue.send(OutgoingMessage::new("hello")).await?;
/// let received = queue.receive(&ReceiveRequest::new().max(10)).await?;
/// assert_eq!(received[0].body(), "hello");
/// queue.delete(received[0].receipt())?;
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Queue {
    pub(super) shared: Arc<Shared>,
    pub(super) hub: Arc<Hub>,
}

impl Queue {
    /// The queue's name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Whether the queue is FIFO.
    pub fn is_fifo(&self) -> bool {
        self.shared.fifo
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.hub.clock
    }

    /// The queue's ARN.
    pub fn arn(&self) -> String {
        self.hub.arn(&self.shared.name)
    }

    /// Deletes the message of a receipt.
    ///
    /// # Errors
    /// `ReceiptHandleIsInvalid` for another queue's receipt; `LeaseLost` on a FIFO queue where the lease is
    /// over; `QueueDoesNotExist`.
    pub fn delete(&self, receipt: Receipt) -> Result<Deletion, QueueError> {
        if self.shared.fifo {
            return self.shared.at(self.hub.now(), |state| state.delete(receipt));
        }
        // A standard queue takes a receipt whose lease is over: the time does not matter.
        self.shared.with(|state| state.delete_at_any_time(receipt))
    }

    /// Hides the message of a receipt until `timeout` from now, 0 to 43,200 s; zero shows it at once.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a timeout that is too long, alone or together with what has passed since
    /// the receive; `ReceiptHandleIsInvalid` for another queue's receipt; `LeaseLost`; `QueueDoesNotExist`.
    pub fn change_visibility(&self, receipt: Receipt, timeout: Duration) -> Result<(), QueueError> {
        check::visibility_timeout(timeout)?;
        self.shared.at(self.hub.now(), |state| state.change_visibility(receipt, Change::Keep(timeout)))
    }

    /// Takes a receive back: the message is visible `after` from now (0 to 43,200 s), the receive is not
    /// counted, and the receipt ends. The service itself has no such request.
    ///
    /// # Errors
    /// Those of [`Queue::change_visibility`].
    pub fn hand_back(&self, receipt: Receipt, after: Duration) -> Result<(), QueueError> {
        check::visibility_timeout(after)?;
        self.shared.at(self.hub.now(), |state| state.change_visibility(receipt, Change::HandBack(after)))
    }

    /// Removes every message, visible or not, and every deduplication id.
    ///
    /// # Errors
    /// `PurgeQueueInProgress` within 60 seconds of the last purge; `QueueDoesNotExist`.
    pub fn purge(&self) -> Result<(), QueueError> {
        self.shared.at(self.hub.now(), |state| state.purge(&self.shared.name))
    }

    /// How many messages the queue holds.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn counts(&self) -> Result<QueueCounts, QueueError> {
        self.hub.drive_moves();
        self.shared.at(self.hub.now(), |state| Ok(state.counts()))
    }

    /// The queue's attributes.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn attributes(&self) -> Result<QueueAttributes, QueueError> {
        self.shared.at(self.hub.now(), |state| Ok(state.attributes.clone()))
    }

    /// All attributes as the service's names and texts, counts, ARN and timestamps included.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn attribute_pairs(&self) -> Result<Vec<(String, String)>, QueueError> {
        let counts = self.counts()?;
        let (mut pairs, modified_at) = self.shared.at(self.hub.now(), |state| {
            Ok((state.attributes.to_pairs(self.hub.arn_prefix()), state.modified_at))
        })?;
        let seconds = |microseconds: i64| (microseconds / 1_000_000).to_string();
        let more = [
            ("ApproximateNumberOfMessages", counts.visible.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
            ("CreatedTimestamp", seconds(self.shared.created_at)),
            ("LastModifiedTimestamp", seconds(modified_at)),
            ("QueueArn", self.arn()),
        ];
        pairs.extend(more.map(|(name, value)| (name.to_owned(), value)));
        Ok(pairs)
    }

    /// Changes attributes, all or none. On a FIFO queue a changed delay also holds for what is delayed now.
    ///
    /// # Errors
    /// `InvalidAttributeName`, `InvalidAttributeValue`, or `InvalidParameterValue` for a redrive policy whose
    /// dead-letter queue does not exist, is of the other kind, or does not allow this source;
    /// `QueueDoesNotExist`.
    pub fn set_attributes(&self, settings: QueueSettings) -> Result<(), QueueError> {
        self.hub.check_redrive(&self.shared.name, self.shared.fifo, &settings)?;
        let hashes_bodies = self.shared.at(self.hub.now(), |state| {
            let delay = state.attributes.delay;
            settings.apply(&mut state.attributes)?;
            state.look_again();
            state.modified_at = state.now;
            if state.attributes.fifo && state.attributes.delay != delay {
                state.reset_delays();
            }
            Ok(state.attributes.content_based_deduplication)
        })?;
        self.shared.set_hashes_bodies(hashes_bodies);
        Ok(())
    }

    /// The queue that this one's redrive policy names; `None` without a policy, or where that queue is gone.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn dead_letter_queue(&self) -> Result<Option<Self>, QueueError> {
        let target = self.attributes()?.redrive.and_then(|policy| self.hub.find(&policy.dead_letter_queue));
        Ok(target.map(|shared| Self { shared, hub: Arc::clone(&self.hub) }))
    }
}
