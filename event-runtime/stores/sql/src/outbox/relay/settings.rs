//! How a relay behaves.

use std::time::Duration;

use event_runtime::consumer::Backoff;

/// How a relay behaves; every value has a default.
///
/// ```
/// use std::time::Duration;
/// use event_store_sql::{RelaySettings, Retention};
///
/// let settings = RelaySettings {
///     retention: Retention::Keep(Duration::from_secs(86_400)),
///     ..RelaySettings::default()
/// };
/// assert_eq!(settings.batch, 100);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RelaySettings {
    /// How many rows are claimed at once; at least 1.
    pub batch: u32,
    /// How long a claim lasts before another relay may take the rows over. It is extended while a batch is being
    /// published; clocks of relays may differ by a small part of it.
    pub lease: Duration,
    /// How long an idle relay waits before it looks again; on PostgreSQL it is woken earlier.
    pub poll_interval: Duration,
    /// When a row is tried again, and how long a relay waits while nothing can be published or the database is away.
    pub backoff: Backoff,
    /// After how many failures that no repetition mends a row is set aside; at least 1.
    pub max_refusals: u32,
    /// What becomes of published rows.
    pub retention: Retention,
    /// How many kept rows are removed at once; at least 1.
    pub clean_up_batch: u32,
    /// How often kept rows are looked at.
    pub clean_up_interval: Duration,
    /// How often depth and age are measured.
    pub stats_interval: Duration,
    /// How long a stop waits for what is being published.
    pub stop_deadline: Duration,
    /// Whether settling a batch waits until the server has it on its disk. Where it does not, the next batch is claimed by the
    /// same commit, and rows that were published in the last moments before the *server* fails are published once more, under the
    /// same id: three times `wal_writer_delay` at most, 0.6 s by default
    /// ([asynchronous commit](https://www.postgresql.org/docs/current/wal-async-commit.html)). What a process that is killed has
    /// settled stays settled either way; SQLite does as its file's `synchronous` says. Claims never wait.
    pub wait_for_flush: bool,
}

impl Default for RelaySettings {
    /// Batches of 100 leased for 30 s, a look every 500 ms, retries from 250 ms to 60 s, five refusals, nothing kept, 10 s to
    /// stop, no wait for the server's disk.
    fn default() -> Self {
        Self {
            batch: 100,
            lease: Duration::from_secs(30),
            poll_interval: Duration::from_millis(500),
            backoff: Backoff { base: Duration::from_millis(250), max: Duration::from_secs(60) },
            max_refusals: 5,
            retention: Retention::Remove,
            clean_up_batch: 500,
            clean_up_interval: Duration::from_secs(10),
            stats_interval: Duration::from_secs(15),
            stop_deadline: Duration::from_secs(10),
            wait_for_flush: false,
        }
    }
}

/// What becomes of published rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// They are removed at once.
    #[default]
    Remove,
    /// They are kept for this long, to look at, and then removed in small batches.
    Keep(Duration),
}

impl RelaySettings {
    /// The delay before the next attempt after `attempts` of them.
    pub(super) fn retry_after(&self, attempts: u32) -> Duration {
        self.backoff.delay(attempts, fastrand::u64(..))
    }

    /// The pause of a relay after `failures` in a row: at least half of its ceiling, so that nothing spins.
    pub(super) fn pause(&self, failures: u32) -> Duration {
        let ceiling = self.backoff.ceiling(failures);
        ceiling / 2 + self.backoff.delay(failures, fastrand::u64(..)) / 2
    }
}
