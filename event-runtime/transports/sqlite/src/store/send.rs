//! Sends, with their deduplication.

use std::sync::Arc;

use event_runtime::embedded::rules::{self, Prepared};
use event_runtime::embedded::{DeduplicationScope, MessageId, QueueError, SentMessage};
use rusqlite::{OptionalExtension as _, params};

use crate::limits::{CLEAN_UP_STEP, DEDUPLICATION_INTERVAL};

use super::messages::{Arriving, id_bytes, read_id};
use super::pack;
use super::session::{Fault, Open, Session};

/// A message that was checked, with the id that it gets.
pub(crate) type Outgoing = (MessageId, Prepared);

/// What became of the messages of one send: a result for each up to the first that has no room.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) results: Vec<Result<SentMessage, QueueError>>,
    /// When there may be room again without anybody's help, microseconds since the Unix epoch; `None` where every
    /// message has its result.
    pub(crate) full_until: Option<i64>,
}

enum Admitted {
    Sent(SentMessage),
    FullUntil(i64),
}

impl Session<'_> {
    /// Takes messages in, in their order, up to the first for which there is no room.
    pub(crate) fn send(&mut self, queue: i64, messages: &[Outgoing]) -> Result<Admission, Fault> {
        self.with(queue, |session, open| {
            if open.facts.fifo {
                session.forget_duplicates(open)?;
            }
            let mut results = Vec::with_capacity(messages.len());
            for message in messages {
                match session.admit(open, message) {
                    Ok(Admitted::Sent(sent)) => results.push(Ok(sent)),
                    Ok(Admitted::FullUntil(until)) => {
                        return Ok(Admission { results, full_until: Some(until) });
                    }
                    Err(Fault::Refused(error)) => results.push(Err(error)),
                    Err(fault) => return Err(fault),
                }
            }
            Ok(Admission { results, full_until: None })
        })
    }

    fn admit(&mut self, open: &mut Open, (id, message): &Outgoing) -> Result<Admitted, Fault> {
        let (id, fifo) = (*id, open.facts.fifo);
        let facts = Arc::clone(&open.facts);
        let attributes = &facts.attributes;
        rules::message_size(message.size, attributes.maximum_message_size)?;
        let computed = match &message.deduplication_id {
            None if fifo => {
                Some(rules::content_deduplication(&message.body, attributes.content_based_deduplication)?)
            }
            _ => None,
        };
        let deduplication_id = message.deduplication_id.as_ref().or(computed.as_ref()).map(|id| &**id);
        let group = message.group.as_deref();
        let in_group = attributes.deduplication_scope == DeduplicationScope::MessageGroup;
        let scope = group.filter(|_| in_group).unwrap_or("");
        let key = deduplication_id.filter(|_| fifo).map(|id| (scope, id));
        if let Some(key) = key {
            if let Some((id, sequence)) = self.first_of(open, key)? {
                let sequence_number = Some(rules::sequence_number(sequence.unsigned_abs()));
                return Ok(Admitted::Sent(SentMessage { id, sequence_number, duplicate: true }));
            }
            let is_full = |open: &Open| open.tally.deduplication_ids >= open.facts.max_deduplication_ids;
            if is_full(open) && (self.forget_duplicates(open)? == 0 || is_full(open)) {
                return self.next_forgotten(open).map(Admitted::FullUntil);
            }
        }
        let size = message.size as i64;
        if !Self::has_room(open, size) {
            return self.next_expiry(open).map(Admitted::FullUntil);
        }
        let own_delay = message.delay.filter(|delay| !fifo || !delay.is_zero());
        let delay = own_delay.unwrap_or(attributes.delay).as_micros() as i64;
        self.statement(
            "INSERT INTO payload (message_id, body, attributes, group_name, deduplication_id, trace_header) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            id_bytes(id),
            &message.body[..],
            pack::attributes(&message.attributes),
            group,
            deduplication_id,
            message.trace_header.as_deref()
        ])?;
        let arriving = Arriving {
            payload: self.last_id(),
            size,
            group,
            delay,
            sent_at: self.now,
            dead_letter_source: None,
        };
        let sequence = self.insert(open, &arriving)?;
        if let Some(key) = key {
            self.remember(open, key, id, sequence)?;
        }
        let sequence_number = fifo.then(|| rules::sequence_number(sequence.unsigned_abs()));
        Ok(Admitted::Sent(SentMessage { id, sequence_number, duplicate: false }))
    }

    fn first_of(&self, open: &Open, (scope, id): (&str, &str)) -> Result<Option<(MessageId, i64)>, Fault> {
        Ok(self
            .statement(
                "SELECT message_id, sequence FROM deduplication WHERE queue = ?1 AND scope = ?2 AND id = ?3 \
                 AND until > ?4",
            )?
            .query_row(params![open.facts.id, scope, id, self.now], |row| Ok((read_id(row, 0)?, row.get(1)?)))
            .optional()?)
    }

    fn remember(
        &mut self,
        open: &mut Open,
        (scope, id): (&str, &str),
        message: MessageId,
        sequence: i64,
    ) -> Result<(), Fault> {
        let until = self.now + DEDUPLICATION_INTERVAL.as_micros() as i64;
        // One that is over may still be there.
        let over = self.execute(
            "DELETE FROM deduplication WHERE queue = ?1 AND scope = ?2 AND id = ?3",
            params![open.facts.id, scope, id],
        )?;
        self.statement(
            "INSERT INTO deduplication (queue, scope, id, message_id, sequence, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![open.facts.id, scope, id, id_bytes(message), sequence, until])?;
        open.tally.deduplication_ids += 1 - over as i64;
        Ok(())
    }

    /// Forgets ids that are over, at most [`CLEAN_UP_STEP`]; how many.
    fn forget_duplicates(&mut self, open: &mut Open) -> Result<usize, Fault> {
        let forgotten = self.execute(
            "DELETE FROM deduplication WHERE (queue, scope, id) IN (SELECT queue, scope, id FROM deduplication \
             WHERE queue = ?1 AND until <= ?2 LIMIT ?3)",
            [open.facts.id, self.now, CLEAN_UP_STEP as i64],
        )?;
        open.tally.deduplication_ids -= forgotten as i64;
        Ok(forgotten)
    }

    fn next_forgotten(&self, open: &Open) -> Result<i64, Fault> {
        let next: Option<i64> = self
            .statement("SELECT min(until) FROM deduplication WHERE queue = ?1")?
            .query_row([open.facts.id], |row| row.get(0))?;
        Ok(next.unwrap_or(i64::MAX))
    }

    /// When the oldest message will be too old.
    fn next_expiry(&self, open: &Open) -> Result<i64, Fault> {
        let retention = open.facts.attributes.retention.as_micros() as i64;
        let oldest: Option<i64> = self
            .statement(
                "SELECT sent_at FROM message WHERE sequence BETWEEN ?1 AND ?2 ORDER BY sequence LIMIT 1",
            )?
            .query_row(open.sequences(), |row| row.get(0))
            .optional()?;
        Ok(oldest.map_or(i64::MAX, |sent_at| sent_at.saturating_add(retention)))
    }
}
