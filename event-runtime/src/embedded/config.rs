//! Queues from configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::Clock;
use crate::nearest::suggestion;

use super::attributes::{DeduplicationScope, QueueSettings, ThroughputLimit};
use super::broker::Broker;
use super::config_error::{EmbeddedConfigError, EmbeddedConfigProblem, EmbeddedConfigProblemKind};
use super::limits;
use super::redrive::RedrivePolicy;
use super::room::Capacity;

/// The embedded queues as configuration.
///
/// ```
/// use event_runtime::Clock;
/// use event_runtime::embedded::EmbeddedConfig;
///
/// let config: EmbeddedConfig = serde_json::from_str(r#"{
///     "queues": [
///         { "name": "payments-dead.fifo", "fifo": true },
///         { "name": "payments.fifo", "fifo": true, "visibility_timeout_seconds": 60,
///           "redrive": { "dead_letter_queue": "payments-dead.fifo", "max_receive_count": 10 } }
///     ]
/// }"#)?;
/// let broker = config.broker(Clock::system())?;
/// assert_eq!(broker.queue_names("").len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EmbeddedConfig {
    /// The queues, in any order.
    #[serde(default)]
    pub queues: Vec<EmbeddedQueueConfig>,
    /// The most messages in one queue; 1,000,000 where absent.
    pub max_messages: Option<usize>,
    /// The most bytes in one queue; 268,435,456 where absent.
    pub max_bytes: Option<usize>,
}

/// One queue. What is absent has the service's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EmbeddedQueueConfig {
    /// The name; that of a FIFO queue ends in `.fifo`.
    pub name: String,
    /// Whether the queue is FIFO.
    #[serde(default)]
    pub fifo: bool,
    /// 0 to 43,200; 30 where absent.
    pub visibility_timeout_seconds: Option<u64>,
    /// 0 to 900; 0 where absent.
    pub delay_seconds: Option<u64>,
    /// 60 to 1,209,600; 345,600 where absent.
    pub message_retention_seconds: Option<u64>,
    /// 0 to 20; 0 where absent.
    pub receive_wait_time_seconds: Option<u64>,
    /// Bytes, 1,024 to 1,048,576; 1,048,576 where absent.
    pub maximum_message_size: Option<usize>,
    /// FIFO only.
    pub content_based_deduplication: Option<bool>,
    /// FIFO only: whether a deduplication id is unique in its group and not in the queue.
    pub deduplicate_per_group: Option<bool>,
    /// When a message moves to another queue.
    pub redrive: Option<EmbeddedRedriveConfig>,
}

/// A queue's redrive policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedRedriveConfig {
    /// The name of a queue of the same kind.
    pub dead_letter_queue: String,
    /// How often a message is handed out, 1 to 1,000.
    pub max_receive_count: u32,
}

impl EmbeddedConfig {
    /// A broker with the queues.
    ///
    /// # Errors
    /// [`EmbeddedConfigError`] with every problem at once.
    pub fn broker(&self, clock: Clock) -> Result<Broker, EmbeddedConfigError> {
        let mut capacity = Capacity::default();
        if let Some(messages) = self.max_messages {
            capacity = capacity.messages(messages);
        }
        if let Some(bytes) = self.max_bytes {
            capacity = capacity.bytes(bytes);
        }
        let broker = Broker::builder().clock(clock).capacity(capacity).build();
        let mut problems = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, queue) in self.queues.iter().enumerate() {
            let place = format!("queues[{index}]");
            if let Some(first) = places.insert(&queue.name, index) {
                let text = format!("`{}` is declared in queues[{first}] already", queue.name);
                problems.push(EmbeddedConfigProblem::new(
                    EmbeddedConfigProblemKind::DuplicateQueue,
                    place + ".name",
                    text,
                ));
                continue;
            }
            let own = queue.problems(&place);
            if !own.is_empty() {
                problems.extend(own);
            } else if let Err(error) = broker.create_queue(&queue.name, queue.settings()) {
                problems.push(EmbeddedConfigProblem::refused(place + ".name", &error));
            }
        }
        // Once all queues are there: a policy may name one that is declared later.
        for (index, queue) in self.queues.iter().enumerate() {
            problems.extend(self.set_redrive(&broker, index, queue));
        }
        EmbeddedConfigError::unless_empty(problems).map(|()| broker)
    }

    fn set_redrive(
        &self,
        broker: &Broker,
        index: usize,
        queue: &EmbeddedQueueConfig,
    ) -> Option<EmbeddedConfigProblem> {
        let redrive = queue.redrive.as_ref()?;
        let place = format!("queues[{index}].redrive");
        if let Some(unknown) = self.unknown_queue(&redrive.dead_letter_queue) {
            return Some(unknown.at(place + ".dead_letter_queue"));
        }
        let policy = RedrivePolicy::new(&*redrive.dead_letter_queue, redrive.max_receive_count);
        // A queue that could not be made has its problem already.
        let queue =
            broker.queue(&queue.name).ok().filter(|_| broker.queue(&redrive.dead_letter_queue).is_ok())?;
        let refused = queue.set_attributes(QueueSettings::new().redrive(policy)).err()?;
        Some(EmbeddedConfigProblem::refused(place, &refused))
    }

    fn unknown_queue(&self, name: &str) -> Option<EmbeddedConfigProblem> {
        let names = || self.queues.iter().map(|queue| queue.name.as_str());
        if names().any(|known| known == name) {
            return None;
        }
        let text = format!("no queue `{name}` is declared{}", suggestion(name, names()));
        Some(EmbeddedConfigProblem::new(EmbeddedConfigProblemKind::UnknownQueue, String::new(), text))
    }
}

