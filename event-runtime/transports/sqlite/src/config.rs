//! Queue files from configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use event_runtime::Clock;
use event_runtime::config::{Config, ConfigError};
use event_runtime::embedded::{
    Capacity, EmbeddedConfig, EmbeddedQueueConfig, QueueSettings, RedrivePolicy, rules,
};
use serde::{Deserialize, Serialize};

use crate::broker::{SqliteBroker, SqliteBrokerBuilder};

/// What a confirmed request survives: SQLite's `synchronous` for a file with a write-ahead log.
///
/// A killed process loses nothing with any of them, and no setting lets a message be half there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Synchronous {
    /// What is confirmed is in the operating system's hands, which may write it in any order: after a power failure
    /// the file may be corrupt. For data that can be made again.
    Off,
    /// After a power failure the file is whole, and the last confirmed requests may be missing, those since the log was
    /// last copied into the file.
    Normal,
    /// What is confirmed is on the disk: it survives a power failure. Each transaction waits for the disk, so that it
    /// pays to send and settle many messages at once.
    #[default]
    Full,
}

impl Synchronous {
    /// The value of the pragma.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
        }
    }
}

/// The `sqlite` section: a file and the queues in it.
///
/// At each start the queues are created or brought to what the configuration says; queues that it no longer names stay
/// as they are.
///
/// ```
/// use event_transport_sqlite::{SqliteConfig, Synchronous};
///
/// let config: SqliteConfig = serde_json::from_str(r#"{
///     "path": "data/queues.db",
///     "synchronous": "normal",
///     "queues": [
///         { "name": "payments-dead.fifo", "fifo": true },
///         { "name": "payments.fifo", "fifo": true, "visibility_timeout_seconds": 60,
///           "redrive": { "dead_letter_queue": "payments-dead.fifo", "max_receive_count": 10 } }
///     ]
/// }"#)?;
/// assert_eq!(config.synchronous, Synchronous::Normal);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SqliteConfig {
    /// The file; created where it does not exist, in a folder that does.
    pub path: PathBuf,
    /// `off`, `normal` or `full`; `full` where absent.
    #[serde(default)]
    pub synchronous: Synchronous,
    /// The queues, in any order.
    #[serde(default)]
    pub queues: Vec<EmbeddedQueueConfig>,
    /// The most messages in one queue; 1,000,000 where absent.
    pub max_messages: Option<usize>,
    /// The most bytes in one queue; 268,435,456 where absent.
    pub max_bytes: Option<usize>,
    /// The most bytes of the file, its log aside; unlimited where absent.
    pub max_file_bytes: Option<u64>,
    /// How often receives that wait look for what other processes wrote, 1 to 60,000; 20 where absent.
    pub poll_interval_milliseconds: Option<u64>,
}

impl SqliteConfig {
    /// Opens the file of a section that reads as a [`SqliteConfig`] and makes its queues. It blocks for a few
    /// milliseconds.
    ///
    /// # Errors
    /// Every mistake of the section by its path; a file that can't be used is a mistake of `path`.
    pub fn open(section: &Config, clock: Clock) -> Result<SqliteBroker, ConfigError> {
        let config: Self = section.read()?;
        config.check(section)?;
        let opened = config.builder().clock(clock).open();
        let broker = opened.map_err(|error| section.invalid("path", error.to_string()))?;
        config.make(section, &broker)?;
        Ok(broker)
    }

    /// The queues of an `embedded` section, to be kept in this file.
    pub fn from_embedded(path: impl Into<PathBuf>, embedded: EmbeddedConfig) -> Self {
        let EmbeddedConfig { queues, max_messages, max_bytes, .. } = embedded;
        Self { path: path.into(), queues, max_messages, max_bytes, ..Self::default() }
    }

    /// A broker over the file with these settings, on the system's clock; it has not made the queues.
    pub fn builder(&self) -> SqliteBrokerBuilder {
        let builder =
            SqliteBroker::builder(&self.path).synchronous(self.synchronous).capacity(self.capacity());
        let builder = match self.max_file_bytes {
            Some(bytes) => builder.max_file_bytes(bytes),
            None => builder,
        };
        match self.poll_interval_milliseconds {
            Some(milliseconds) => builder.poll_interval(Duration::from_millis(milliseconds)),
            None => builder,
        }
    }

    /// Makes the queues, or brings those that are there to what is said of them; what they hold stays. It blocks for a
    /// few milliseconds.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), and what the queues that are there do not allow, each by its path in `section`.
    pub fn declare(&self, section: &Config, broker: &SqliteBroker) -> Result<(), ConfigError> {
        self.check(section)?;
        self.make(section, broker)
    }

    /// Whether it holds no mistake that can be seen without the file.
    ///
    /// # Errors
    /// Every mistake by its path in `section`, which is what this was read from.
    pub fn check(&self, section: &Config) -> Result<(), ConfigError> {
        self.problems(section).into_iter().reduce(ConfigError::and).map_or(Ok(()), Err)
    }

    fn capacity(&self) -> Capacity {
        let mut capacity = Capacity::default();
        if let Some(messages) = self.max_messages {
            capacity = capacity.messages(messages);
        }
        if let Some(bytes) = self.max_bytes {
            capacity = capacity.bytes(bytes);
        }
        capacity
    }

    fn problems(&self, section: &Config) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        if self.path.as_os_str().is_empty() {
            problems.push(section.invalid("path", "empty: name a file"));
        }
        if self.poll_interval_milliseconds.is_some_and(|value| !(1..=60_000).contains(&value)) {
            let text = "out of range: give it a value from 1 to 60000";
            problems.push(section.invalid("poll_interval_milliseconds", text));
        }
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, queue) in self.queues.iter().enumerate() {
            let place = format!("queues[{index}]");
            if let Some(first) = places.insert(&queue.name, index) {
                let text = format!("`{}` is declared in queues[{first}] already", queue.name);
                problems.push(section.invalid(&format!("{place}.name"), text));
            }
            let own = rules::queue_problems(queue, &place);
            problems.extend(own.iter().map(|problem| section.invalid(problem.place(), problem.text())));
            if let Some(redrive) = &queue.redrive {
                let names = || self.queues.iter().map(|queue| queue.name.as_str());
                let target = &redrive.dead_letter_queue;
                if !names().any(|name| name == target) {
                    let text =
                        format!("no queue `{target}` is declared{}", rules::suggestion(target, names()));
                    problems.push(section.invalid(&format!("{place}.redrive.dead_letter_queue"), text));
                }
            }
        }
        problems
    }

    fn make(&self, section: &Config, broker: &SqliteBroker) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        let mut declared = Vec::new();
        for (index, queue) in self.queues.iter().enumerate() {
            match broker.declare_blocking(&queue.name, rules::queue_settings(queue)) {
                Ok(handle) => declared.push((index, queue, handle)),
                Err(error) => {
                    problems.push(section.invalid(&format!("queues[{index}].name"), error.to_string()));
                }
            }
        }
        // Once all queues are there: a policy may name one that is declared later.
        for (index, queue, handle) in declared.iter().filter(|_| problems.is_empty()) {
            let settings = match &queue.redrive {
                Some(redrive) => QueueSettings::new()
                    .redrive(RedrivePolicy::new(&*redrive.dead_letter_queue, redrive.max_receive_count)),
                None => QueueSettings::new().without_redrive(),
            };
            if let Err(error) = handle.set_attributes_blocking(settings) {
                return Err(section.invalid(&format!("queues[{index}].redrive"), error.to_string()));
            }
        }
        problems.into_iter().reduce(ConfigError::and).map_or(Ok(()), Err)
    }
}
