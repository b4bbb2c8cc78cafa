//! Queues: made, changed, counted, emptied, deleted.

use event_runtime::embedded::rules;
use event_runtime::embedded::{Capacity, QueueCounts, QueueError, QueueSettings, RedriveAllowPolicy};
use rusqlite::{OptionalExtension as _, params};

use crate::limits::COOL_DOWN;

use super::schema::{self, DELAYED, IN_FLIGHT};
use super::session::{Facts, Fault, Open, Session};
use super::tick::CLOCK_TOLERANCE;
use super::{ARN_PREFIX, arn};

/// What identifies a queue to those who have a handle on it.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) fifo: bool,
}

impl From<&Facts> for Identity {
    fn from(facts: &Facts) -> Self {
        Self { id: facts.id, name: facts.name.clone(), fifo: facts.fifo }
    }
}

impl Session<'_> {
    /// The id of the queue of this name.
    pub(super) fn queue_id(&self, name: &str) -> Result<Option<i64>, Fault> {
        Ok(self
            .statement("SELECT id FROM queue WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?)
    }

    pub(crate) fn find_queue(&mut self, name: &str) -> Result<Identity, Fault> {
        let id = self.queue_id(name)?.ok_or_else(rules::does_not_exist)?;
        self.with(id, |_, open| Ok(Identity::from(&*open.facts)))
    }

    pub(crate) fn queue_names(&mut self, prefix: &str) -> Result<Vec<String>, Fault> {
        let mut statement = self.statement("SELECT name FROM queue WHERE name >= ?1 ORDER BY name")?;
        let names: Vec<String> =
            statement.query_map([prefix], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter(|name| name.starts_with(prefix)).collect())
    }

    pub(crate) fn create_queue(
        &mut self,
        name: &str,
        settings: &QueueSettings,
        capacity: Capacity,
    ) -> Result<Identity, Fault> {
        let fifo = rules::is_fifo(settings);
        rules::queue_name(name, fifo)?;
        if let Some(id) = self.queue_id(name)? {
            return self.with(id, |_, open| {
                rules::same_attributes(settings, &open.facts.attributes)?;
                Ok(Identity::from(&*open.facts))
            });
        }
        self.check_redrive(name, fifo, settings)?;
        let attributes = rules::new_attributes(settings.clone())?;
        let cool_down = COOL_DOWN.as_micros() as i64;
        // One from the future is from before the clock was set back.
        self.execute(
            "DELETE FROM deleted_queue WHERE deleted_at <= ?1 OR deleted_at > ?2",
            [self.now - cool_down, self.now + CLOCK_TOLERANCE],
        )?;
        if self.statement("SELECT 1 FROM deleted_queue WHERE name = ?1")?.exists([name])? {
            return Err(rules::deleted_recently().into());
        }
        let capacity = rules::capacity(settings).unwrap_or(capacity);
        let [messages, bytes, in_flight, ids] =
            rules::capacity_parts(capacity).map(|most| i64::try_from(most).unwrap_or(i64::MAX));
        let pairs = pairs_text(&attributes)?;
        self.execute(
            "INSERT INTO queue (name, fifo, attributes, max_messages, max_bytes, max_in_flight, \
             max_deduplication_ids, created_at, modified_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
            params![name, fifo, pairs, messages, bytes, in_flight, ids, self.now],
        )?;
        let id = self.last_id();
        let full =
            || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL), None);
        let (first, _) = schema::sequences(id).ok_or_else(full)?;
        self.execute(
            "INSERT INTO tally (queue, touched_at, has_lines, next_sequence) VALUES (?1, ?2, ?3, ?4)",
            params![id, self.now, fifo, first],
        )?;
        Ok(Identity { id, name: name.to_owned(), fifo })
    }

    /// Creates a queue, or gives the one of this name these settings and the defaults for the rest.
    pub(crate) fn declare_queue(
        &mut self,
        name: &str,
        settings: &QueueSettings,
        capacity: Capacity,
    ) -> Result<Identity, Fault> {
        let Some(id) = self.queue_id(name)? else { return self.create_queue(name, settings, capacity) };
        rules::queue_name(name, rules::is_fifo(settings))?;
        let mut attributes = rules::new_attributes(settings.clone())?;
        self.with(id, |session, open| {
            let present = &open.facts.attributes;
            // What a configuration can't say stays.
            attributes.redrive_allow = present.redrive_allow.clone();
            attributes.inert = present.inert.clone();
            // Set in a second step, when every queue is there.
            attributes.redrive = present.redrive.clone();
            if attributes != *present {
                let delay_differs = attributes.delay != present.delay;
                session.store_attributes(open, &attributes, delay_differs)?;
            }
            let capacity = rules::capacity(settings).unwrap_or(capacity);
            session.store_capacity(open, capacity)?;
            Ok(Identity::from(&*open.facts))
        })
    }

    pub(crate) fn set_attributes(&mut self, queue: i64, settings: &QueueSettings) -> Result<(), Fault> {
        let (name, fifo) = self.with(queue, |_, open| Ok((open.facts.name.clone(), open.facts.fifo)))?;
        self.check_redrive(&name, fifo, settings)?;
        self.with(queue, |session, open| {
            let mut attributes = open.facts.attributes.clone();
            rules::change_attributes(settings.clone(), &mut attributes)?;
            let delay_differs = attributes.delay != open.facts.attributes.delay;
            session.store_attributes(open, &attributes, delay_differs)
        })
    }

    fn store_attributes(
        &mut self,
        open: &mut Open,
        attributes: &event_runtime::embedded::QueueAttributes,
        delay_differs: bool,
    ) -> Result<(), Fault> {
        self.execute(
            "UPDATE queue SET attributes = ?2, modified_at = ?3 WHERE id = ?1",
            params![open.facts.id, pairs_text(attributes)?, self.now],
        )?;
        if open.facts.fifo && delay_differs {
            // How FIFO queues behave; a standard queue's delayed messages keep theirs.
            self.execute(
                "UPDATE message SET due = sent_at + ?3 WHERE queue = ?1 AND state = ?2",
                params![open.facts.id, DELAYED, attributes.delay.as_micros() as i64],
            )?;
        }
        self.wake(open.facts.id);
        self.reload(open)
    }

    fn store_capacity(&mut self, open: &mut Open, capacity: Capacity) -> Result<(), Fault> {
        let [messages, bytes, in_flight, ids] =
            rules::capacity_parts(capacity).map(|most| i64::try_from(most).unwrap_or(i64::MAX));
        let facts = &open.facts;
        let present = (facts.max_messages, facts.max_bytes, facts.max_in_flight, facts.max_deduplication_ids);
        if present == (messages, bytes, in_flight, ids) {
            return Ok(());
        }
        self.execute(
            "UPDATE queue SET max_messages = ?2, max_bytes = ?3, max_in_flight = ?4, max_deduplication_ids = ?5 \
             WHERE id = ?1",
            params![open.facts.id, messages, bytes, in_flight, ids],
        )?;
        self.wake(open.facts.id);
        self.reload(open)
    }

    fn check_redrive(&mut self, name: &str, fifo: bool, settings: &QueueSettings) -> Result<(), Fault> {
        rules::check_redrive(name, fifo, settings, ARN_PREFIX, |target| {
            let Some(id) = self.queue_id(target)? else { return Ok::<_, Fault>(None) };
            let read = |open: &mut Open| (open.facts.fifo, open.facts.attributes.redrive_allow.clone());
            let found: (bool, RedriveAllowPolicy) = self.with(id, |_, open| Ok(read(open)))?;
            Ok(Some(found))
        })
    }

    pub(crate) fn delete_queue(&mut self, name: &str) -> Result<(), Fault> {
        let id = self.queue_id(name)?.ok_or_else(rules::does_not_exist)?;
        self.clear(id)?;
        self.execute("DELETE FROM tally WHERE queue = ?1", [id])?;
        self.execute("DELETE FROM queue WHERE id = ?1", [id])?;
        self.execute(
            "INSERT OR REPLACE INTO deleted_queue (name, deleted_at) VALUES (?1, ?2)",
            params![name, self.now],
        )?;
        self.forget(id);
        Ok(())
    }

    pub(crate) fn purge(&mut self, queue: i64) -> Result<(), Fault> {
        self.with(queue, |session, open| {
            let cool_down = COOL_DOWN.as_micros() as i64;
            if open.facts.purged_at.is_some_and(|purged_at| session.now < purged_at + cool_down) {
                return Err(rules::purge_in_progress(&open.facts.name).into());
            }
            session.clear(queue)?;
            open.lines.clear();
            (open.tally.messages, open.tally.bytes, open.tally.deduplication_ids) = (0, 0, 0);
            session.execute("UPDATE queue SET purged_at = ?2 WHERE id = ?1", [queue, session.now])?;
            session.wake(queue);
            session.reload(open)
        })
    }

    fn clear(&self, queue: i64) -> Result<(), Fault> {
        self.execute(
            "DELETE FROM payload WHERE id IN (SELECT payload FROM message WHERE queue = ?1)",
            [queue],
        )?;
        self.execute("DELETE FROM message WHERE queue = ?1", [queue])?;
        self.execute("DELETE FROM line WHERE queue = ?1", [queue])?;
        self.execute("DELETE FROM deduplication WHERE queue = ?1", [queue])?;
        self.execute("DELETE FROM attempt WHERE queue = ?1", [queue])?;
        Ok(())
    }

    pub(crate) fn counts(&mut self, queue: i64) -> Result<QueueCounts, Fault> {
        self.drive_moves()?;
        self.with(queue, |session, open| session.count(open))
    }

    pub(super) fn count(&self, open: &Open) -> Result<QueueCounts, Fault> {
        let in_state = |state: i64| -> Result<i64, Fault> {
            Ok(self
                .statement("SELECT count(*) FROM message WHERE queue = ?1 AND state = ?2")?
                .query_row([open.facts.id, state], |row| row.get(0))?)
        };
        let (in_flight, delayed) = (in_state(IN_FLIGHT)?, in_state(DELAYED)?);
        let number = |count: i64| usize::try_from(count).unwrap_or_default();
        let visible = open.tally.messages - in_flight - delayed;
        Ok(rules::counts(number(visible), number(in_flight), number(delayed), number(open.tally.bytes)))
    }

    pub(crate) fn attribute_pairs(&mut self, queue: i64) -> Result<Vec<(String, String)>, Fault> {
        let counts = self.counts(queue)?;
        self.with(queue, |_, open| {
            let seconds = |microseconds: i64| (microseconds / 1_000_000).to_string();
            let more = [
                ("ApproximateNumberOfMessages", counts.visible.to_string()),
                ("ApproximateNumberOfMessagesNotVisible", counts.in_flight.to_string()),
                ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
                ("CreatedTimestamp", seconds(open.facts.created_at)),
                ("LastModifiedTimestamp", seconds(open.facts.modified_at)),
                ("QueueArn", arn(&open.facts.name)),
            ];
            let mut pairs = rules::attribute_pairs(&open.facts.attributes, ARN_PREFIX);
            pairs.extend(more.map(|(name, value)| (name.to_owned(), value)));
            Ok(pairs)
        })
    }

    /// The queue that the redrive policy names, where there is one.
    pub(crate) fn dead_letter_queue(&mut self, queue: i64) -> Result<Option<Identity>, Fault> {
        let policy = self.with(queue, |_, open| Ok(open.facts.attributes.redrive.clone()))?;
        let Some(policy) = policy else { return Ok(None) };
        match self.queue_id(policy.dead_letter_queue())? {
            Some(_) => self.find_queue(policy.dead_letter_queue()).map(Some),
            None => Ok(None),
        }
    }

    /// The names of the queues whose redrive policy names this one, sorted.
    pub(crate) fn dead_letter_sources(&mut self, name: &str) -> Result<Vec<String>, Fault> {
        let mut sources = Vec::new();
        for candidate in self.queue_names("")? {
            let Some(id) = self.queue_id(&candidate)? else { continue };
            let names_it =
                self.with(id, |_, open| Ok(rules::names_as_target(&open.facts.attributes.redrive, name)))?;
            if names_it {
                sources.push(candidate);
            }
        }
        Ok(sources)
    }
}

fn pairs_text(attributes: &event_runtime::embedded::QueueAttributes) -> Result<String, QueueError> {
    let pairs = rules::attribute_pairs(attributes, ARN_PREFIX);
    serde_json::to_string(&pairs)
        .map_err(|error| QueueError::invalid_parameter("attributes", "Attributes", &error.to_string()))
}