impl EmbeddedQueueConfig {
    /// Values that the queue can't have, under the names that they have here.
    pub(super) fn problems(&self, place: &str) -> Vec<EmbeddedConfigProblem> {
        let whole = |duration: Duration| duration.as_secs();
        let ranges = [
            (
                "visibility_timeout_seconds",
                self.visibility_timeout_seconds,
                0,
                whole(limits::MAX_VISIBILITY_TIMEOUT),
            ),
            ("delay_seconds", self.delay_seconds, 0, whole(limits::MAX_DELAY)),
            (
                "message_retention_seconds",
                self.message_retention_seconds,
                whole(limits::MIN_RETENTION),
                whole(limits::MAX_RETENTION),
            ),
            ("receive_wait_time_seconds", self.receive_wait_time_seconds, 0, whole(limits::MAX_WAIT)),
            (
                "maximum_message_size",
                self.maximum_message_size.map(|bytes| bytes as u64),
                limits::MIN_MAXIMUM_MESSAGE_SIZE as u64,
                limits::MAX_MESSAGE_BYTES as u64,
            ),
            (
                "redrive.max_receive_count",
                self.redrive.as_ref().map(|redrive| u64::from(redrive.max_receive_count)),
                1,
                u64::from(limits::MAX_RECEIVE_COUNT),
            ),
        ];
        let out_of_range = ranges.into_iter().filter_map(|(name, value, least, most)| {
            let value = value.filter(|value| !(least..=most).contains(value))?;
            let text = format!("{value} is out of range: give it a value from {least} to {most}");
            Some((EmbeddedConfigProblemKind::OutOfRange, name, text))
        });
        let fifo_only = [
            ("content_based_deduplication", self.content_based_deduplication.is_some()),
            ("deduplicate_per_group", self.deduplicate_per_group.is_some()),
        ];
        let fifo_only = fifo_only.into_iter().filter(|(_, set)| *set && !self.fifo).map(|(name, _)| {
            let text = "only a FIFO queue has it: remove it, or set `fifo` to true".to_owned();
            (EmbeddedConfigProblemKind::FifoOnly, name, text)
        });
        let problem = |(kind, name, text)| EmbeddedConfigProblem::new(kind, format!("{place}.{name}"), text);
        out_of_range.chain(fifo_only).map(problem).collect()
    }

    /// Everything but the redrive policy.
    pub(super) fn settings(&self) -> QueueSettings {
        let mut settings = if self.fifo { QueueSettings::fifo() } else { QueueSettings::new() };
        settings.visibility_timeout = self.visibility_timeout_seconds.map(Duration::from_secs);
        settings.delay = self.delay_seconds.map(Duration::from_secs);
        settings.retention = self.message_retention_seconds.map(Duration::from_secs);
        settings.receive_wait = self.receive_wait_time_seconds.map(Duration::from_secs);
        settings.maximum_message_size = self.maximum_message_size;
        settings.content_based_deduplication = self.content_based_deduplication;
        if let Some(per_group) = self.deduplicate_per_group {
            let (scope, limit) = if per_group {
                (DeduplicationScope::MessageGroup, ThroughputLimit::PerMessageGroupId)
            } else {
                (DeduplicationScope::Queue, ThroughputLimit::PerQueue)
            };
            settings = settings.deduplication_scope(scope).throughput_limit(limit);
        }
        settings
    }
}
