//! What a receipt can do: delete its message, change how long it is hidden, hand it back.

use std::time::Duration;

use event_runtime::embedded::{Deletion, QueueError, Receipt, rules};

use rusqlite::OptionalExtension as _;

use super::messages::Stored;
use super::schema::{DELAYED, IN_FLIGHT, READY};
use super::session::{Fault, Open, Session};

/// What becomes of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// It is done with.
    Delete,
    /// Its holder keeps it: at most 12 hours from its receive on.
    Keep(Duration),
    /// Its holder gives it back after a failed attempt.
    Release(Duration),
    /// Its holder gives it back untried: the receive is not counted, and the receipt ends.
    HandBack(Duration),
}

/// What a receipt's message is to its holder.
enum Holding {
    /// Received with this receipt and hidden, or visible again since its lease is over.
    Held(Stored),
    /// Received again, by somebody else.
    ReceivedAgain,
    /// Deleted, expired, purged, or in another queue.
    Gone,
}

/// Before everything that a clock can show, so that it is the first in the order.
const FRONT: i64 = i64::MIN;

const GONE: &str = "Message does not exist or is not available for visibility timeout change.";
const EXPIRED: &str = "The receipt handle has expired.";

/// The receipt of a receive.
pub(super) fn receipt(open: &Open, sequence: i64, receives: u32) -> Receipt {
    // Queue ids begin at 1 and are never used again; 32 bits of them last.
    Receipt::from_numbers(sequence.unsigned_abs(), (open.facts.id.unsigned_abs() << 32) | u64::from(receives))
}

/// Queue, sequence and receive of a receipt.
pub(super) fn place(receipt: Receipt) -> (i64, i64, u32) {
    let (sequence, rest) = receipt.to_numbers();
    ((rest >> 32) as i64, i64::try_from(sequence).unwrap_or(-1), rest as u32)
}

impl Session<'_> {
    /// Settles receipts in their order, each with its own result.
    pub(crate) fn settle(
        &mut self,
        queue: i64,
        actions: &[(Receipt, Action)],
    ) -> Result<Vec<Result<Deletion, QueueError>>, Fault> {
        self.with(queue, |session, open| {
            let mut results = Vec::with_capacity(actions.len());
            for (receipt, action) in actions {
                results.push(match session.settle_one(open, *receipt, *action) {
                    Ok(deletion) => Ok(deletion),
                    Err(Fault::Refused(error)) => Err(error),
                    Err(fault) => return Err(fault),
                });
            }
            Ok(results)
        })
    }

    fn settle_one(&mut self, open: &mut Open, receipt: Receipt, action: Action) -> Result<Deletion, Fault> {
        if matches!(action, Action::Delete) && self.delete_held(open, receipt)? {
            return Ok(Deletion::Removed);
        }
        let holding = self.holding(open, receipt)?;
        let fifo = open.facts.fifo;
        match (holding, action) {
            (Holding::Held(stored), _) if fifo && stored.state == READY => {
                Err(rules::lease_lost(receipt, EXPIRED).into())
            }
            (Holding::ReceivedAgain, _) if fifo => Err(rules::lease_lost(receipt, EXPIRED).into()),
            (Holding::Gone, Action::Delete) => Ok(Deletion::AlreadyGone),
            (Holding::ReceivedAgain, Action::Delete) => Ok(Deletion::ReceivedAgain),
            (Holding::Gone | Holding::ReceivedAgain, _) => Err(rules::lease_lost(receipt, GONE).into()),
            (Holding::Held(stored), Action::Delete) => {
                self.remove_stored(open, &stored)?;
                self.execute("DELETE FROM payload WHERE id = ?1", [stored.payload])?;
                Ok(Deletion::Removed)
            }
            (Holding::Held(stored), Action::Keep(timeout)) => {
                // Whole seconds, as the service counts: a change to the maximum right after the receive is allowed.
                let held = ((self.now - stored.received_at) / 1_000_000).unsigned_abs();
                rules::total_visibility(Duration::from_secs(held), timeout)?;
                self.hide_or_show(open, &stored, timeout, self.now)
            }
            (Holding::Held(stored), Action::Release(after)) => {
                self.hide_or_show(open, &stored, after, self.now)
            }
            (Holding::Held(stored), Action::HandBack(after)) => {
                self.execute(
                    "UPDATE message SET receive_count = max(receive_count - 1, 0), receives = ?3 \
                     WHERE queue = ?1 AND sequence = ?2",
                    [open.facts.id, stored.sequence, i64::from(stored.receives.wrapping_add(1))],
                )?;
                self.hide_or_show(open, &stored, after, FRONT)
            }
        }
    }

    /// Deletes a message that its holder may delete, which is what nearly every settlement is; `false`, and nothing is
    /// changed, where there is more to it.
    fn delete_held(&mut self, open: &mut Open, receipt: Receipt) -> Result<bool, Fault> {
        let (queue, sequence, receive) = place(receipt);
        let deleted = self
            .statement(
                "DELETE FROM message WHERE queue = ?1 AND sequence = ?2 AND receives = ?3 AND state = 1 \
                 AND ?1 = ?4 RETURNING payload, size, line",
            )?
            .query_row([queue, sequence, i64::from(receive), open.facts.id], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
            })
            .optional()?;
        let Some((payload, size, line)) = deleted else { return Ok(false) };
        self.execute("DELETE FROM payload WHERE id = ?1", [payload])?;
        self.left(open, size, line, IN_FLIGHT)?;
        Ok(true)
    }

    /// Hides a message for `timeout`, or shows it at the place `at` in the order where that is no time.
    fn hide_or_show(
        &mut self,
        open: &mut Open,
        stored: &Stored,
        timeout: Duration,
        at: i64,
    ) -> Result<Deletion, Fault> {
        let (state, due) = match timeout.as_micros() as i64 {
            0 => (READY, at),
            timeout => (IN_FLIGHT, self.now.saturating_add(timeout)),
        };
        self.set_state(open, stored, state, due)?;
        Ok(Deletion::Removed)
    }

    fn holding(&self, open: &Open, receipt: Receipt) -> Result<Holding, Fault> {
        let (queue, sequence, receive) = place(receipt);
        if queue != open.facts.id {
            return Err(rules::invalid_handle(receipt).into());
        }
        Ok(match self.find(open, sequence)? {
            None => Holding::Gone,
            Some(stored) if stored.receives != receive => Holding::ReceivedAgain,
            Some(stored) if stored.state == DELAYED => Holding::Gone,
            Some(stored) => Holding::Held(stored),
        })
    }
}
