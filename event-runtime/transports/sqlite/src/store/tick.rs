//! Time in a queue: what is due becomes visible, what is too old goes, and what happens where a clock was set back.

use rusqlite::params;

use crate::limits::CLEAN_UP_STEP;

use super::messages::{Stored, TOGETHER, stored_columns};
use super::schema::{DELAYED, IN_FLIGHT, READY};
use super::session::{Fault, Open, Session};

/// By how much a clock may be behind what a queue has seen before it counts as set back, in microseconds. Below that
/// the thread's time stands still until the clock has caught up.
pub(super) const CLOCK_TOLERANCE: i64 = 1_000_000;

/// The time of the next transaction, after one at `before`.
pub(super) fn present(before: i64, clock: i64) -> i64 {
    if before.saturating_sub(clock) > CLOCK_TOLERANCE { clock } else { before.max(clock) }
}

impl Session<'_> {
    /// Shows what is due and removes what is too old, at most [`CLEAN_UP_STEP`] messages: the next transaction goes on.
    pub(super) fn tick(&mut self, open: &mut Open) -> Result<(), Fault> {
        let queue = open.facts.id;
        for state in [IN_FLIGHT, DELAYED] {
            let shown = if open.tally.has_lines {
                self.show_due_in_lines(open, state)?
            } else {
                self.execute(
                    "UPDATE message SET state = ?2 WHERE queue = ?1 AND state = ?3 AND due <= ?4",
                    [queue, READY, state, self.now],
                )?
            };
            if shown > 0 {
                self.wake(queue);
            }
        }
        let next_expiry = self.remove_expired(open)?;
        open.quiet_until = next_expiry.min(self.next_event(open)?);
        self.settle_lines(open)
    }

    fn show_due_in_lines(&mut self, open: &mut Open, state: i64) -> Result<usize, Fault> {
        let due: Vec<(i64, Option<i64>)> = self
            .statement("SELECT sequence, line FROM message WHERE queue = ?1 AND state = ?2 AND due <= ?3")?
            .query_map([open.facts.id, state, self.now], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (sequence, line) in &due {
            self.execute(
                "UPDATE message SET state = ?3 WHERE queue = ?1 AND sequence = ?2",
                [open.facts.id, *sequence, READY],
            )?;
            self.count_in_line(open, *line, state, READY)?;
        }
        Ok(due.len())
    }

    /// Removes messages from the oldest on, and returns when the first of the rest is too old: the past where a step
    /// was not enough.
    fn remove_expired(&mut self, open: &mut Open) -> Result<i64, Fault> {
        const OLDEST: &str = concat!(
            "SELECT ",
            stored_columns!(),
            " FROM message m WHERE m.sequence BETWEEN ?1 AND ?2 ORDER BY m.sequence LIMIT ?3"
        );
        let retention = open.facts.attributes.retention.as_micros() as i64;
        let (first, last) = open.sequences();
        let (mut removed, mut next) = (0, i64::MAX);
        // Nearly always there is none: one is looked at first.
        let mut most = 1;
        while removed < CLEAN_UP_STEP {
            let mut oldest: Vec<Stored> = self
                .statement(OLDEST)?
                .query_map([first, last, most as i64], Stored::read)?
                .collect::<Result<_, _>>()?;
            let found = oldest.len();
            let expiry = |stored: &Stored| stored.sent_at.saturating_add(retention);
            let expired = oldest.iter().take_while(|stored| expiry(stored) <= self.now).count();
            next = oldest.get(expired).map_or(i64::MAX, expiry);
            oldest.truncate(expired);
            self.remove_all(open, &oldest)?;
            removed += expired;
            if expired > 0 {
                self.wake(open.facts.id);
            }
            if expired < found || found == 0 {
                break;
            }
            most = TOGETHER.min(CLEAN_UP_STEP - removed);
            next = i64::MIN;
        }
        Ok(next)
    }

    /// Where the clock was set back since the queue was used last, its time goes on from there: what is hidden or
    /// remembered is so for as long as it still had to be, and not until the clock has caught up. Ages stay: what was
    /// sent before is kept for longer.
    pub(super) fn follow_clock(&mut self, open: &mut Open) -> Result<(), Fault> {
        let ahead = open.tally.touched_at.saturating_sub(self.now);
        if ahead <= CLOCK_TOLERANCE {
            return Ok(());
        }
        let queue = open.facts.id;
        tracing::warn!(
            queue = open.facts.name,
            seconds = ahead / 1_000_000,
            "the clock was set back: leases and delays of the queue are moved with it"
        );
        for state in [IN_FLIGHT, DELAYED] {
            self.execute(
                "UPDATE message SET due = due - ?3, received_at = received_at - ?3, \
                 first_received_at = first_received_at - ?3 WHERE queue = ?1 AND state = ?2",
                [queue, state, ahead],
            )?;
        }
        self.execute("UPDATE deduplication SET until = until - ?2 WHERE queue = ?1", [queue, ahead])?;
        self.execute("UPDATE attempt SET until = until - ?2 WHERE queue = ?1", [queue, ahead])?;
        self.execute(
            "UPDATE move_task SET started_at = started_at - ?2 WHERE source = ?1 AND status = 0",
            params![open.facts.name, ahead],
        )?;
        open.tally.touched_at = self.now;
        if open.facts.purged_at.is_some_and(|purged_at| purged_at > self.now) {
            self.execute("UPDATE queue SET purged_at = ?2 WHERE id = ?1", [queue, self.now])?;
            self.reload(open)?;
        }
        self.wake(queue);
        open.quiet_until = i64::MIN;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_for_a_moment_and_never_for_long() {
        assert_eq!(present(i64::MIN, 5), 5);
        assert_eq!(present(10_000_000, 12_000_000), 12_000_000);
        assert_eq!(present(10_000_000, 9_500_000), 10_000_000, "a clock that is corrected a little");
        assert_eq!(present(10_000_000, 8_000_000), 8_000_000, "one that is set back");
    }
}
