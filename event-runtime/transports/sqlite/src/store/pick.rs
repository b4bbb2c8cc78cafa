//! Which messages a receive gets, and the redrive of those that were received too often.

use std::sync::Arc;

use bytes::Bytes;
use event_runtime::embedded::rules::{self, Handout, Wanted};
use event_runtime::embedded::{MessageId, ReceivedMessage};
use rusqlite::{Row, params};

use crate::limits::CLEAN_UP_STEP;

use super::messages::{self, Arriving, Stored, TOGETHER, damaged, id_bytes, read_id, stored_columns};
use super::pack;
use super::schema::{IN_FLIGHT, READY};
use super::session::{Fault, Open, Session};

/// What a receive saw.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) received: Vec<ReceivedMessage>,
    /// How long a receive waits that does not say it.
    pub(crate) own_wait: std::time::Duration,
    /// Too many messages are in flight.
    pub(crate) over_limit: bool,
    /// When something becomes visible by itself, in microseconds; nothing is looked up where messages were received.
    pub(crate) next_event: i64,
}

/// A message with its payload, as a receive finds it.
pub(super) struct Candidate {
    pub(super) stored: Stored,
    id: MessageId,
    body: Bytes,
    attributes: Vec<event_runtime::embedded::MessageAttribute>,
    group: Option<String>,
    deduplication_id: Option<String>,
    trace_header: Option<String>,
}

/// A query for [`Candidate::read`].
macro_rules! candidates {
    ($from:literal) => {
        concat!(
            "SELECT ",
            stored_columns!(),
            ", p.message_id, p.body, p.attributes, p.group_name, p.deduplication_id, p.trace_header ",
            $from
        )
    };
}

const READY_BY_DUE: &str = candidates!(
    "FROM message m INDEXED BY message_by_due CROSS JOIN payload p ON p.id = m.payload \
     WHERE m.queue = ?1 AND m.state = 0 ORDER BY m.due, m.sequence LIMIT ?2"
);
const LINE_IN_ORDER: &str = candidates!(
    "FROM message m INDEXED BY message_by_line CROSS JOIN payload p ON p.id = m.payload \
     WHERE m.line = ?1 ORDER BY m.sequence LIMIT ?2"
);
const READY_IN_LINE: &str = candidates!(
    "FROM message m INDEXED BY message_by_line CROSS JOIN payload p ON p.id = m.payload \
     WHERE m.line = ?1 AND m.state = 0 ORDER BY m.sequence LIMIT ?2"
);
const ONE: &str = candidates!(
    "FROM message m CROSS JOIN payload p ON p.id = m.payload WHERE m.queue = ?1 AND m.sequence = ?2"
);

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        const AT: usize = Stored::COLUMNS;
        let bytes = |column: usize| {
            row.get_ref(column)?.as_bytes_or_null().map_err(|_| damaged(column, "this is no blob"))
        };
        let attributes = match bytes(AT + 2)? {
            None => Vec::new(),
            Some(packed) => {
                pack::unpack_attributes(packed).ok_or_else(|| damaged(AT + 2, "these are no attributes"))?
            }
        };
        Ok(Self {
            stored: Stored::read(row)?,
            id: read_id(row, AT)?,
            body: Bytes::copy_from_slice(bytes(AT + 1)?.unwrap_or_default()),
            attributes,
            group: row.get(AT + 3)?,
            deduplication_id: row.get(AT + 4)?,
            trace_header: row.get(AT + 5)?,
        })
    }

    /// The message as its consumer sees it, with what a receive has changed.
    fn into_message(
        self,
        open: &Open,
        receive_count: u32,
        receives: u32,
        first_received_at: i64,
    ) -> ReceivedMessage {
        let stored = self.stored;
        Handout {
            id: self.id,
            body: self.body,
            attributes: self.attributes,
            group: self.group.map(Into::into),
            deduplication_id: self.deduplication_id.map(Into::into),
            trace_header: self.trace_header.map(Into::into),
            size: usize::try_from(stored.size).unwrap_or_default(),
            receipt: super::settle::receipt(open, stored.sequence, receives),
            receive_count,
            sent_at: stored.sent_at,
            first_received_at,
            sequence_number: open.facts.fifo.then(|| rules::sequence_number(stored.sequence.unsigned_abs())),
            dead_letter_source: stored.dead_letter_source.map(|name| Arc::from(super::arn(&name))),
        }
        .into()
    }
}

enum Picked {
    Received,
    Departed,
    Gone,
}

