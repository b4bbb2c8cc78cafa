//! What a receipt can do: delete its message, change how long it is hidden, hand it back.

use std::time::Duration;

use bytestring::ByteString;

use super::error::QueueError;
use super::ids::{Receipt, invalid_handle};
use super::message::{Deletion, ReceivedMessage};
use super::rules;
use super::state::{End, State};
use super::stored::Place;

/// Why a message's visibility changes, and for how long it is hidden from now.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Its holder keeps it: at most 12 hours from its receive on.
    Keep(Duration),
    /// Its holder gives it back after a failed attempt.
    Release(Duration),
    /// Its holder gives it back untried: the receive is not counted, and the receipt ends.
    HandBack(Duration),
}

/// What a receipt's message is to its holder.
enum Holding {
    /// Received with this receipt and hidden.
    Leased,
    /// Received with this receipt, and visible again.
    Expired,
    /// Received again, by somebody else.
    ReceivedAgain,
    /// Deleted, expired, purged, or on its way to another queue.
    Gone,
}

const GONE: &str = "Message does not exist or is not available for visibility timeout change.";
const EXPIRED: &str = "The receipt handle has expired.";

impl State {
    fn holding(&self, receipt: Receipt) -> Result<Holding, QueueError> {
        if receipt.queue != self.queue {
            return Err(invalid_handle(receipt));
        }
        let Some(stored) = self.messages.get_generation(receipt.slot, receipt.generation) else {
            return Ok(Holding::Gone);
        };
        Ok(match stored.place {
            _ if stored.receives != receipt.receive => Holding::ReceivedAgain,
            Place::InFlight => Holding::Leased,
            Place::Ready => Holding::Expired,
            Place::Moving | Place::Delayed => Holding::Gone,
        })
    }

    /// Deletes the message of a receipt.
    ///
    /// A standard queue also takes an expired receipt, as long as nobody received the message again; a FIFO
    /// queue does not.
    pub(super) fn delete(&mut self, receipt: Receipt) -> Result<Deletion, QueueError> {
        match self.holding(receipt)? {
            Holding::Gone => Ok(Deletion::AlreadyGone),
            Holding::Expired | Holding::ReceivedAgain if self.attributes.fifo => {
                Err(QueueError::lease_lost(receipt, EXPIRED))
            }
            Holding::ReceivedAgain => Ok(Deletion::ReceivedAgain),
            Holding::Leased | Holding::Expired => {
                self.remove(receipt.slot);
                Ok(Deletion::Removed)
            }
        }
    }

    /// [`State::delete`] on a queue that takes expired receipts.
    ///
    /// # Errors
    /// The queue was deleted, or those of [`State::delete`].
    pub(super) fn delete_at_any_time(&mut self, receipt: Receipt) -> Result<Deletion, QueueError> {
        if self.deleted {
            return Err(QueueError::does_not_exist());
        }
        self.delete(receipt)
    }

    /// Hides the message of a receipt for as long as `change` says, or shows it at once where that is no time.
    pub(super) fn change_visibility(&mut self, receipt: Receipt, change: Change) -> Result<(), QueueError> {
        let slot = receipt.slot;
        match self.holding(receipt)? {
            Holding::Expired | Holding::ReceivedAgain if self.attributes.fifo => {
                return Err(QueueError::lease_lost(receipt, EXPIRED));
            }
            Holding::Gone | Holding::ReceivedAgain => return Err(QueueError::lease_lost(receipt, GONE)),
            Holding::Leased | Holding::Expired => {}
        }
        let now = self.now;
        let Some(stored) = self.messages.get_mut(slot) else { return Ok(()) };
        // Whole seconds, as the service counts: a change to the maximum right after the receive is allowed.
        let held = Duration::from_secs(((now - stored.received_at) / 1_000_000).unsigned_abs());
        let (timeout, end) = match change {
            Change::Keep(timeout) => {
                rules::total_visibility(held, timeout)?;
                (timeout, End::Back)
            }
            Change::Release(timeout) => (timeout, End::Back),
            Change::HandBack(timeout) => {
                stored.receive_count = stored.receive_count.saturating_sub(1);
                stored.receives = stored.receives.wrapping_add(1);
                (timeout, End::Front)
            }
        };
        stored.changed = true;
        if timeout.is_zero() {
            self.show(slot, end);
        } else {
            self.hide(slot, Place::InFlight);
            self.hide_until(slot, now.saturating_add(timeout.as_micros() as i64));
        }
        Ok(())
    }

    /// The messages of an earlier receive with this attempt id, hidden anew, if none of them was touched since.
    pub(super) fn repeat_attempt(&mut self, id: &ByteString, timeout: Option<i64>) -> Vec<ReceivedMessage> {
        let receipts = self.attempts.get(id).unwrap_or_default();
        let untouched = receipts.iter().all(|receipt| {
            let stored = self.messages.get_generation(receipt.slot, receipt.generation);
            stored.is_some_and(|stored| {
                stored.place == Place::InFlight && stored.receives == receipt.receive && !stored.changed
            })
        });
        if !untouched {
            return Vec::new();
        }
        let timeout = timeout.unwrap_or(self.attributes.visibility_timeout.as_micros() as i64);
        let mut repeated = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            if timeout == 0 {
                self.show(receipt.slot, End::Back);
            } else {
                self.hide_until(receipt.slot, self.now.saturating_add(timeout));
            }
            repeated.extend(self.received(receipt.slot));
        }
        repeated
    }
}
