//! One transaction: what jobs read and change, and whom to wake when it is committed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use event_runtime::embedded::{MessageId, QueueAttributes, QueueError, QueueSettings, rules};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Params, params};

use super::cache::{Cache, Known};
use super::schema::sequences;
use super::writer::Ids;

/// Why a job did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The request itself is wrong; the job has changed nothing.
    Refused(QueueError),
    /// The file failed; the transaction is rolled back.
    Storage(rusqlite::Error),
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error)
    }
}

/// What is known of a queue until somebody changes its setup.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) fifo: bool,
    pub(crate) attributes: QueueAttributes,
    pub(crate) max_messages: i64,
    pub(crate) max_bytes: i64,
    pub(crate) max_in_flight: i64,
    pub(crate) max_deduplication_ids: i64,
    pub(crate) created_at: i64,
    pub(crate) modified_at: i64,
    pub(crate) purged_at: Option<i64>,
}

/// The numbers of a queue that every transaction on it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) revision: i64,
    /// About when something of the queue was given a time last.
    pub(crate) touched_at: i64,
    pub(crate) next_sequence: i64,
    pub(crate) next_turn: i64,
    pub(crate) messages: i64,
    pub(crate) bytes: i64,
    pub(crate) deduplication_ids: i64,
    pub(crate) has_lines: bool,
}

/// A queue in the hands of a job.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) facts: Arc<Facts>,
    pub(crate) tally: Tally,
    stored: Tally,
    /// Before then nothing becomes visible or too old by itself.
    pub(super) quiet_until: i64,
    /// Lines whose turn has to be looked at before the job ends.
    pub(crate) lines: BTreeSet<i64>,
}

/// How old `tally.touched_at` may be, in microseconds, so that not every receive has to write it.
const TOUCH_INTERVAL: i64 = 500_000;

impl Open {
    /// The sequences that the queue's messages have, both ends inclusive.
    pub(super) fn sequences(&self) -> (i64, i64) {
        sequences(self.facts.id).unwrap_or((i64::MAX, i64::MAX))
    }

    /// Takes note that something of the queue is due at `due`.
    pub(super) fn expect(&mut self, now: i64, due: i64) {
        self.quiet_until = self.quiet_until.min(due);
        if now - self.tally.touched_at > TOUCH_INTERVAL {
            self.tally.touched_at = now;
        }
    }
}

/// A transaction under way.
pub(crate) struct Session<'a> {
    connection: &'a Connection,
    pub(super) cache: &'a mut Cache,
    ids: &'a Ids,
    /// The time of the whole transaction: microseconds since the Unix epoch.
    pub(crate) now: i64,
    open: HashMap<i64, Open>,
    /// Queues in which something became possible for those who wait.
    woken: BTreeSet<i64>,
    /// Move tasks that found their destination full.
    pub(super) stuck_moves: BTreeSet<i64>,
}

impl<'a> Session<'a> {
    pub(super) fn new(connection: &'a Connection, cache: &'a mut Cache, ids: &'a Ids, now: i64) -> Self {
        let (woken, stuck_moves) = (BTreeSet::new(), BTreeSet::new());
        Self { connection, cache, ids, now, open: HashMap::new(), woken, stuck_moves }
    }

