//! Lines: a FIFO queue's groups and a standard queue's tenants, and whose turn it is.
//!
//! On a FIFO queue a line holds its messages in order and has a turn while its first message is ready. On a standard
//! queue it has a turn while any message of it is ready; a tenant that occupies the consumers waits until the others
//! were served. A standard queue has no lines before it takes the first message with a group.

use rusqlite::{OptionalExtension as _, params};

use event_runtime::embedded::rules::{NOISY_IN_FLIGHT, NOISY_SHARE};

use super::schema::{IN_FLIGHT, READY};
use super::session::{Fault, Open, Session};

/// More than a tenth each: at most nine lines are noisy.
const MOST_NOISY: i64 = 10;

impl Session<'_> {
    /// The line of a message with this group that enters the queue.
    pub(super) fn enter_line(&mut self, open: &mut Open, group: Option<&str>) -> Result<Option<i64>, Fault> {
        if !open.tally.has_lines {
            if group.is_none() {
                return Ok(None);
            }
            self.begin_lines(open)?;
        }
        let name = group.unwrap_or("");
        let known = self
            .statement("SELECT id FROM line WHERE queue = ?1 AND name = ?2")?
            .query_row(params![open.facts.id, name], |row| row.get(0))
            .optional()?;
        match known {
            Some(line) => Ok(Some(line)),
            None => self.make_line(open, name).map(Some),
        }
    }

    fn make_line(&self, open: &Open, name: &str) -> Result<i64, Fault> {
        self.execute("INSERT INTO line (queue, name) VALUES (?1, ?2)", params![open.facts.id, name])?;
        Ok(self.last_id())
    }

    /// The messages that a standard queue holds by now become the line of those without a group.
    fn begin_lines(&mut self, open: &mut Open) -> Result<(), Fault> {
        open.tally.has_lines = true;
        if open.tally.messages == 0 {
            return Ok(());
        }
        let line = self.make_line(open, "")?;
        self.execute("UPDATE message SET line = ?2 WHERE queue = ?1", [open.facts.id, line])?;
        self.execute(
            "UPDATE line SET in_flight = (SELECT count(*) FROM message WHERE queue = ?2 AND state = ?3) WHERE id = ?1",
            [line, open.facts.id, IN_FLIGHT],
        )?;
        open.lines.insert(line);
        Ok(())
    }

    /// Takes note that a message of this line went from one state to another.
    pub(super) fn count_in_line(
        &mut self,
        open: &mut Open,
        line: Option<i64>,
        from: i64,
        to: i64,
    ) -> Result<(), Fault> {
        let Some(line) = line else { return Ok(()) };
        open.lines.insert(line);
        let change = i64::from(to == IN_FLIGHT) - i64::from(from == IN_FLIGHT);
        if change != 0 && !open.facts.fifo {
            self.execute("UPDATE line SET in_flight = in_flight + ?2 WHERE id = ?1", [line, change])?;
        }
        Ok(())
    }

    /// Gives a turn to every line that was touched and has something to receive, takes it from the others, and
    /// forgets the empty ones.
    pub(super) fn settle_lines(&mut self, open: &mut Open) -> Result<(), Fault> {
        while let Some(line) = open.lines.pop_first() {
            match self.line_is_ready(open, line)? {
                None => {
                    self.execute("DELETE FROM line WHERE id = ?1", [line])?;
                }
                Some(true) => {
                    let given = self.execute(
                        "UPDATE line SET turn = ?2 WHERE id = ?1 AND turn IS NULL",
                        [line, open.tally.next_turn],
                    )?;
                    open.tally.next_turn += i64::from(given > 0);
                }
                Some(false) => {
                    self.execute("UPDATE line SET turn = NULL WHERE id = ?1 AND turn IS NOT NULL", [line])?;
                }
            }
        }
        Ok(())
    }

    /// Whether something of the line can be received; `None` where it is empty.
    fn line_is_ready(&self, open: &Open, line: i64) -> Result<Option<bool>, Fault> {
        if !open.facts.fifo {
            let ready = self
                .statement("SELECT 1 FROM message WHERE line = ?1 AND state = 0 LIMIT 1")?
                .exists([line])?;
            if ready {
                return Ok(Some(true));
            }
        }
        let head = self
            .statement("SELECT state FROM message WHERE line = ?1 ORDER BY sequence LIMIT 1")?
            .query_row([line], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(head.map(|state| open.facts.fifo && state == READY))
    }

    /// Takes the next turn: its line, and whether other lines wait.
    pub(super) fn next_turn(&mut self, open: &mut Open) -> Result<Option<(i64, bool)>, Fault> {
        let mut statement = self.statement(
            "SELECT id, in_flight, name FROM line WHERE queue = ?1 AND turn IS NOT NULL ORDER BY turn LIMIT ?2",
        )?;
        let lines: Vec<(i64, i64, bool)> = statement
            .query_map([open.facts.id, if open.facts.fifo { 1 } else { MOST_NOISY + 1 }], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get_ref(2)?.as_str().is_ok_and(str::is_empty)))
            })?
            .collect::<Result<_, _>>()?;
        let Some(first) = lines.first() else { return Ok(None) };
        let others = lines.len() > 1;
        let mut line = first.0;
        if others && !open.facts.fifo {
            let in_flight = self.count_in_flight(open)?;
            let is_noisy = |(_, held, ungrouped): &(i64, i64, bool)| {
                !ungrouped && *held >= i64::from(NOISY_IN_FLIGHT) && held * NOISY_SHARE as i64 > in_flight
            };
            if let Some(quiet) = lines.iter().find(|line| !is_noisy(line)) {
                line = quiet.0;
            }
        }
        // It lines up again behind the others if something of it is left.
        self.execute("UPDATE line SET turn = NULL WHERE id = ?1", [line])?;
        open.lines.insert(line);
        Ok(Some((line, others)))
    }

    pub(super) fn count_in_flight(&self, open: &Open) -> Result<i64, Fault> {
        Ok(self
            .statement("SELECT count(*) FROM message WHERE queue = ?1 AND state = ?2")?
            .query_row([open.facts.id, IN_FLIGHT], |row| row.get(0))?)
    }
}
