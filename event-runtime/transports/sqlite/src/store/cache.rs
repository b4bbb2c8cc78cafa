//! What the thread knows of the file from its own transactions, for as long as no other process has written.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::session::{Facts, Tally};

/// A queue as the last transaction left it.
pub(super) struct Known {
    pub(super) tally: Tally,
    pub(super) quiet_until: i64,
    pub(super) facts: Arc<Facts>,
}

/// What needs no look at the file. Every transaction begins with [`Cache::refresh`].
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// What `PRAGMA data_version` said: it changes when another connection commits.
    version: Option<i64>,
    /// By queue, with the revision that they are of; they outlast what others write.
    facts: HashMap<i64, (i64, Arc<Facts>)>,
    queues: HashMap<i64, (Tally, i64)>,
    /// No move task runs.
    pub(super) no_moves: bool,
}

impl Cache {
    /// Forgets what another process may have changed. Asked inside a transaction that writes.
    pub(super) fn refresh(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if self.version.replace(version) != Some(version) {
            self.queues.clear();
            self.no_moves = false;
        }
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn forget(&mut self, queue: i64) {
        self.facts.remove(&queue);
        self.queues.remove(&queue);
    }

    pub(super) fn facts(&self, queue: i64, revision: i64) -> Option<Arc<Facts>> {
        self.facts.get(&queue).filter(|(of, _)| *of == revision).map(|(_, facts)| Arc::clone(facts))
    }

    pub(super) fn keep_facts(&mut self, revision: i64, facts: &Arc<Facts>) {
        self.facts.insert(facts.id, (revision, Arc::clone(facts)));
    }

    pub(super) fn known(&self, queue: i64) -> Option<Known> {
        let (tally, quiet_until) = *self.queues.get(&queue)?;
        Some(Known { tally, quiet_until, facts: self.facts(queue, tally.revision)? })
    }

    pub(super) fn know(&mut self, queue: i64, tally: Tally, quiet_until: i64) {
        self.queues.insert(queue, (tally, quiet_until));
    }
}
