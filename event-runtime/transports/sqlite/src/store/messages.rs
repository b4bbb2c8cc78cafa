//! Rows of messages: in, out, and from one state to another.

use event_runtime::embedded::{MessageId, rules};
use rusqlite::types::Type;
use rusqlite::{OptionalExtension as _, Row, params};

use crate::limits::MAX_MESSAGE_BYTES;

use super::schema::{DELAYED, IN_FLIGHT, READY};
use super::session::{Fault, Open, Session};

/// How many rows one statement works on at most: what a receive or a batch has.
pub(super) const TOGETHER: usize = 10;

/// A list for [`TOGETHER`] values, the first of which is the second parameter. A condition beside it needs a `+`: else
/// SQLite may look for it by an index, and read the whole queue.
macro_rules! from_second {
    () => {
        "(?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    };
}

/// `first`, and up to [`TOGETHER`] values; the last one fills the places that are left.
pub(super) fn parameters(first: i64, values: impl IntoIterator<Item = i64>) -> [i64; TOGETHER + 1] {
    let (mut parameters, mut values) = ([first; TOGETHER + 1], values.into_iter());
    let mut last = -1;
    for place in parameters.iter_mut().skip(1) {
        last = values.next().unwrap_or(last);
        *place = last;
    }
    parameters
}

/// What a queue decides by about one message.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) sequence: i64,
    pub(super) payload: i64,
    pub(super) size: i64,
    pub(super) state: i64,
    pub(super) line: Option<i64>,
    pub(super) sent_at: i64,
    pub(super) first_received_at: i64,
    pub(super) received_at: i64,
    pub(super) receive_count: u32,
    pub(super) receives: u32,
    pub(super) changed: bool,
    pub(super) dead_letter_source: Option<String>,
}

/// The columns that [`Stored::read`] reads, in its order; the table is called `m`.
macro_rules! stored_columns {
    () => {
        "m.sequence, m.payload, m.size, m.state, m.line, m.sent_at, m.first_received_at, m.received_at, \
         m.receive_count, m.receives, m.changed, m.dead_letter_source"
    };
}
pub(super) use stored_columns;

const FIND_ALL: &str = concat!(
    "SELECT ",
    stored_columns!(),
    " FROM message m WHERE +m.queue = ?1 AND m.sequence IN ",
    from_second!()
);
const REMOVE_MESSAGES: &str =
    concat!("DELETE FROM message WHERE +queue = ?1 AND sequence IN ", from_second!());
const REMOVE_PAYLOADS: &str =
    "DELETE FROM payload WHERE id IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

impl Stored {
    /// How many columns it has.
    pub(super) const COLUMNS: usize = 12;

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            sequence: row.get(0)?,
            payload: row.get(1)?,
            size: row.get(2)?,
            state: row.get(3)?,
            line: row.get(4)?,
            sent_at: row.get(5)?,
            first_received_at: row.get(6)?,
            received_at: row.get(7)?,
            receive_count: row.get(8)?,
            receives: row.get(9)?,
            changed: row.get(10)?,
            dead_letter_source: row.get(11)?,
        })
    }
}

/// A message on its way into a queue; its payload is stored already.
pub(super) struct Arriving<'a> {
    pub(super) payload: i64,
    pub(super) size: i64,
    pub(super) group: Option<&'a str>,
    /// Microseconds.
    pub(super) delay: i64,
    pub(super) sent_at: i64,
    pub(super) dead_letter_source: Option<&'a str>,
}