/// Hides what was received, one statement for up to ten of them.
pub(super) const LEASE: &str = "UPDATE message SET state = 1, due = ?12, received_at = ?13, \
     first_received_at = CASE receive_count WHEN 0 THEN ?13 ELSE first_received_at END, \
     receive_count = receive_count + 1, receives = (receives + 1) & 4294967295, changed = 0 \
     WHERE +queue = ?1 AND sequence IN (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// The state of one receive.
struct Pick {
    max: usize,
    timeout: i64,
    received: Vec<ReceivedMessage>,
    /// The sequences of `received`.
    sequences: Vec<i64>,
    /// How many of them are hidden.
    leased: usize,
    /// How many messages were found too old.
    gone: usize,
}

impl Pick {
    fn missing(&self) -> usize {
        self.max - self.received.len()
    }

    /// Whether this receive has removed enough: the next one goes on.
    fn is_cut(&self) -> bool {
        self.gone >= CLEAN_UP_STEP
    }
}

impl Session<'_> {
    /// Takes what can be received now.
    pub(crate) fn receive(&mut self, queue: i64, wanted: &Wanted) -> Result<View, Fault> {
        self.drive_moves()?;
        self.with(queue, |session, open| {
            let own_wait = open.facts.attributes.receive_wait;
            let timeout = wanted.visibility_timeout.unwrap_or(open.facts.attributes.visibility_timeout);
            let timeout = timeout.as_micros() as i64;
            let attempt = wanted.attempt_id.as_deref().filter(|_| open.facts.fifo);
            if let Some(id) = attempt {
                let received = session.repeat_attempt(open, id, timeout)?;
                if !received.is_empty() {
                    return Ok(View { received, own_wait, over_limit: false, next_event: i64::MAX });
                }
            }
            let room = session.room_in_flight(open)?;
            let max = wanted.max.min(room);
            let (received, sequences) = (Vec::with_capacity(max), Vec::with_capacity(max));
            let mut pick = Pick { max, timeout, received, sequences, leased: 0, gone: 0 };
            if open.tally.messages > 0 {
                if open.tally.has_lines {
                    session.pick_by_lines(open, &mut pick)?;
                } else {
                    session.pick_plain(open, &mut pick)?;
                }
            }
            session.show_again(open, &pick)?;
            let cut = pick.is_cut() || open.quiet_until <= session.now;
            let received = pick.received;
            if let Some(id) = attempt.filter(|_| !received.is_empty()) {
                session.remember_attempt(open, id, &received)?;
            }
            let mut next_event = session.next_move()?;
            if received.is_empty() {
                let more = if cut { session.now } else { session.next_event(open)? };
                next_event = next_event.min(more);
            }
            Ok(View { over_limit: received.is_empty() && room == 0, received, own_wait, next_event })
        })
    }

    /// How many more messages can be in flight; counted only where the limit can matter.
    fn room_in_flight(&self, open: &Open) -> Result<usize, Fault> {
        let most = open.facts.max_in_flight;
        let in_flight = if open.tally.messages < most { 0 } else { self.count_in_flight(open)? };
        Ok(usize::try_from(most - in_flight).unwrap_or_default())
    }

    fn pick_plain(&mut self, open: &mut Open, pick: &mut Pick) -> Result<(), Fault> {
        // What is too old or moves away makes another look worthwhile.
        while pick.missing() > 0 && !pick.is_cut() {
            let candidates = self.candidates(READY_BY_DUE, [open.facts.id, pick.missing() as i64])?;
            let exhausted = candidates.len() < pick.missing();
            for candidate in candidates {
                self.hand_out(open, candidate, pick)?;
            }
            self.lease(open, pick)?;
            if exhausted {
                break;
            }
        }
        Ok(())
    }

    /// Hides what was received and is not yet hidden.
    fn lease(&mut self, open: &mut Open, pick: &mut Pick) -> Result<(), Fault> {
        let until = self.now.saturating_add(pick.timeout);
        let due = pick.sequences.get(pick.leased..).unwrap_or_default();
        for some in due.chunks(TOGETHER) {
            let mut parameters = [0; TOGETHER + 3];
            let (places, times) = parameters.split_at_mut(TOGETHER + 1);
            places.copy_from_slice(&messages::parameters(open.facts.id, some.iter().copied()));
            times.copy_from_slice(&[until, self.now]);
            self.execute(LEASE, parameters)?;
            open.expect(self.now, until);
        }
        pick.leased = pick.sequences.len();
        Ok(())
    }

    fn pick_by_lines(&mut self, open: &mut Open, pick: &mut Pick) -> Result<(), Fault> {
        while pick.missing() > 0 && !pick.is_cut() {
            self.settle_lines(open)?;
            let Some((line, others)) = self.next_turn(open)? else { break };
            if open.facts.fifo {
                self.pick_in_order(open, line, pick)?;
            } else {
                self.pick_from_tenant(open, line, others, pick)?;
            }
        }
        Ok(())
    }

    /// From the first message of a line on, as far as nothing is hidden.
    fn pick_in_order(&mut self, open: &mut Open, line: i64, pick: &mut Pick) -> Result<(), Fault> {
        for candidate in self.candidates(LINE_IN_ORDER, [line, pick.missing() as i64])? {
            if candidate.stored.state != READY {
                break;
            }
            if let Picked::Departed = self.hand_out(open, candidate, pick)? {
                break;
            }
        }
        self.lease(open, pick)
    }

    /// One message, or as many as wanted where no other tenant waits.
    fn pick_from_tenant(
        &mut self,
        open: &mut Open,
        line: i64,
        others: bool,
        pick: &mut Pick,
    ) -> Result<(), Fault> {
        let most = if others { 1 } else { pick.missing() };
        for candidate in self.candidates(READY_IN_LINE, [line, most as i64])? {
            self.hand_out(open, candidate, pick)?;
        }
        self.lease(open, pick)
    }

    fn candidates(&self, sql: &str, params: [i64; 2]) -> Result<Vec<Candidate>, Fault> {
        let mut statement = self.statement(sql)?;
        let rows = statement.query_map(params, Candidate::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn hand_out(&mut self, open: &mut Open, candidate: Candidate, pick: &mut Pick) -> Result<Picked, Fault> {
        let stored = &candidate.stored;
        let retention = open.facts.attributes.retention.as_micros() as i64;
        if stored.sent_at.saturating_add(retention) <= self.now {
            self.remove(open, stored)?;
            pick.gone += 1;
            return Ok(Picked::Gone);
        }
        if self.moves_away(open, &candidate)? {
            return Ok(Picked::Departed);
        }
        let (receive_count, receives) = (stored.receive_count + 1, stored.receives.wrapping_add(1));
        let first_received_at = if receive_count == 1 { self.now } else { stored.first_received_at };
        self.count_in_line(open, stored.line, stored.state, IN_FLIGHT)?;
        pick.sequences.push(stored.sequence);
        pick.received.push(candidate.into_message(open, receive_count, receives, first_received_at));
        Ok(Picked::Received)
    }

    /// A message received with a timeout of zero is visible again, but not twice in one answer.
    fn show_again(&mut self, open: &mut Open, pick: &Pick) -> Result<(), Fault> {
        if pick.timeout > 0 {
            return Ok(());
        }
        for sequence in &pick.sequences {
            if let Some(stored) = self.find(open, *sequence)? {
                self.execute(
                    "UPDATE message SET state = ?3 WHERE queue = ?1 AND sequence = ?2",
                    [open.facts.id, *sequence, READY],
                )?;
                self.count_in_line(open, stored.line, IN_FLIGHT, READY)?;
            }
        }
        Ok(())
    }

    /// Moves a message to the dead-letter queue if it was received too often and there is one. Where that is full,
    /// the message stays hidden for another visibility timeout: the queue fills up in turn and holds its senders back.
    fn moves_away(&mut self, open: &mut Open, candidate: &Candidate) -> Result<bool, Fault> {
        let facts = Arc::clone(&open.facts);
        let Some(policy) = &facts.attributes.redrive else { return Ok(false) };
        let stored = &candidate.stored;
        if stored.receive_count < policy.max_receive_count() {
            return Ok(false);
        }
        let Some(target) = self.queue_id(policy.dead_letter_queue())?.filter(|target| *target != facts.id)
        else {
            return Ok(false);
        };
        // A FIFO dead letter is known by its message id from now on, so that two messages which happened to share a
        // deduplication id are both kept, and starts anew; a standard one keeps its age, as the service documents.
        let id = candidate.id;
        let deduplication_id = facts.fifo.then(|| id.to_string());
        let sent_at = if facts.fifo { self.now } else { stored.sent_at };
        let departure = Departure {
            stored,
            group: candidate.group.as_deref(),
            id,
            deduplication_id: deduplication_id.as_deref().or(candidate.deduplication_id.as_deref()),
            sent_at,
            dead_letter_source: Some(&facts.name),
        };
        if !self.transfer(open, target, &departure)? {
            let timeout = (facts.attributes.visibility_timeout.as_micros() as i64).max(1_000_000);
            self.set_state(open, stored, IN_FLIGHT, self.now.saturating_add(timeout))?;
        }
        Ok(true)
    }

    /// The next message that a move task moves.
    pub(super) fn next_departure(&mut self, open: &mut Open) -> Result<Option<Candidate>, Fault> {
        let (sql, key) = if open.tally.has_lines {
            match self.next_turn(open)? {
                Some((line, _)) => (READY_IN_LINE, line),
                None => return Ok(None),
            }
        } else {
            (READY_BY_DUE, open.facts.id)
        };
        Ok(self.candidates(sql, [key, 1])?.pop())
    }

    /// A departing message under a new id, with a new age.
    pub(super) fn move_as_new(
        &mut self,
        open: &mut Open,
        target: i64,
        candidate: &Candidate,
        id: MessageId,
    ) -> Result<bool, Fault> {
        let departure = Departure {
            stored: &candidate.stored,
            group: candidate.group.as_deref(),
            id,
            deduplication_id: candidate.deduplication_id.as_deref(),
            sent_at: self.now,
            dead_letter_source: None,
        };
        self.transfer(open, target, &departure)
    }

    /// Puts a message into another queue, in this transaction; `false` where that one is full.
    fn transfer(&mut self, open: &mut Open, target: i64, departure: &Departure<'_>) -> Result<bool, Fault> {
        let stored = departure.stored;
        let arrived = self.with(target, |session, target| {
            if !Self::has_room(target, stored.size) {
                return Ok(false);
            }
            let arriving = Arriving {
                payload: stored.payload,
                size: stored.size,
                group: departure.group,
                delay: 0,
                sent_at: departure.sent_at,
                dead_letter_source: departure.dead_letter_source,
            };
            session.insert(target, &arriving).map(|_| true)
        })?;
        if arrived {
            self.execute(
                "UPDATE payload SET message_id = ?2, deduplication_id = ?3 WHERE id = ?1",
                params![stored.payload, id_bytes(departure.id), departure.deduplication_id],
            )?;
            self.remove_stored(open, stored)?;
        }
        Ok(arrived)
    }

    /// The messages of an earlier receive with this attempt id, hidden anew, if none of them was touched since.
    fn repeat_attempt(
        &mut self,
        open: &mut Open,
        id: &str,
        timeout: i64,
    ) -> Result<Vec<ReceivedMessage>, Fault> {
        self.execute("DELETE FROM attempt WHERE queue = ?1 AND until <= ?2", [open.facts.id, self.now])?;
        let mut statement = self.statement("SELECT receipts FROM attempt WHERE queue = ?1 AND id = ?2")?;
        let packed: Vec<Vec<u8>> =
            statement.query_map(params![open.facts.id, id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let receives = packed.first().map(|packed| pack::unpack_receives(packed)).unwrap_or_default();
        let mut candidates = Vec::with_capacity(receives.len());
        for (sequence, receive) in receives {
            let found = self.candidates(ONE, [open.facts.id, sequence])?.pop();
            let untouched = found.filter(|candidate| {
                let stored = &candidate.stored;
                stored.state == IN_FLIGHT && stored.receives == receive && !stored.changed
            });
            match untouched {
                Some(candidate) => candidates.push(candidate),
                None => return Ok(Vec::new()),
            }
        }
        let mut repeated = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let (state, stored) = (if timeout == 0 { READY } else { IN_FLIGHT }, &candidate.stored);
            self.execute(
                "UPDATE message SET state = ?3, due = ?4 WHERE queue = ?1 AND sequence = ?2",
                [open.facts.id, stored.sequence, state, self.now.saturating_add(timeout)],
            )?;
            open.expect(self.now, self.now.saturating_add(timeout));
            self.count_in_line(open, stored.line, IN_FLIGHT, state)?;
            let (count, receives, first) = (stored.receive_count, stored.receives, stored.first_received_at);
            repeated.push(candidate.into_message(open, count, receives, first));
        }
        Ok(repeated)
    }

    fn remember_attempt(&mut self, open: &Open, id: &str, received: &[ReceivedMessage]) -> Result<(), Fault> {
        let receives = received.iter().map(|message| super::settle::place(message.receipt()));
        let receives: Vec<(i64, u32)> = receives.map(|(_, sequence, receive)| (sequence, receive)).collect();
        let until = self.now + crate::limits::ATTEMPT_INTERVAL.as_micros() as i64;
        self.execute(
            "INSERT OR REPLACE INTO attempt (queue, id, receipts, until) VALUES (?1, ?2, ?3, ?4)",
            params![open.facts.id, id, pack::receives(&receives), until],
        )?;
        Ok(())
    }
}

struct Departure<'a> {
    stored: &'a Stored,
    group: Option<&'a str>,
    id: MessageId,
    deduplication_id: Option<&'a str>,
    sent_at: i64,
    dead_letter_source: Option<&'a str>,
}