    pub(crate) fn statement(&self, sql: &str) -> rusqlite::Result<CachedStatement<'a>> {
        self.connection.prepare_cached(sql)
    }

    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.statement(sql)?.execute(params)
    }

    /// The row id of the last insert.
    pub(crate) fn last_id(&self) -> i64 {
        self.connection.last_insert_rowid()
    }

    pub(super) fn new_message_id(&self) -> MessageId {
        self.ids.next()
    }

    pub(crate) fn wake(&mut self, queue: i64) {
        self.woken.insert(queue);
    }

    /// Works on a queue, brought to the present.
    ///
    /// # Errors
    /// `QueueDoesNotExist`, or what `work` fails with.
    pub(crate) fn with<R>(
        &mut self,
        queue: i64,
        work: impl FnOnce(&mut Self, &mut Open) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let mut open = match self.open.remove(&queue) {
            Some(open) => open,
            None => {
                let mut open = self.load(queue)?.ok_or_else(rules::does_not_exist)?;
                self.follow_clock(&mut open)?;
                if open.quiet_until <= self.now {
                    self.tick(&mut open)?;
                }
                open
            }
        };
        let result = work(self, &mut open);
        let settled = self.settle_lines(&mut open);
        self.open.insert(queue, open);
        let result = result?;
        settled.map(|()| result)
    }

    /// Forgets a queue that is deleted.
    pub(crate) fn forget(&mut self, queue: i64) {
        self.open.remove(&queue);
        self.cache.forget(queue);
        self.woken.insert(queue);
    }

    /// Writes what was counted and tells whom to wake after the commit.
    pub(super) fn finish(self) -> rusqlite::Result<BTreeSet<i64>> {
        for (queue, Open { tally, stored, quiet_until, .. }) in &self.open {
            self.cache.know(*queue, *tally, *quiet_until);
            if tally == stored {
                continue;
            }
            self.execute(
                "UPDATE tally SET revision = ?2, next_sequence = ?3, next_turn = ?4, messages = ?5, bytes = ?6, \
                 deduplication_ids = ?7, has_lines = ?8, touched_at = ?9 WHERE queue = ?1",
                params![
                    queue,
                    tally.revision,
                    tally.next_sequence,
                    tally.next_turn,
                    tally.messages,
                    tally.bytes,
                    tally.deduplication_ids,
                    tally.has_lines,
                    tally.touched_at
                ],
            )?;
        }
        Ok(self.woken)
    }

    fn load(&mut self, queue: i64) -> Result<Option<Open>, Fault> {
        if let Some(Known { tally, quiet_until, facts }) = self.cache.known(queue) {
            return Ok(Some(Open { facts, tally, stored: tally, quiet_until, lines: BTreeSet::new() }));
        }
        let tally = self
            .statement(
                "SELECT revision, next_sequence, next_turn, messages, bytes, deduplication_ids, has_lines, \
                 touched_at FROM tally WHERE queue = ?1",
            )?
            .query_row([queue], |row| {
                Ok(Tally {
                    revision: row.get(0)?,
                    next_sequence: row.get(1)?,
                    next_turn: row.get(2)?,
                    messages: row.get(3)?,
                    bytes: row.get(4)?,
                    deduplication_ids: row.get(5)?,
                    has_lines: row.get(6)?,
                    touched_at: row.get(7)?,
                })
            })
            .optional()?;
        let Some(tally) = tally else { return Ok(None) };
        let facts = match self.cache.facts(queue, tally.revision) {
            Some(facts) => facts,
            None => {
                let facts = Arc::new(self.read_facts(queue)?);
                self.cache.keep_facts(tally.revision, &facts);
                facts
            }
        };
        // Somebody else may have changed anything.
        let quiet_until = i64::MIN;
        Ok(Some(Open { facts, tally, stored: tally, quiet_until, lines: BTreeSet::new() }))
    }

    /// Reads the setup of a queue again, which the job has just changed.
    pub(crate) fn reload(&mut self, open: &mut Open) -> Result<(), Fault> {
        open.tally.revision += 1;
        open.facts = Arc::new(self.read_facts(open.facts.id)?);
        open.quiet_until = i64::MIN;
        self.cache.keep_facts(open.tally.revision, &open.facts);
        Ok(())
    }

    fn read_facts(&self, queue: i64) -> Result<Facts, Fault> {
        let mut statement = self.statement(
            "SELECT name, fifo, attributes, max_messages, max_bytes, max_in_flight, max_deduplication_ids, created_at, \
             modified_at, purged_at FROM queue WHERE id = ?1",
        )?;
        let mut rows = statement.query([queue])?;
        let row = rows.next()?.ok_or_else(rules::does_not_exist)?;
        let pairs: Vec<(String, String)> =
            serde_json::from_str(row.get_ref(2)?.as_str().unwrap_or_default()).unwrap_or_default();
        let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Ok(Facts {
            id: queue,
            name: row.get(0)?,
            fifo: row.get(1)?,
            attributes: rules::new_attributes(QueueSettings::from_pairs(pairs)?)?,
            max_messages: row.get(3)?,
            max_bytes: row.get(4)?,
            max_in_flight: row.get(5)?,
            max_deduplication_ids: row.get(6)?,
            created_at: row.get(7)?,
            modified_at: row.get(8)?,
            purged_at: row.get(9)?,
        })
    }
}