impl Session<'_> {
    /// Whether the queue takes so many bytes more. An empty queue takes a message of any size.
    pub(super) fn has_room(open: &Open, size: i64) -> bool {
        let (facts, tally) = (&open.facts, &open.tally);
        tally.messages == 0
            || (tally.messages < facts.max_messages && tally.bytes.saturating_add(size) <= facts.max_bytes)
    }

    /// Takes a message in and returns its place in the order.
    pub(super) fn insert(&mut self, open: &mut Open, arriving: &Arriving<'_>) -> Result<i64, Fault> {
        let line = self.enter_line(open, arriving.group)?;
        let sequence = open.tally.next_sequence;
        let state = if arriving.delay > 0 { DELAYED } else { READY };
        self.statement(
            "INSERT INTO message (queue, sequence, payload, size, state, due, line, sent_at, dead_letter_source) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            open.facts.id,
            sequence,
            arriving.payload,
            arriving.size,
            state,
            self.now.saturating_add(arriving.delay),
            line,
            arriving.sent_at,
            arriving.dead_letter_source
        ])?;
        let retention = open.facts.attributes.retention.as_micros() as i64;
        open.expect(self.now, arriving.sent_at.saturating_add(retention));
        if state == DELAYED {
            open.expect(self.now, self.now.saturating_add(arriving.delay));
        }
        open.tally.next_sequence += 1;
        open.tally.messages += 1;
        open.tally.bytes += arriving.size;
        open.lines.extend(line);
        // A delayed one too: whoever waits may have to wait less long.
        self.wake(open.facts.id);
        Ok(sequence)
    }

    pub(super) fn find(&self, open: &Open, sequence: i64) -> Result<Option<Stored>, Fault> {
        const FIND: &str =
            concat!("SELECT ", stored_columns!(), " FROM message m WHERE m.queue = ?1 AND m.sequence = ?2");
        Ok(self.statement(FIND)?.query_row([open.facts.id, sequence], Stored::read).optional()?)
    }

    /// [`Session::find`] for up to [`TOGETHER`] messages, in no order.
    pub(super) fn find_all(
        &self,
        open: &Open,
        sequences: impl IntoIterator<Item = i64>,
    ) -> Result<Vec<Stored>, Fault> {
        let mut statement = self.statement(FIND_ALL)?;
        let rows = statement.query_map(parameters(open.facts.id, sequences), Stored::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes a message out for good.
    pub(super) fn remove(&mut self, open: &mut Open, stored: &Stored) -> Result<(), Fault> {
        self.remove_stored(open, stored)?;
        self.execute("DELETE FROM payload WHERE id = ?1", [stored.payload])?;
        Ok(())
    }

    /// Takes messages out for good: as many as wanted, by two statements for each [`TOGETHER`].
    pub(super) fn remove_all(&mut self, open: &mut Open, stored: &[Stored]) -> Result<(), Fault> {
        for some in stored.chunks(TOGETHER) {
            if let [one] = some {
                self.remove(open, one)?;
                continue;
            }
            self.execute(REMOVE_MESSAGES, parameters(open.facts.id, some.iter().map(|one| one.sequence)))?;
            let first = some.first().map_or(-1, |one| one.payload);
            self.execute(REMOVE_PAYLOADS, parameters(first, some.iter().map(|one| one.payload)))?;
            for one in some {
                self.left(open, one.size, one.line, one.state)?;
            }
        }
        Ok(())
    }

    /// Takes a message out and leaves its payload.
    pub(super) fn remove_stored(&mut self, open: &mut Open, stored: &Stored) -> Result<(), Fault> {
        self.execute(
            "DELETE FROM message WHERE queue = ?1 AND sequence = ?2",
            [open.facts.id, stored.sequence],
        )?;
        self.left(open, stored.size, stored.line, stored.state)
    }

    /// Takes note that a message is out.
    pub(super) fn left(
        &mut self,
        open: &mut Open,
        size: i64,
        line: Option<i64>,
        state: i64,
    ) -> Result<(), Fault> {
        // Only then can somebody wait for room.
        let was_full = open.tally.messages >= open.facts.max_messages
            || open.tally.bytes.saturating_add(MAX_MESSAGE_BYTES as i64) > open.facts.max_bytes;
        open.tally.messages -= 1;
        open.tally.bytes -= size;
        self.count_in_line(open, line, state, READY)?;
        // On a FIFO queue the rest of its line may follow; elsewhere only room became free.
        if line.is_some() || was_full {
            self.wake(open.facts.id);
        }
        Ok(())
    }

    /// Hides a message until `due`, or shows it as of `due`.
    pub(super) fn set_state(
        &mut self,
        open: &mut Open,
        stored: &Stored,
        state: i64,
        due: i64,
    ) -> Result<(), Fault> {
        self.statement(
            "UPDATE message SET state = ?3, due = ?4, changed = 1 WHERE queue = ?1 AND sequence = ?2",
        )?
        .execute([open.facts.id, stored.sequence, state, due])?;
        if state != READY {
            open.expect(self.now, due);
        }
        self.count_in_line(open, stored.line, stored.state, state)?;
        self.wake(open.facts.id);
        Ok(())
    }

    /// When something of the queue becomes visible by itself; the end of time where nothing does.
    pub(super) fn next_event(&self, open: &Open) -> Result<i64, Fault> {
        let mut next = i64::MAX;
        for state in [IN_FLIGHT, DELAYED] {
            let due: Option<i64> = self
                .statement("SELECT min(due) FROM message WHERE queue = ?1 AND state = ?2")?
                .query_row([open.facts.id, state], |row| row.get(0))?;
            next = next.min(due.unwrap_or(i64::MAX));
        }
        Ok(next)
    }
}

/// A message id in a column.
pub(super) fn id_bytes(id: MessageId) -> [u8; 16] {
    id.as_u128().to_be_bytes()
}

/// The message id in a column.
pub(super) fn read_id(row: &Row<'_>, column: usize) -> rusqlite::Result<MessageId> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(rules::message_id_from(u128::from_be_bytes(bytes)))
}

/// A column holds what this crate never writes.
pub(super) fn damaged(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, what.into())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::{pick, schema};

    #[test]
    fn a_batch_is_found_by_its_places_and_not_by_reading_the_queue() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(schema::CREATE).unwrap();
        for sql in [FIND_ALL, REMOVE_MESSAGES, REMOVE_PAYLOADS, pick::LEASE] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps: Vec<String> =
                plan.raw_query().mapped(|row| row.get(3)).collect::<Result<_, _>>().unwrap();
            assert!(steps[0].contains("USING INTEGER PRIMARY KEY"), "{sql}: {steps:?}");
        }
    }
}
