//! What a receipt can do: delete its message, change how long it is hidden, hand it back.

use std::time::Duration;

use event_runtime::embedded::{Deletion, QueueError, Receipt, rules};

use rusqlite::OptionalExtension as _;

use super::messages::{Stored, TOGETHER};
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

impl Action {
    fn is_delete(&self) -> bool {
        matches!(self, Self::Delete)
    }
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
            let mut rest = actions;
            while let Some(((receipt, action), after)) = rest.split_first() {
                let deletions =
                    rest.iter().take(TOGETHER).take_while(|(_, action)| action.is_delete()).count();
                if deletions > 1 {
                    let (together, after) = rest.split_at(deletions);
                    session.delete_all(open, together, &mut results)?;
                    rest = after;
                } else {
                    results.push(refusal_or(session.settle_one(open, *receipt, *action))?);
                    rest = after;
                }
            }
            Ok(results)
        })
    }

    /// Deletes together what is held by these receipts, and judges the others one by one.
    fn delete_all(
        &mut self,
        open: &mut Open,
        deletions: &[(Receipt, Action)],
        results: &mut Vec<Result<Deletion, QueueError>>,
    ) -> Result<(), Fault> {
        let of_this_queue = |(receipt, _): &(Receipt, Action)| {
            let (queue, sequence, _) = place(*receipt);
            (queue == open.facts.id).then_some(sequence)
        };
        let mut found = self.find_all(open, deletions.iter().filter_map(of_this_queue))?;
        let mut held = Vec::with_capacity(found.len());
        let mut is_held = Vec::with_capacity(deletions.len());
        for (receipt, _) in deletions {
            let (queue, sequence, receive) = place(*receipt);
            let is_it = |stored: &Stored| {
                queue == open.facts.id
                    && stored.sequence == sequence
                    && stored.receives == receive
                    && stored.state == IN_FLIGHT
            };
            let at = found.iter().position(is_it);
            held.extend(at.map(|at| found.swap_remove(at)));
            is_held.push(at.is_some());
        }
        self.remove_all(open, &held)?;
        for ((receipt, action), is_held) in deletions.iter().zip(is_held) {
            results.push(match is_held {
                true => Ok(Deletion::Removed),
                false => refusal_or(self.settle_one(open, *receipt, *action))?,
            });
        }
        Ok(())
    }

    fn settle_one(&mut self, open: &mut Open, receipt: Receipt, action: Action) -> Result<Deletion, Fault> {
        if action.is_delete() && self.delete_held(open, receipt)? {
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
                self.remove(open, &stored)?;
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

/// A refusal is a result; any other fault ends the transaction.
fn refusal_or<T>(result: Result<T, Fault>) -> Result<Result<T, QueueError>, Fault> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Fault::Refused(error)) => Ok(Err(error)),
        Err(fault) => Err(fault),
    }
}
